import { ok } from "node:assert/strict";
import {
  PreciseClock,
  type PreciseClockOptions,
  withinLimit,
} from "../../../../core/lib/time/mod.ts";
import { sleepAndRing } from "../../../../core/lib/time/_thread_waker.ts";

/** The outer limit of a wait that may hang where a wake-up is lost, in milliseconds. */
const LIMIT = 20_000;

/** Waits for a time on the clock; returns by how many milliseconds that came too late. */
export async function lateness(
  clock: PreciseClock,
  deadline: number,
): Promise<number> {
  const { promise, resolve } = Promise.withResolvers<number>();
  clock.at(deadline, () => resolve(clock.now() - deadline), undefined);
  return await soon(promise);
}

/** The outcome of a promise that is settled shortly, unless a wake-up was lost. */
export function soon<T>(promise: PromiseLike<T>): Promise<T> {
  return withinLimit(promise, LIMIT);
}

/** A clock whose thread is up. */
export async function startedClock(
  options?: PreciseClockOptions,
): Promise<PreciseClock> {
  const clock = new PreciseClock(options);
  await clock.start();
  return clock;
}

/** Asserts that none was early, and the median within a bound that an overloaded machine keeps. */
export function assertOnTime(latenesses: number[]): void {
  const sorted = latenesses.toSorted((a, b) => a - b);
  const least = sorted[0];
  const median = sorted[sorted.length >> 1];
  ok(least >= 0, `A timer was ${-least} ms early`);
  ok(median < 50, `The median timer was ${median} ms late`);
}

/** Has threads that start from now on run another function, until disposed of. */
export function breakThread(instead: typeof sleepAndRing): Disposable {
  Object.assign(sleepAndRing, { toString: () => instead.toString() });
  return {
    [Symbol.dispose]: () => {
      Reflect.deleteProperty(sleepAndRing, "toString");
    },
  };
}
