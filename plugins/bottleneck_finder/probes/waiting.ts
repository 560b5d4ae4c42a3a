/**
 * Waiting on a clock.
 *
 * @module
 */
import type { Clock } from "../../../core/plugin.ts";

/**
 * Waits until a time has passed, a promise has settled, or a signal is given.
 *
 * @param limit in ms; Infinity for no limit
 * @param other ends the wait early; its outcome is not looked at
 */
export function sleep(
  clock: Clock,
  limit: number,
  signal: AbortSignal,
  other?: Promise<unknown>,
): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  const { promise, resolve } = Promise.withResolvers<void>();
  const end = () => {
    clock.cancel(timer);
    signal.removeEventListener("abort", end);
    resolve();
  };
  const timer = clock.at(clock.now() + limit, end, undefined);
  signal.addEventListener("abort", end);
  other?.then(end, end);
  return promise;
}

/** Duration as a reader writes it: `30 s`, `250 ms`. */
export function seconds(ms: number): string {
  return ms < 1000 ? `${Math.round(ms)} ms` : `${Math.round(ms / 100) / 10} s`;
}

/** Message of an error, its first line only, without colours. */
export function firstLine(error: unknown): string {
  const text = messageOf(error);
  // deno-lint-ignore no-control-regex
  const plain = text.replace(/\x1b\[[0-9;]*m/g, "");
  return plain.split("\n", 1)[0].slice(0, 500).replace(/\.$/, "");
}

/** Message of an error; of any other thrown object, its JSON. */
function messageOf(error: unknown): string {
  if (error instanceof Error) return error.message;
  const text = String(error);
  try {
    return text === "[object Object]" ? JSON.stringify(error) : text;
  } catch {
    // It has a circle.
    return text;
  }
}
