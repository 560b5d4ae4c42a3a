/**
 * Events of something that runs in the background, as Server-Sent Events.
 *
 * @module
 */

/** Maximum number of events waiting for a slow reader. Further progress is omitted; the result never is. */
export const MAX_WAITING_EVENTS = 16;

/** A run whose events are read. */
export interface WatchedRun<Progress> {
  /** Progress so far; null for none. */
  readonly progress: Progress | null;
  /** Name of the event that has the result. */
  readonly last: string;
  /** Returns the result once the run has ended. */
  result(): unknown;
  /** Adds a listener. Calls its `ended` at once if the run has ended. Returns a function that removes it. */
  listen(listener: {
    readonly progress: (progress: Progress) => void;
    readonly ended: () => void;
  }): () => void;
}

/** Responds with the events of a run: `progress` now and again, then the result, then the end. */
export function runEvents<Progress>(run: WatchedRun<Progress>): Response {
  const encoder = new TextEncoder();
  let stop = () => {};
  const body = new ReadableStream<Uint8Array>({
    start(controller) {
      const send = (event: string, data: unknown) =>
        controller.enqueue(
          encoder.encode(`event: ${event}\ndata: ${JSON.stringify(data)}\n\n`),
        );
      if (run.progress !== null) send("progress", run.progress);
      stop = run.listen({
        progress: (progress) => {
          if ((controller.desiredSize ?? 0) > 0) send("progress", progress);
        },
        ended: () => {
          send(run.last, run.result());
          controller.close();
        },
      });
    },
    cancel: () => stop(),
  }, { highWaterMark: MAX_WAITING_EVENTS });
  return new Response(body, {
    headers: {
      "content-type": "text/event-stream",
      // No proxy may store, compress or combine events.
      "cache-control": "no-store, no-transform",
      "x-accel-buffering": "no",
    },
  });
}
