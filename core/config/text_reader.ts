/**
 * Reads texts that come over HTTP on a thread of its own, with limits of time and memory, so that no text keeps the server from
 * answering.
 *
 * @module
 */
import { Worker } from "node:worker_threads";
import { PerfmockError } from "../errors.ts";
import { TimeLimitError, withinLimit } from "../lib/time/mod.ts";
import type { SyntaxIssue } from "./_syntax.ts";
import { TASK, type TextAnswer } from "./text_worker.ts";

/** Limits of a {@linkcode TextReader}. */
export interface TextReaderLimits {
  /** Longest time that a text may take, in ms. */
  readonly time: number;
  /** Size of the thread's heap, in MiB. */
  readonly memory: number;
  /** Greatest number of texts that wait for their turn. */
  readonly waiting: number;
}

/** Limits of the server. */
export const TEXT_READER_LIMITS: TextReaderLimits = {
  time: 10_000,
  memory: 256,
  waiting: 16,
};

/** Value of a text, or its syntax errors. */
export type TextReading =
  | { readonly value: unknown; readonly issues?: undefined }
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
   * Reads a text in YAML, or in JSON as a part of it.
   *
   * @throws PerfmockError `ARGUMENT_INVALID` where it takes too long or too much memory, or too many wait
   */
  read(text: string): Promise<TextReading> {
    if (this.#ended || this.#waiting > this.#limits.waiting) {
      return Promise.reject(refused(
        this.#ended
          ? "the server is ending"
          : `${this.#limits.waiting} others wait to be read`,
        503,
      ));
    }
    this.#waiting++;
    const reading = this.#last.then(() => this.#read(text));
    this.#last = reading.catch(() => {}).finally(() => this.#waiting--);
    return reading;
  }

  /** Ends the thread. Texts that wait are refused. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#ended = true;
    const worker = this.#worker;
    this.#worker = undefined;
    await worker?.terminate();
    await this.#last;
  }

  async #read(text: string): Promise<TextReading> {
    if (this.#ended) throw refused("the server is ending", 503);
    const { time, memory } = this.#limits;
    const worker = this.#worker ??= startWorker(memory);
    const { promise, resolve, reject } = Promise.withResolvers<TextAnswer>();
    const onError = (error: unknown) => reject(error);
    const onExit = () => reject(refused("the server is ending", 503));
    worker.on("message", resolve).on("error", onError).on("exit", onExit);
    worker.ref();
    try {
      worker.postMessage(text);
      const answer = await withinLimit(promise, time);
      return answer.issues === undefined
        ? { value: JSON.parse(answer.json) }
        : answer;
    } catch (error) {
      this.#worker = undefined;
      await worker.terminate();
      throw reasonOf(error, this.#limits);
    } finally {
      worker.off("message", resolve).off("error", onError).off("exit", onExit);
      worker.unref();
    }
  }
}

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
