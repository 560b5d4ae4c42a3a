/**
 * A run as Server-Sent Events: `progress` once a second, then `summary`, then the end.
 *
 * @module
 */
import type { Run } from "./run.ts";

/** How many events may wait for a reader that does not read; further ones are left out. The last always comes. */
const MOST_WAITING = 16;

/** The response that tells of a run from now on. */
export function runEvents(run: Run): Response {
  const encoder = new TextEncoder();
  let stop = () => {};
  const body = new ReadableStream<Uint8Array>({
    start(controller) {
      const send = (event: string, data: unknown) =>
        controller.enqueue(
          encoder.encode(`event: ${event}\ndata: ${JSON.stringify(data)}\n\n`),
        );
      const { progress } = run.report;
      if (progress !== null) send("progress", progress);
      stop = run.listen({
        progress: (tick) => {
          if ((controller.desiredSize ?? 0) > 0) send("progress", tick);
        },
        ended: () => {
          send("summary", described(run));
          controller.close();
        },
      });
    },
    cancel: () => stop(),
  }, { highWaterMark: MOST_WAITING });
  return new Response(body, {
    headers: {
      "content-type": "text/event-stream",
      // No proxy may hold an event back, be it to keep it, to compress it or to send several together.
      "cache-control": "no-store, no-transform",
      "x-accel-buffering": "no",
    },
  });
}

/** A run that has ended, as `GET runs/{id}` tells it. */
function described(run: Run): unknown {
  return { ...run.report, summary: run.result?.summary ?? null };
}
