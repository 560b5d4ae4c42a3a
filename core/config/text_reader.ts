/**
 * Reads texts that come while the server answers on a thread of its own, with limits of time and memory, so that no text keeps
 * the server from answering.
 *
 * @module
 */
import { Worker } from "node:worker_threads";
import { PerfmockError } from "../errors.ts";
import { TimeLimitError, withinLimit } from "../lib/time/mod.ts";
import { Assembly } from "./_pieces.ts";
import type { Syntax } from "./_parse_text.ts";
import type { Filling } from "./_placeholders.ts";
import type { PlaceholderNotes, Position, SyntaxIssue } from "./_syntax.ts";
import {
  READY,
  TASK,
  type TextAnswer,
  type TextQuestion,
} from "./_text_questions.ts";

/** Limits of a {@linkcode TextReader}. */
export interface TextReaderLimits {
  /** Longest time that a text may take, in ms. */
  readonly time: number;
  /** Size of the thread's heap, in MiB. */
  readonly memory: number;
  /** Greatest number of texts that wait for their turn. */
  readonly waiting: number;
  /** True if the limits of values that come over HTTP hold, see depth.ts. */
  readonly limited: boolean;
}

/** Limits of texts that come over HTTP. */
export const TEXT_READER_LIMITS: TextReaderLimits = {
  time: 10_000,
  memory: 256,
  waiting: 16,
  limited: true,
};

/** Time in which the first thread must begin to run, in ms. Each further one has twice the time: the machine may be slow. */
const START = 5000;

/** Number of threads that are started one after another if they do not begin to run. */
const STARTS = 3;

/** Limits of the server's own configuration file, when it is read again. */
export const FILE_READER_LIMITS: TextReaderLimits = {
  time: 60_000,
  memory: 2048,
  waiting: 16,
  limited: false,
};

/** Value of a text, or its syntax errors. */
export type TextReading =
  | PlaceholderNotes & { readonly value: unknown; readonly issues?: undefined }
  | { readonly issues: readonly SyntaxIssue[] };

/** A thread that reads one text after another. It starts with the first text, and again after a text that broke a limit. */
export class TextReader implements AsyncDisposable {
  readonly #limits: TextReaderLimits;
  #worker: Worker | undefined;
  #last: Promise<unknown> = Promise.resolve();
  #waiting = 0;
  #ended = false;

  /** Starts nothing yet. */
  constructor(limits: TextReaderLimits = TEXT_READER_LIMITS) {
    this.#limits = limits;
  }

  /**
   * Reads a text.
   *
   * @param syntax default YAML, of which JSON is a part
   * @param filling what placeholders are replaced by; default nothing
   * @throws PerfmockError `ARGUMENT_INVALID` where it takes too long or too much memory, or too many wait
   */
  read(
    text: string,
    syntax: Syntax = "yaml",
    filling?: Filling,
  ): Promise<TextReading> {
    return this.#inTurn(async (ask) => {
      const value = new Assembly();
      const { limited } = this.#limits;
      let answer = await ask({ text, syntax, limited, filling });
      for (;;) {
        if (answer.pieces === undefined) return answer as TextReading;
        for (const piece of answer.pieces) value.add(piece);
        if (!answer.more) return { value: value.value, ...answer.notes };
        answer = await ask("more");
      }
    });
  }

  /**
   * Finds places in a text.
   *
   * @param paths keys of each value, from the root; the place is that of the closest value around it if there is none
   * @throws PerfmockError, see {@linkcode TextReader.read}
   */
  positions(
    text: string,
    syntax: Syntax,
    paths: readonly (readonly string[])[],
  ): Promise<readonly Position[]> {
    return this.#inTurn(async (ask) => {
      const answer = await ask({ text, syntax, limited: false, paths });
      return "positions" in answer ? answer.positions : [];
    });
  }

  #inTurn<T>(use: (ask: Ask) => Promise<T>): Promise<T> {
    if (this.#ended || this.#waiting > this.#limits.waiting) {
      return Promise.reject(refused(
        this.#ended
          ? "the server is ending"
          : `${this.#limits.waiting} others wait to be read`,
        503,
      ));
    }
    this.#waiting++;
    const using = this.#last.then(() => this.#use(use));
    this.#last = using.catch(() => {}).finally(() => this.#waiting--);
    return using;
  }

  /** Ends the thread. Texts that wait are refused. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#ended = true;
    const worker = this.#worker;
    this.#worker = undefined;
    await worker?.terminate();
    await this.#last;
  }

  /** Starts the thread. One that does not begin to run in time is replaced: no text is the cause. */
  async #start(): Promise<Worker> {
    const { memory } = this.#limits;
    for (let started = 0;; started++) {
      const worker = this.#worker = startWorker(memory);
      try {
        await withinLimit(readyOf(worker), START * 2 ** started);
        return worker;
      } catch (error) {
        this.#worker = undefined;
        await worker.terminate();
        if (this.#ended) throw refused("the server is ending", 503);
        if (started + 1 < STARTS && error instanceof TimeLimitError) continue;
        throw error instanceof TimeLimitError
          ? refused("its thread does not start", 503)
          : reasonOf(error, this.#limits);
      }
    }
  }

  async #use<T>(use: (ask: Ask) => Promise<T>): Promise<T> {
    if (this.#ended) throw refused("the server is ending", 503);
    const { time } = this.#limits;
    const worker = this.#worker ?? await this.#start();
    let answer = Promise.withResolvers<TextAnswer>();
    const onMessage = (given: TextAnswer) => answer.resolve(given);
    const onError = (error: unknown) => answer.reject(error);
    const onExit = () => answer.reject(refused("the server is ending", 503));
    worker.on("message", onMessage).on("error", onError).on("exit", onExit);
    worker.ref();
    const ask: Ask = (question) => {
      answer = Promise.withResolvers<TextAnswer>();
      worker.postMessage(question);
      return answer.promise;
    };
    try {
      return await withinLimit(use(ask), time);
    } catch (error) {
      this.#worker = undefined;
      await worker.terminate();
      throw reasonOf(error, this.#limits);
    } finally {
      worker.off("message", onMessage).off("error", onError)
        .off("exit", onExit);
      worker.unref();
    }
  }
}

/** Resolves once a thread can take questions. */
function readyOf(worker: Worker): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  worker.once("message", (first) => {
    if (first === READY) resolve();
  }).once("error", reject)
    .once("exit", () => reject(refused("the server is ending", 503)));
  return promise;
}

/** Asks the thread. */
type Ask = (question: TextQuestion) => Promise<TextAnswer>;

/** The module is imported by a line of source text: a worker of this kind, whose memory is limited, takes no URL over the network. */
function startWorker(memory: number): Worker {
  return new Worker(
    `import(require("node:worker_threads").workerData.module)`,
    {
      eval: true,
      workerData: {
        task: TASK,
        module: new URL("./text_worker.ts", import.meta.url).href,
      },
      resourceLimits: { maxOldGenerationSizeMb: memory },
    },
  );
}

function reasonOf(
  error: unknown,
  { time, memory }: TextReaderLimits,
): PerfmockError {
  if (error instanceof PerfmockError) return error;
  const { code, message } = error as { code?: string; message?: string };
  // A thread that runs out of memory is stopped, and seldom says so.
  return refused(
    error instanceof TimeLimitError || code === "ERR_WORKER_OUT_OF_MEMORY"
      ? `that takes more than ${time / 1000} s, or ${memory} MiB of memory`
      : `its thread failed: ${message ?? error}`,
  );
}

function refused(reason: string, status = 400): PerfmockError {
  return new PerfmockError(
    "ARGUMENT_INVALID",
    `Cannot read the text: ${reason}`,
    [],
    { status },
  );
}
