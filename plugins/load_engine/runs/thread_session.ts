/**
 * What happens on a load thread: one run, from its script to its result.
 *
 * @module
 */
import {
  PerfmockError,
  PreciseClock,
  readPollingSlice,
  threadHost,
} from "../../../core/load.ts";
import { LoadRun, spareConnections } from "../executors/mod.ts";
import type { Progress, TickTimes } from "../figures/mod.ts";
import { type ClientEnvironment, connectTo } from "../http/mod.ts";
import { parseScript } from "../script/mod.ts";
import type { FromThread, ThreadOrder, ToThread } from "./messages.ts";

/** Sends a message to the server's thread. */
export type Post = (message: FromThread, transfer?: Transferable[]) => void;

/** One run on this thread. */
export class ThreadSession {
  readonly #post: Post;
  readonly #clock = new PreciseClock({ slice: readPollingSlice() });
  #environment: ClientEnvironment | undefined;
  #run: LoadRun | undefined;

  /** @param post how the server's thread is told */
  constructor(post: Post) {
    this.#post = post;
  }

  /** Takes a message; settles once it has done what it says. Never rejects. */
  async receive(message: ToThread): Promise<void> {
    try {
      switch (message.kind) {
        case "prepare":
          return await this.#prepare(message.order);
        case "start":
          return this.#run?.start();
        case "stop":
          return this.#run?.stop(message.why);
        case "cut":
          return this.#run?.cut(message.why);
        case "summarize":
          return this.#summarize();
        case "close":
          return await this.#close();
      }
    } catch (error) {
      this.#post({ kind: "failed", reason: inWords(error) });
    }
  }

  async #prepare(
    { input, script, folder, destination }: ThreadOrder,
  ): Promise<void> {
    const { kit, stream, suggest } = await threadHost(input);
    const plan = await parseScript(script, { kit, stream, suggest, folder });
    await this.#clock.start();
    this.#environment = connectTo(destination, this.#clock);
    this.#run = new LoadRun(plan, this.#environment, {
      tick: (progress, times) => this.#tick(progress, times()),
      ended: (result) => this.#post({ kind: "ended", result }),
    });
    await this.#environment.connectAhead(spareConnections(plan));
    this.#post({ kind: "ready" });
  }

  #tick(progress: Progress, times: Record<string, TickTimes>): void {
    const buffers = Object.values(times).flatMap((of) =>
      [of.responseTime, of.serviceTime, of.startLag].map(({ buffer }) => buffer)
    );
    this.#post(
      { kind: "tick", progress, times },
      buffers.filter((buffer) => buffer instanceof ArrayBuffer),
    );
  }

  #summarize(): void {
    if (this.#run === undefined) return;
    this.#post({ kind: "summary", summary: this.#run.summary });
  }

  async #close(): Promise<void> {
    this.#environment?.[Symbol.dispose]();
    await this.#clock[Symbol.asyncDispose]();
    this.#post({ kind: "closed" });
  }
}

/** An error with all its faults, which only here can be told in one line. */
function inWords(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const issues = error instanceof PerfmockError ? error.issues : [];
  return [
    error.message,
    ...issues.map(({ path, message }) => `${path} ${message}`),
  ].join("; ");
}
