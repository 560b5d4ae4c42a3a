/**
 * Closed loops as the benchmarks see servers from outside: with wrk where it is installed, otherwise with the lean client.
 *
 * @module
 */
import type { Context } from "./benchmark.ts";
import { LoadDriver } from "./load_driver.ts";
import { quantiles } from "./statistics.ts";
import { hasWrk, runWrk, type WrkOrder } from "./wrk.ts";

/** Figures of a closed loop. Times are in ms. */
export interface Seen {
  /** Number of answers. */
  readonly requests: number;
  /** Answers per second. */
  readonly rate: number;
  /** Median of the time from a request to its answer. */
  readonly p50: number;
  /** 99th percentile of the time from a request to its answer. */
  readonly p99: number;
}

/** Drives one closed loop to its end. */
export type ClosedLoop = (order: WrkOrder) => Promise<Seen>;

/**
 * Puts servers that are started from now on, and the load, on separate processors, and returns what drives the load. Notes what the
 * reader must know.
 */
export async function closedLoop(context: Context): Promise<ClosedLoop> {
  const together = await context.children.separate();
  if (together !== undefined) context.note(together);
  if (await hasWrk()) {
    context.note("The load comes from wrk, one thread");
    return (order) => runWrk(context.children, order);
  }
  context.note(
    "wrk is not installed, so the load comes from a client in Deno, which adds its own noise to the tail",
  );
  const driver = new LoadDriver(context.children);
  return async ({ url, connections, seconds }) => {
    const { completed, elapsed, waits } = await driver.drive({
      url,
      connections,
      duration: seconds * 1000,
      warmup: 0,
      totals: false,
    });
    const [p50, p99] = quantiles(waits, [0.5, 0.99]);
    return { requests: completed, rate: completed / elapsed * 1000, p50, p99 };
  };
}
