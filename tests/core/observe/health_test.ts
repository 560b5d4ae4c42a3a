import { VirtualClock } from "../../../core/lib/time/mod.ts";
import {
  type HealthSources,
  LagSampler,
  reasons,
} from "../../../core/observe/health.ts";
import { MetricRegistry } from "../../../core/observe/metric_registry.ts";
import { RecentHistogram } from "../../../core/observe/windows.ts";
import type { Clock, Timing } from "../../../core/plugin.ts";
import { deepEqual, equal, match } from "node:assert/strict";

function sources(more: Partial<HealthSources> = {}): HealthSources {
  return {
    lateness: new RecentHistogram(10_000),
    lag: new RecentHistogram(10_000),
    clock: () => undefined,
    overflowing: () => [],
    plugins: () => [],
    ...more,
  };
}

function recent(milliseconds: number, count = 100, now = 0): RecentHistogram {
  const histogram = new RecentHistogram(10_000);
  for (let i = 0; i < count; i++) histogram.record(milliseconds, now);
  return histogram;
}

Deno.test("reasons() is empty for a healthy server", () => {
  deepEqual(
    reasons(sources({ lateness: recent(0.9), lag: recent(0.9) }), 0),
    [],
  );
});

Deno.test("reasons() names the event loop as the cause of lateness if it lags", () => {
  const [reason, ...others] = reasons(
    sources({ lateness: recent(4), lag: recent(3) }),
    0,
  );
  match(
    reason,
    /^Lateness p99 was 4\.0 ms over the last 10 s: the event loop lags \(p99 3\.0 ms\)/,
  );
  deepEqual(others, []);
});

Deno.test("reasons() names the machine as the cause of lateness if the event loop does not lag", () => {
  const [reason] = reasons(sources({ lateness: recent(4) }), 0);
  match(reason, /the event loop does not lag, so the machine delays/);
});

Deno.test("reasons() reports lag where no response was delayed", () => {
  deepEqual(reasons(sources({ lag: recent(2.5) }), 0), [
    "The event loop lags: p99 was 2.5 ms over the last 10 s",
  ]);
});

Deno.test("reasons() needs 20 samples, and disregards those older than 10 s", () => {
  deepEqual(reasons(sources({ lateness: recent(50, 19) }), 0), []);
  const lateness = recent(50, 20);
  equal(reasons(sources({ lateness }), 0).length, 1);
  deepEqual(reasons(sources({ lateness }), 10_000), []);
});

Deno.test("reasons() includes the clock, metrics with too many series, and reports of plugins", () => {
  deepEqual(
    reasons(
      sources({
        clock: () => "Cannot start the waker thread: no",
        overflowing: () => ["perfmock_arrivals_total"],
        plugins: () => ["The database is gone"],
      }),
      0,
    ),
    [
      "The clock runs without its waker thread: Cannot start the waker thread: no",
      "Metric perfmock_arrivals_total has more series than are kept: further ones are folded into __overflow__",
      "The database is gone",
    ],
  );
});

/** A clock whose wake-ups are late by a given time. */
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
  yield(): Promise<void> {
    return this.inner.yield();
  }
}

function lagTiming(): Timing {
  return new MetricRegistry().timing({ name: "lag_seconds", help: "Lag" })
    .series();
}

Deno.test("LagSampler records a lag of 0 every 100 ms on a punctual clock", () => {
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

Deno.test("LagSampler records each sample that became due while the event loop was blocked", () => {
  const clock = new LateClock(new VirtualClock());
  const timing = lagTiming();
  const sampler = new LagSampler(clock, timing);
  clock.late = 350;
  sampler.start();
  clock.inner.advance(450);
  // Samples are due at 100, 200, 300 and 400, and all are taken at 450.
  deepEqual([timing.count, timing.sum], [4, 350 + 250 + 150 + 50]);
  sampler.stop();
});

Deno.test("LagSampler.stop() leaves nothing pending, and start() resumes sampling", () => {
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
