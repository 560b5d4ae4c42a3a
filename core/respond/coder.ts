/**
 * Codes bodies off the server's thread, since that takes long and other answers are due meanwhile.
 *
 * @module
 */
import type { Coding } from "../config/mod.ts";
import { pause, withinLimit } from "../lib/time/mod.ts";
import type { CodingTask } from "./coding_worker.ts";

/** Maximum time for one body, in ms of real time: a thread that does not begin to run must not hold an answer for ever. */
export const CODING_LIMIT = 20_000;

/**
 * Time for which the thread waits for the next body, in ms: it takes a tenth of a second to start, and a page asks for its files one
 * after another.
 */
const IDLE = 10_000;

/** A thread that codes one body after another. Without a server it ends after the last one. */
class Coder {
  #worker: Worker | undefined;
  #last: Promise<unknown> = Promise.resolve();
  #waiting = 0;
  #servers = 0;
  #idle = new AbortController();

  /** A server begins. */
  begun(): void {
    this.#servers++;
  }

  /** A server has ended. */
  ended(): void {
    if (--this.#servers > 0) return;
    this.#idle.abort();
    if (this.#waiting === 0) this.#end();
  }

  /** Codes bytes; rejects if the thread fails or takes too long. */
  code(task: CodingTask): Promise<Uint8Array<ArrayBuffer>> {
    this.#waiting++;
    this.#idle.abort();
    const coding = this.#last.then(() => this.#ask(task)).finally(() => {
      if (--this.#waiting > 0) return;
      if (this.#servers === 0) this.#end();
      else this.#rest();
    });
    this.#last = coding.catch(() => {});
    return coding;
  }

  async #ask(task: CodingTask): Promise<Uint8Array<ArrayBuffer>> {
    const worker = this.#worker ??= new Worker(
      new URL("./coding_worker.ts", import.meta.url),
      { type: "module", name: "perfmock codings" },
    );
    const { promise, resolve, reject } = Promise.withResolvers<
      Uint8Array<ArrayBuffer>
    >();
    worker.onmessage = ({ data }) => resolve(data);
    worker.onerror = (event) => {
      event.preventDefault();
      reject(new Error(event.message));
    };
    worker.postMessage(task);
    try {
      return await withinLimit(promise, CODING_LIMIT);
    } catch (error) {
      this.#end();
      throw error;
    }
  }

  #rest(): void {
    const { signal } = this.#idle = new AbortController();
    pause(IDLE, signal).then(() => {
      if (!signal.aborted) this.#end();
    });
  }

  #end(): void {
    this.#worker?.terminate();
    this.#worker = undefined;
  }
}

/** The thread of the process, which servers tell of their beginning and their end. */
export const coder: Pick<Coder, "begun" | "ended" | "code"> = new Coder();

/** Codes bytes on the thread of the process that does so; rejects if it fails. */
export function coded(
  bytes: Uint8Array<ArrayBuffer>,
  coding: Coding,
): Promise<Uint8Array<ArrayBuffer>> {
  return coder.code({ bytes, coding });
}
