/**
 * The process that serves, as seen from Node.js: questions and answers, and its end.
 *
 * @module
 */
import type { ChildProcess } from "node:child_process";
import { PerfmockError } from "../core/errors.ts";
import { atCall, type CallSite } from "./call_site.ts";
import type {
  ControlCall,
  FromServer,
  Run,
  SentError,
  Start,
  ToServer,
} from "./messages.ts";
import { cannotRun, notStarted } from "./deno_program.ts";
import { listedError } from "./errors.ts";
import type { Spawned } from "./spawn_deno.ts";

/** Time after which a process that should have ended is killed, in ms. */
const PATIENCE = 5000;

/** Answer to {@linkcode Connection.start}. */
export type Ready = Extract<FromServer, { readonly kind: "ready" }>;

/** An unanswered question. */
interface Pending {
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: Error) => void;
  readonly site: CallSite;
}

/** A process that serves, from its start to its end. */
export class Connection {
  readonly #child: ChildProcess;
  readonly #program: string;
  readonly #pending = new Map<number, Pending>();
  readonly #ended: Promise<void>;
  #starting: Pending | undefined;
  #stopping: Promise<void> | undefined;
  #lost: string | undefined;
  #last = 0;

  /** @param spawned process that runs the module of the server */
  constructor({ child, program }: Spawned) {
    this.#child = child;
    this.#program = program;
    this.#ended = new Promise((resolve) => {
      child.once("exit", (code, signal) => {
        this.#lose(
          signal === null
            ? `its process ended with the exit status ${code}`
            : `its process was ended by ${signal}`,
        );
        resolve();
      });
      // Later ones, such as that of a kill without permission, have no other listener, and would end the program.
      child.on("error", (error) => {
        this.#fail((site) => atCall(cannotRun(this.#program, error), site));
        resolve();
      });
    });
    child.once("disconnect", () => this.#killed());
    child.on("message", (text) => this.#receive(JSON.parse(text as string)));
  }

  /** Process id of Deno. */
  get pid(): number {
    return this.#child.pid ?? 0;
  }

  /** Starts the server; rejects with the error of its configuration. */
  start(message: Omit<Start, "kind">, site: CallSite): Promise<Ready> {
    return new Promise((resolve, reject) => {
      this.#starting = {
        resolve: (value) => resolve(value as Ready),
        reject,
        site,
      };
      this.#send({ kind: "start", ...message });
    });
  }

  /**
   * Asks the server, and resolves with its answer.
   *
   * @param signal ends a run of a load script
   */
  ask(
    question: ControlCall | Run,
    site: CallSite,
    signal?: AbortSignal,
  ): Promise<unknown> {
    return new Promise((resolve, reject) => {
      if (this.#lost !== undefined) {
        reject(atCall(hasEnded(this.#lost), site));
        return;
      }
      const id = ++this.#last;
      const abort = () => this.#send({ kind: "abort", id });
      const settled = <A extends unknown[]>(act: (...args: A) => void) =>
      (
        ...args: A
      ) => {
        signal?.removeEventListener("abort", abort);
        act(...args);
      };
      this.#pending.set(id, {
        resolve: settled(resolve),
        reject: settled(reject),
        site,
      });
      this.#send({ ...question, id });
      if (signal?.aborted === true) abort();
      else signal?.addEventListener("abort", abort);
    });
  }

  /** Ends the server and its process; resolves once they have ended. */
  stop(): Promise<void> {
    return this.#stopping ??= this.#stop();
  }

  async #stop(): Promise<void> {
    if (this.#lost === undefined) {
      this.#lose("it was stopped");
      this.#send({ kind: "stop" });
    }
    await this.#killed();
  }

  /** Resolves when the process has ended, which is killed if it takes too long. */
  async #killed(): Promise<void> {
    const kill = setTimeout(() => this.#child.kill("SIGKILL"), PATIENCE);
    await this.#ended;
    clearTimeout(kill);
  }

  #receive(message: FromServer): void {
    if (message.kind === "ready") {
      this.#starting?.resolve(message);
      this.#starting = undefined;
      return;
    }
    if (message.kind === "refused") {
      const starting = this.#starting;
      this.#starting = undefined;
      if (starting !== undefined) {
        starting.reject(atCall(received(message.error), starting.site));
      }
      return;
    }
    const pending = this.#pending.get(message.id);
    this.#pending.delete(message.id);
    if (pending === undefined) return;
    if (message.kind === "answer") pending.resolve(message.value);
    else pending.reject(atCall(received(message.error), pending.site));
  }

  /** Takes the end of the server. */
  #lose(reason: string): void {
    this.#lost ??= reason;
    this.#fail((site) =>
      atCall(
        this.#starting?.site === site ? notStarted(reason) : hasEnded(reason),
        site,
      )
    );
  }

  /** Rejects all that waits for an answer. */
  #fail(errorAt: (site: CallSite) => Error): void {
    this.#lost ??= "its process could not be started";
    const waiting = [...this.#pending.values()];
    if (this.#starting !== undefined) waiting.push(this.#starting);
    for (const { reject, site } of waiting) reject(errorAt(site));
    this.#pending.clear();
    this.#starting = undefined;
  }

  #send(message: ToServer): void {
    // A process that has ended takes no message: its end is told by its own event.
    if (this.#child.connected) {
      this.#child.send(JSON.stringify(message), () => {});
    }
  }
}

function hasEnded(reason: string): PerfmockError {
  return listedError(
    "SERVER_NOT_STARTED",
    `Cannot use a server that has ended: ${reason}`,
  );
}

/** Makes the error that was sent. */
function received({ code, text, issues }: SentError): Error {
  return code === undefined
    ? new Error(text)
    : new PerfmockError(code, text, issues);
}
