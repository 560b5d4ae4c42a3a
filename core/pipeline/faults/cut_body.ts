/**
 * Answers that break in the middle.
 *
 * @module
 */
import { setImmediate } from "node:timers";
import type { LiveExchange } from "../exchange.ts";

/**
 * Answers as the route does, but breaks the body off: after half of its bytes, or after half of the first piece of a body whose
 * length nobody knows. A listener then closes the connection; over HTTP/2 it resets the stream.
 */
export function answerCut(x: LiveExchange): void {
  // What the route answers goes nowhere before it is broken.
  const { resolve } = x;
  x.resolve = undefined;
  x.plan.answer?.(x);
  x.resolve = resolve;
  if (x.response === undefined) return;
  const atOnce = !x.flowing;
  x.response = Promise.resolve(x.response).then((whole) =>
    whole.body === null ? whole : atOnce ? cutBytes(whole) : cutStream(whole)
  );
  resolve?.(x.response);
}

/** The length that was announced stays, so that a client can tell what is missing. */
async function cutBytes(whole: Response): Promise<Response> {
  const bytes = new Uint8Array(await whole.arrayBuffer());
  const headers = new Headers(whole.headers);
  headers.set("content-length", `${bytes.length}`);
  const { status } = whole;
  return bytes.length === 0
    ? new Response(null, { status, headers })
    : new Response(broken(new Response(bytes).body, bytes.length), {
      status,
      headers,
    });
}

function cutStream(whole: Response): Response {
  const announced = Number(whole.headers.get("content-length") ?? NaN);
  const { status, headers } = whole;
  return new Response(broken(whole.body, announced), { status, headers });
}

/**
 * Half of a body, then an error.
 *
 * @param length in bytes; NaN where unknown
 */
function broken(
  body: ReadableStream<Uint8Array<ArrayBuffer>> | null,
  length: number,
): ReadableStream<Uint8Array<ArrayBuffer>> {
  const reader = (body ?? new Blob([]).stream()).getReader();
  let left = Math.floor(length / 2);
  let cut = left === 0;
  return new ReadableStream({
    async pull(controller) {
      if (cut) {
        // An error in the same turn would overtake the bytes over HTTP/2.
        await new Promise<void>((resolve) => setImmediate(resolve));
        await reader.cancel();
        return controller.error(new Error("A fault cuts this body"));
      }
      const { done, value } = await reader.read();
      if (done) return controller.close();
      if (Number.isNaN(left)) left = Math.floor(value.length / 2);
      const part = value.subarray(0, left);
      left -= part.length;
      cut = left === 0;
      controller.enqueue(part);
    },
    cancel: (reason) => reader.cancel(reason),
  }, { highWaterMark: 0 });
}
