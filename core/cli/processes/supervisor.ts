/**
 * Supervisor of `serve --processes`: starts the processes, keeps their number, orders changes, and serves nothing itself.
 *
 * @module
 */
import { type ErrorCode, type Issue, PerfmockError } from "../../errors.ts";
import { carryOut, type Member } from "../../fleet/change.ts";
import type { FleetAnswer, Replica } from "../../fleet/peers.ts";
import { memberOver } from "../../fleet/replica_calls.ts";
import { describeThrown } from "../../lib/thrown.ts";
import { pause, withinLimit } from "../../lib/time/mod.ts";
import type { Stats } from "../../observe/stats.ts";
import { segmentText } from "../../scale/segment.ts";
import type { Handover } from "../../server/handover.ts";
import type { ConfigurationOptions } from "../configuration.ts";
import type { WatchedFiles } from "../watch.ts";
import {
  BEAT,
  type FleetState,
  type Order,
  type Reloaded,
  type Report,
  type SentError,
  STALE,
} from "./messages.ts";
import {
  type ProcessEnd,
  type ProcessEvents,
  ReplicaProcess,
} from "./replica_process.ts";

/** Time from its start in which the end of a process counts as an early one, in ms. */
const EARLY = 5000;

/** Number of early ends in a row after which the supervisor gives up. */
const MOST_EARLY = 3;

/** Time within which a process answers an order, in ms: the setup of a plugin may take 10 s. */
const ORDER_LIMIT = 20_000;

/** Number of ends of processes that `health` tells of since the last reset. */
const MOST_REASONS = 10;

/** A running process, as the supervisor needs it. */
export type Running = Pick<ReplicaProcess, "kill" | "over" | "pid" | "send">;

/** Options of a supervisor. */
export interface SupervisorOptions {
  /** Number of processes. */
  readonly count: number;
  /** Options as typed. */
  readonly options: ConfigurationOptions;
  /** Port that the processes share. */
  readonly port: number;
  /** Writes a line to the log. */
  readonly log: (line: string) => void;
  /** Takes a line that a process has printed to standard output. */
  readonly print: (line: string) => void;
  /** Called when the supervisor cannot go on, with the reason. */
  readonly failed: (error: PerfmockError) => void;
  /** Starts a process. Default: a real one. */
  readonly start?: (events: ProcessEvents) => Running;
}

/** Place of a process. */
interface Slot {
  readonly segment: Replica["segment"];
  readonly name: string;
  process: Running;
  started: number;
  /** URL of its own port once it listens; undefined before. */
  own: string | undefined;
  /** Number of early ends in a row. */
  early: number;
  /** True until a process has taken the place of the first one. */
  first: boolean;
  /** Settles when it listens, or cannot. */
  ready: PromiseWithResolvers<string>;
  /** Answers that are awaited from this process, by kind and id. */
  readonly waiting: Map<string, PromiseWithResolvers<Report>>;
}

/** Result of reading the configuration again in all processes. */
export type ReloadOutcome =
  & { readonly files: WatchedFiles | undefined }
  & (
    | { readonly result: Reloaded }
    | { readonly error: string }
  );

/** The processes of one server. */
export class Supervisor implements AsyncDisposable {
  readonly #options: SupervisorOptions;
  readonly #slots: Slot[] = [];
  /** Changes, and joins of processes, are made one after another. */
  #turns: Promise<unknown> = Promise.resolve();
  #calls = 0;
  #ending = false;
  /** Ends the signs of life. */
  readonly #beating = new AbortController();
  readonly #lost = new Set<string>();
  readonly #reasons: string[] = [];
  /** Final figures of the processes that have drained. */
  readonly #ended = new Map<string, Stats>();

  constructor(options: SupervisorOptions) {
    this.#options = options;
  }

  /** Process ids by name of the replica. */
  get pids(): ReadonlyMap<string, number> {
    return new Map(
      this.#slots.map(({ name, process }) => [name, process.pid]),
    );
  }

  /**
   * Starts all processes.
   *
   * @returns URL of the shared port
   * @throws PerfmockError of the first process that cannot start; all others have ended then
   */
  async start(): Promise<string> {
    const { count } = this.#options;
    for (let index = 0; index < count; index++) {
      const segment = { index, count };
      const slot: Slot = {
        segment,
        name: segmentText(segment),
        ...this.#spawn(() => slot),
        own: undefined,
        early: 0,
        first: true,
        waiting: new Map(),
      };
      this.#slots.push(slot);
    }
    try {
      const urls = await Promise.all(
        this.#slots.map(({ ready }) => ready.promise),
      );
      this.#tell();
      this.#beat();
      return urls[0];
    } catch (error) {
      await this[Symbol.asyncDispose]();
      throw error;
    }
  }

  #spawn(slot: () => Slot): Pick<Slot, "process" | "ready" | "started"> {
    const start = this.#options.start ??
      ((events: ProcessEvents) => new ReplicaProcess(events));
    const ready = Promise.withResolvers<string>();
    // An error is told to whoever waits.
    ready.promise.catch(() => {});
    const process: Running = start({
      report: (report) => {
        if (slot().process === process) this.#take(slot(), report);
      },
      line: (text, out) =>
        out
          ? this.#options.print(text)
          : this.#options.log(`[${slot().name}] ${text}`),
      ended: (end) => {
        if (slot().process === process) this.#gone(slot(), end);
      },
    });
    return { process, ready, started: performance.now() };
  }

  /** Takes a message of a process. */
  #take(slot: Slot, report: Report): void {
    switch (report.kind) {
      case "hello":
        if (slot.first) this.#begin(slot, undefined);
        else this.#inTurn(() => this.#join(slot)).catch(() => {});
        break;
      case "listening":
        slot.own = report.own;
        slot.ready.resolve(report.url);
        break;
      case "failed":
        slot.ready.reject(errorOf(report.error));
        break;
      case "change":
        this.#change(slot, report);
        break;
      case "reset":
        this.#lost.clear();
        this.#reasons.length = 0;
        this.#tell();
        break;
      case "ended":
        this.#ended.set(slot.name, report.stats);
        break;
      case "prepared":
      case "settled":
      case "state":
        slot.waiting.get(`${report.kind} ${report.id}`)?.resolve(report);
    }
  }

  #begin(slot: Slot, handover: Handover | undefined): void {
    const { options, port } = this.#options;
    slot.process.send({
      kind: "start",
      options,
      name: slot.name,
      segment: segmentText(slot.segment),
      port,
      fleet: this.#fleet(),
      ...handover !== undefined && { handover },
    });
  }

  /** A process that takes another's place starts with the state of one that runs. Changes wait meanwhile. */
  async #join(slot: Slot): Promise<void> {
    const { process, ready } = slot;
    const model = this.#slots.find(({ own }) => own !== undefined);
    const id = this.#calls++;
    let handover: Handover | undefined;
    if (model !== undefined) {
      try {
        const report = await this.#ask(model, "state", id, {
          kind: "state",
          id,
        });
        if (report.kind === "state") handover = report.state;
      } catch (error) {
        this.#options.log(
          `Process ${slot.name} starts with the file, because process ${model.name} did not tell its state: ${
            describeThrown(error)
          }`,
        );
      }
    }
    if (slot.process !== process) return;
    this.#begin(slot, handover);
    try {
      await withinLimit(ready.promise, ORDER_LIMIT);
    } catch (error) {
      process.kill();
      throw error;
    }
    this.#tell();
  }

  /** A process has ended. */
  #gone(slot: Slot, { how, lastLine }: ProcessEnd): void {
    const wasReady = slot.own !== undefined;
    slot.own = undefined;
    for (const waiting of slot.waiting.values()) {
      waiting.reject(new Error(`process ${slot.name} ended (${how})`));
    }
    const died = new PerfmockError(
      "SERVER_NOT_STARTED",
      `Cannot serve: process ${slot.name} ended with ${how}${
        lastLine === undefined ? "" : `: ${lastLine}`
      }`,
    );
    slot.ready.reject(died);
    if (this.#ending) return;
    const early = performance.now() - slot.started < EARLY;
    // The first start reports its own error.
    if (!wasReady && slot.first) return;
    slot.first = false;
    slot.early = early ? slot.early + 1 : 0;
    this.#lost.add(slot.name);
    const sentence =
      `Process ${slot.name} (pid ${slot.process.pid}) ended with ${how} and was replaced: its figures since the last reset are lost`;
    this.#reasons.push(sentence);
    if (this.#reasons.length > MOST_REASONS) this.#reasons.shift();
    this.#options.log(sentence);
    if (slot.early >= MOST_EARLY) {
      this.#options.failed(
        new PerfmockError(
          "SERVER_NOT_STARTED",
          `Cannot go on serving: process ${slot.name} ended ${slot.early} times within ${
            EARLY / 1000
          } s of its start, the last time with ${how}${
            lastLine === undefined ? "" : `: ${lastLine}`
          }`,
        ),
      );
      return;
    }
    Object.assign(slot, this.#spawn(() => slot));
    this.#tell();
  }

  #fleet(): FleetState {
    return {
      replicas: this.#slots.map(({ name, own, segment }): Replica => ({
        name,
        segment,
        url: own,
        ...own === undefined && { error: "it is being started" },
      })),
      lost: [...this.#lost],
      reasons: [...this.#reasons],
    };
  }

  /** Tells all processes of the others. */
  #tell(): void {
    const fleet = this.#fleet();
    for (const { own, process } of this.#slots) {
      if (own !== undefined) process.send({ kind: "fleet", fleet });
    }
  }

  /** Shows the processes that it is there, until it ends. */
  async #beat(): Promise<void> {
    const { signal } = this.#beating;
    while (!signal.aborted) {
      for (const { own, process } of this.#slots) {
        if (own !== undefined) process.send({ kind: "beat" });
      }
      await pause(BEAT, signal);
    }
  }

  #inTurn<T>(operation: () => Promise<T>): Promise<T> {
    const turn = this.#turns.then(operation);
    this.#turns = turn.catch(() => {});
    return turn;
  }

  /** Carries a change out that a process was called for. */
  async #change(
    slot: Slot,
    { call, id, sent }: Extract<Report, { kind: "change" }>,
  ): Promise<void> {
    const { process } = slot;
    let answer: FleetAnswer | undefined;
    let error: SentError | undefined;
    // This process was stopped meanwhile: the caller has been told that the change is not made.
    const stale = Date.now() - sent > STALE;
    try {
      if (stale) throw new Error("The supervisor has read the change too late");
      answer = await this.#inTurn(async () => {
        const change = `${this.#calls++}`;
        const outcome = await carryOut(
          this.#running().map((each) =>
            memberOver(replicaOf(each), call, change)
          ),
          slot.name,
        );
        this.#restart(outcome.failed);
        return outcome.answer;
      });
    } catch (thrown) {
      error = {
        message: describeThrown(thrown),
        issues: [],
        text: "",
        ...thrown instanceof PerfmockError &&
          { code: thrown.code, message: thrown.message },
      };
    }
    process.send({
      kind: "answer",
      id,
      ...answer !== undefined && { answer },
      ...error !== undefined && { error },
    });
  }

  /** Replaces processes that failed after all had agreed: their state is no longer that of the others. */
  #restart(names: readonly string[]): void {
    for (const name of names) {
      this.#options.log(
        `Process ${name} did not make a change that all others made: it is replaced`,
      );
      this.#slots.find((slot) => slot.name === name)?.process.kill();
    }
  }

  #running(): Slot[] {
    return this.#slots.filter(({ own }) => own !== undefined);
  }

  /** Reads the configuration again in all processes, or in none. */
  reload(): Promise<ReloadOutcome> {
    return this.#inTurn(async () => {
      const id = `reload-${this.#calls++}`;
      const running = this.#running();
      let files: WatchedFiles | undefined;
      let result: Reloaded | undefined;
      const errors: string[] = [];
      const digests = new Set<string>();
      const refusal: FleetAnswer = { status: 400, headers: {}, body: "" };
      const members = running.map((slot): Member => ({
        name: slot.name,
        prepare: async () => {
          const report = await this.#ask(slot, "prepared", id, {
            kind: "reload",
            id,
          });
          if (report.kind !== "prepared") return refusal;
          files ??= report.files;
          if (report.digest !== undefined) digests.add(report.digest);
          // The others would wait for a decision although they read another file.
          if (report.error === undefined) return undefined;
          errors.push(report.error.text);
          return refusal;
        },
        settle: async (commit) => {
          const report = await this.#ask(slot, "settled", id, {
            kind: "settle",
            id,
            commit: commit && digests.size === 1,
          });
          if (report.kind !== "settled") return refusal;
          result ??= report.result;
          if (report.error !== undefined) throw errorOf(report.error);
          return { status: 200, headers: {}, body: "" };
        },
      }));
      try {
        const outcome = await carryOut(members, "");
        this.#restart(outcome.failed);
      } catch (error) {
        errors.push(`${describeThrown(error)}\n`);
      }
      if (digests.size > 1) {
        errors.push(
          "The file changed while the processes read it: none uses it\n",
        );
      }
      return result !== undefined && errors.length === 0
        ? { files, result }
        : { files, error: errors[0] ?? "No process runs\n" };
    });
  }

  async #ask(
    slot: Slot,
    kind: "prepared" | "settled" | "state",
    id: string | number,
    order: Order,
  ): Promise<Report> {
    const key = `${kind} ${id}`;
    const waiting = Promise.withResolvers<Report>();
    slot.waiting.set(key, waiting);
    slot.process.send(order);
    try {
      return await withinLimit(waiting.promise, ORDER_LIMIT);
    } finally {
      slot.waiting.delete(key);
    }
  }

  /**
   * Ends all processes gracefully.
   *
   * @param limit time that they have, in ms; a process that needs longer is ended at once
   * @returns final figures of those that drained, by name
   */
  async drain(limit: number): Promise<ReadonlyMap<string, Stats>> {
    this.#ending = true;
    this.#beating.abort();
    for (const { process } of this.#slots) process.send({ kind: "drain" });
    const over = Promise.all(this.#slots.map(({ process }) => process.over));
    try {
      await withinLimit(over, limit);
    } catch {
      await this[Symbol.asyncDispose]();
    }
    return this.#ended;
  }

  /** Ends all processes at once. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#ending = true;
    this.#beating.abort();
    for (const { process } of this.#slots) process.kill();
    await Promise.all(this.#slots.map(({ process }) => process.over));
  }
}

function replicaOf({ name, own, segment }: Slot): Replica {
  return { name, segment, url: own };
}

/** Makes the error of a process this one's. */
function errorOf({ code, issues, message, text }: SentError): Error {
  return code === undefined
    ? new Error(message)
    : new SupervisedError(code as ErrorCode, message, issues, text);
}

/** Error of a process, with its text for the terminal. */
export class SupervisedError extends PerfmockError {
  /** The error as the terminal shows it, with places in the file. */
  readonly text: string;

  constructor(
    code: ErrorCode,
    message: string,
    issues: readonly Issue[],
    text: string,
  ) {
    super(code, message, issues);
    this.text = text;
  }
}
