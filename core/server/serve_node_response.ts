/**
 * Writes a Response to Node's HTTP server.
 *
 * @module
 */
import type { ServerResponse } from "node:http";
import { clearImmediate, setImmediate } from "node:timers";

/** A body's bytes, as they are read. */
type Reader = ReadableStreamDefaultReader<Uint8Array>;

/** Of a connection alone, and of no meaning to HTTP/2. */
const HOP_BY_HOP: ReadonlySet<string> = new Set([
  "connection",
  "transfer-encoding",
]);

/**
 * Writes it, piece by piece as its body comes.
 *
 * @param breakOff ends the connection where the body fails
 */
export function sendResponse(
  response: Response,
  outgoing: ServerResponse,
  breakOff: () => void,
): void {
  const reader = response.body?.getReader();
  if (outgoing.destroyed || outgoing.writableEnded) {
    reader?.cancel().catch(() => {});
    return;
  }
  const second = outgoing.req.httpVersionMajor > 1;
  outgoing.statusCode = response.status;
  for (const [name, value] of response.headers) {
    if (name === "set-cookie" || second && HOP_BY_HOP.has(name)) continue;
    outgoing.setHeader(name, value);
  }
  const cookies = response.headers.getSetCookie();
  if (cookies.length > 0) outgoing.setHeader("set-cookie", cookies);
  if (reader === undefined) {
    outgoing.end();
    return;
  }
  outgoing.on("close", () => {
    if (isUnsent(outgoing)) reader.cancel().catch(() => {});
  });
  write(reader, outgoing).catch(() => {
    if (!outgoing.destroyed) breakOff();
  });
}

/**
 * Whether an answer that is closed has not all been sent. Over HTTP/2 a stream that its client resets counts as finished,
 * though nobody has ended it.
 */
export function isUnsent(
  { writableEnded, writableFinished }: ServerResponse,
): boolean {
  return !writableEnded || !writableFinished;
}

/** What is there at once leaves in one piece with its length; headers never wait for a body that is still to come. */
async function write(reader: Reader, outgoing: ServerResponse): Promise<void> {
  let reading = reader.read();
  if (await soon(reading) === undefined) outgoing.flushHeaders();
  for (;;) {
    const { done, value } = await reading;
    if (done) {
      outgoing.end();
      return;
    }
    reading = reader.read();
    const next = await soon(reading);
    if (next?.done) {
      outgoing.end(value);
      return;
    }
    if (!outgoing.write(value)) await drained(outgoing);
  }
}

/** What a promise holds within this turn of the event loop; undefined where it takes longer. */
async function soon<T>(promise: Promise<T>): Promise<T | undefined> {
  const { promise: turn, resolve } = Promise.withResolvers<undefined>();
  const immediate = setImmediate(resolve, undefined);
  try {
    return await Promise.race([promise, turn]);
  } catch {
    // Who reads it meets the error.
    return undefined;
  } finally {
    clearImmediate(immediate);
  }
}

/** Resolves when more may be written, or nobody reads any more. */
function drained(outgoing: ServerResponse): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      outgoing.off("drain", done);
      outgoing.off("close", done);
      resolve();
    };
    outgoing.on("drain", done);
    outgoing.on("close", done);
  });
}
