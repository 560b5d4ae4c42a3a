import { deepEqual, equal } from "node:assert/strict";
import type { Clock, Timing } from "../../../../core/plugin.ts";
import { VirtualClock } from "../../../../core/lib/time/mod.ts";
import {
  LagSampler,
  MetricRegistry,
} from "../../../../core/observe/metrics/mod.ts";

/** A clock whose wake-ups come late by as much as a test says. */
class LateClock implements Clock {
  late = 0;
  constructor(readonly inner: VirtualClock) {}
  now(): number {
    return this.inner.now();
  }
  at<Argument>(
    deadline: number,
    wake: (argument: Argument) => void,
    argument: Argument,
  ): number {
    return this.inner.at(deadline + this.late, wake, argument);
  }
  cancel(timer: number): boolean {
    return this.inner.cancel(timer);
  }
}

function lagTiming(): Timing {
  return new MetricRegistry().timing({ name: "lag_seconds", help: "Lag" })
    .series();
}

Deno.test("LagSampler records a lag of 0 every 100 ms on a clock that is on time", () => {
  const clock = new VirtualClock();
  const timing = lagTiming();
  const sampler = new LagSampler(clock, timing);
  sampler.start();
  clock.advance(1000);
  deepEqual([timing.count, timing.sum], [10, 0]);
  sampler.stop();
});

Deno.test("LagSampler records how late a wake-up came", () => {
  const clock = new LateClock(new VirtualClock());
  const timing = lagTiming();
  const sampler = new LagSampler(clock, timing);
  clock.late = 7;
  sampler.start();
  clock.inner.advance(110);
  deepEqual([timing.count, timing.sum], [1, 7]);
  sampler.stop();
});

Deno.test("LagSampler counts each sample that a long block swallowed", () => {
  const clock = new LateClock(new VirtualClock());
  const timing = lagTiming();
  const sampler = new LagSampler(clock, timing);
  clock.late = 350;
  sampler.start();
  clock.inner.advance(450);
  // Due at 100, 200, 300 and 400, all served at 450.
  deepEqual([timing.count, timing.sum], [4, 350 + 250 + 150 + 50]);
  sampler.stop();
});

Deno.test("LagSampler.stop() leaves nothing pending, and start() begins anew", () => {
  const clock = new VirtualClock();
  const timing = lagTiming();
  const sampler = new LagSampler(clock, timing);
  sampler.stop();
  sampler.start();
  sampler.start();
  equal(clock.pending, 1);
  clock.advance(150);
  sampler.stop();
  sampler.stop();
  equal(clock.pending, 0);
  clock.advance(1000);
  equal(timing.count, 1);
  sampler.start();
  clock.advance(100);
  equal(timing.count, 2);
  sampler.stop();
});
