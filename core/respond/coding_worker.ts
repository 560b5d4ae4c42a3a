/**
 * Codes bodies on a thread of its own. A worker starts this module; see coder.ts. Deno's compressors keep the thread that calls them busy
 * to their end, also those that return promises.
 *
 * @module
 */
import { brotliCompressSync, constants, gzipSync } from "node:zlib";
import type { Coding } from "../config/mod.ts";

/** A body to be coded. */
export interface CodingTask {
  /** Bytes of the body. */
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** Coding. */
  readonly coding: Coding;
}

/** Quality of brotli: about as small as the best of gzip, and ten times as fast as the highest quality. */
const BROTLI = { params: { [constants.BROTLI_PARAM_QUALITY]: 5 } };

/** The thread, as the worker sees it. */
interface Thread {
  onmessage: (event: MessageEvent<CodingTask>) => void;
  postMessage(bytes: Uint8Array<ArrayBuffer>, transfer: Transferable[]): void;
}

const thread = globalThis as unknown as Thread;

thread.onmessage = ({ data: { bytes, coding } }) => {
  const coded = new Uint8Array(
    coding === "br" ? brotliCompressSync(bytes, BROTLI) : gzipSync(bytes),
  );
  thread.postMessage(coded, [coded.buffer]);
};
