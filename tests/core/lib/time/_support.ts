import { ok } from "node:assert/strict";
import {
  PreciseClock,
  type PreciseClockOptions,
  withinLimit,
} from "../../../../core/lib/time/mod.ts";
import { sleepAndRing } from "../../../../core/lib/time/_thread_waker.ts";

/** Limit of a wait that would hang if a wake-up were lost, in ms. */
const LIMIT = 20_000;

/** Waits for a time on the clock. Returns the delay after that time in ms. */
export async function lateness(
  clock: PreciseClock,
  deadline: number,
): Promise<number> {
  const { promise, resolve } = Promise.withResolvers<number>();
  clock.at(deadline, () => resolve(clock.now() - deadline), undefined);
  return await soon(promise);
}

/** Waits for a promise that settles soon unless a wake-up was lost. */
export function soon<T>(promise: PromiseLike<T>): Promise<T> {
  return withinLimit(promise, LIMIT);
}

/** Creates a clock whose thread is running. */
export async function startedClock(
  options?: PreciseClockOptions,
): Promise<PreciseClock> {
  const clock = new PreciseClock(options);
  await clock.start();
  return clock;
}

/** Asserts that no timer was early, and that the median is within a limit that an overloaded machine meets. */
export function assertOnTime(latenesses: number[]): void {
  const sorted = latenesses.toSorted((a, b) => a - b);
  const least = sorted[0];
  const median = sorted[sorted.length >> 1];
  ok(least >= 0, `A timer was ${-least} ms early`);
  ok(median < 50, `The median timer was ${median} ms late`);
}

/** Makes new threads run another function, until disposed of. */
export function breakThread(instead: typeof sleepAndRing): Disposable {
  Object.assign(sleepAndRing, { toString: () => instead.toString() });
  return {
    [Symbol.dispose]: () => {
      Reflect.deleteProperty(sleepAndRing, "toString");
    },
  };
}
