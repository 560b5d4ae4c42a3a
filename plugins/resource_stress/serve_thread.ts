/**
 * The frame of a stress thread's script.
 *
 * @module
 */
import type { ThreadEnd, ThreadStart } from "./cells.ts";

/** Runs once with what the event loop sends, tells how it ended, and ends the thread. */
export function serveThread(run: (start: ThreadStart) => void): void {
  globalThis.addEventListener("message", (event) => {
    let failure: string | undefined;
    try {
      run((event as MessageEvent<ThreadStart>).data);
    } catch (error) {
      failure = error instanceof Error ? error.message : String(error);
    }
    const end: ThreadEnd = { failure };
    // The types know the main thread's globals only.
    (globalThis as unknown as { postMessage(message: ThreadEnd): void })
      .postMessage(end);
    globalThis.close();
  });
}
