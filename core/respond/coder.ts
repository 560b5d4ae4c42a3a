/**
 * Codes bodies off the server's thread, since that takes long and other answers are due meanwhile.
 *
 * @module
 */
import type { Coding } from "../config/mod.ts";
import { withinLimit } from "../lib/time/mod.ts";
import type { CodingTask } from "./coding_worker.ts";

/** Maximum time for one body, in ms of real time: a thread that does not begin to run must not hold an answer for ever. */
export const CODING_LIMIT = 20_000;

/** A thread that codes one body after another. It lives as long as there are some. */
class Coder {
  #worker: Worker | undefined;
  #last: Promise<unknown> = Promise.resolve();
  #waiting = 0;

  /** Codes bytes; rejects if the thread fails or takes too long. */
  code(task: CodingTask): Promise<Uint8Array<ArrayBuffer>> {
    this.#waiting++;
    const coding = this.#last.then(() => this.#ask(task)).finally(() => {
      if (--this.#waiting === 0) this.#end();
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

  #end(): void {
    this.#worker?.terminate();
    this.#worker = undefined;
  }
}

const coder = new Coder();

/** Codes bytes on the thread of the process that does so; rejects if it fails. */
export function coded(
  bytes: Uint8Array<ArrayBuffer>,
  coding: Coding,
): Promise<Uint8Array<ArrayBuffer>> {
  return coder.code({ bytes, coding });
}
