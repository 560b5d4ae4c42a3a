import type { Clock } from "../../../core/plugin.ts";

/** Lets the event loop handle what is due: sockets, timers, other requests. */
export function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/**
 * Waits on a clock.
 *
 * @param clock whose time passes
 * @param milliseconds how long
 * @param signal ends the wait early
 * @throws the signal's reason, where it is aborted
 */
export function sleep(
  clock: Clock,
  milliseconds: number,
  signal: AbortSignal,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const onAbort = () => {
      clock.cancel(timer);
      reject(signal.reason);
    };
    const timer = clock.at(clock.now() + milliseconds, () => {
      signal.removeEventListener("abort", onAbort);
      resolve();
    }, undefined);
    if (signal.aborted) onAbort();
    else signal.addEventListener("abort", onAbort, { once: true });
  });
}
