import { Histogram } from "../../../core/lib/histogram.ts";
import {
  type Figures,
  figures,
  type WindowFigures,
} from "../../../core/observe/figures.ts";
import {
  ANSWERED,
  ARRIVALS,
  RecentHistogram,
  REJECTED,
  RequestWindows,
} from "../../../core/observe/windows.ts";
import fc from "fast-check";
import { deepEqual, equal, ok } from "node:assert/strict";

Deno.test("RecentHistogram contains all values of the last four fifths of its window and none older than the window", () => {
  const event = fc.tuple(
    fc.double({ min: 0, max: 3000, noNaN: true }),
    fc.integer({ min: 1, max: 1000 }),
  );
  fc.assert(
    fc.property(fc.array(event, { minLength: 1 }), (events) => {
      const recent = new RecentHistogram(10_000);
      const times: number[] = [];
      let now = 0;
      for (const [gap, duration] of events) {
        now += gap;
        times.push(now);
        recent.record(duration, now);
        const count = recent.count(now);
        ok(count >= times.filter((time) => time >= now - 8_000).length);
        ok(count <= times.filter((time) => time >= now - 10_000).length);
      }
    }),
    { seed: 42 },
  );
});

Deno.test("RecentHistogram.quantile() covers the window only", () => {
  const recent = new RecentHistogram(10_000);
  for (let n = 0; n < 100; n++) recent.record(500, 0);
  for (let n = 0; n < 100; n++) recent.record(20, 9_000);
  equal(recent.quantile(0.9, 9_500), 500);
  equal(recent.quantile(0.9, 15_000), 20);
  equal(recent.count(15_000), 100);
});

Deno.test("RecentHistogram is empty after a pause longer than its window", () => {
  const recent = new RecentHistogram(10_000);
  recent.record(5, 100);
  equal(recent.count(1_000_000), 0);
  ok(Number.isNaN(recent.quantile(0.5, 1_000_000)));
});

Deno.test("RecentHistogram counts a time before the latest one as the latest", () => {
  const recent = new RecentHistogram(10_000);
  recent.record(5, 60_000);
  recent.record(6, 10);
  equal(recent.count(60_000), 2);
  equal(recent.count(10), 2);
});

Deno.test("RecentHistogram.histogram() merges all slices", () => {
  const recent = new RecentHistogram(5_000);
  for (const time of [0, 1_000, 2_000]) recent.record(time + 1, time);
  const { count, min, max } = recent.histogram(2_500);
  deepEqual([count, min, max], [3, 1, 2_001]);
});

Deno.test("RecentHistogram.span() is the time that the figures cover", () => {
  const recent = new RecentHistogram(10_000);
  equal(recent.span(100_000), 8_000);
  equal(recent.span(101_500), 9_500);
  equal(recent.span(102_000), 8_000);
});

Deno.test("RecentHistogram.reset() removes all values", () => {
  const recent = new RecentHistogram(10_000);
  recent.record(5, 0);
  recent.reset();
  equal(recent.count(0), 0);
});

/** An event: an arrival, a rejection, or an answer with its response time in milliseconds. */
type Happening = "arrived" | "rejected" | number;

/** Reference implementation: computes the same figures from a list of all events. */
class Oracle {
  #all: { at: number; what: Happening }[] = [];
  #latest = -Infinity;
  #since: number;

  constructor(since: number) {
    this.#since = since;
  }

  add(now: number, what: Happening): void {
    this.#latest = Math.max(this.#latest, now);
    this.#all.push({ at: this.#latest, what });
  }

  reset(now: number): void {
    this.#all = [];
    this.#since = now;
  }

  /** Figures of the slices of a window, the current one included. */
  window(now: number, slices: number, length: number): WindowFigures {
    this.#latest = Math.max(this.#latest, now);
    const present = Math.floor(this.#latest / length);
    const first = (present - slices + 1) * length;
    const inside = this.#all.filter(({ at }) => at >= first);
    const seconds = Math.max(
      0,
      Math.min(
        Math.max(now, present * length) - first,
        now - this.#since,
      ),
    ) / 1000;
    const counts = this.counts(inside);
    return {
      seconds: round(seconds),
      ...counts,
      rates: Object.fromEntries(
        Object.entries(counts).map((
          [name, count],
        ) => [name, seconds === 0 ? 0 : round(count / seconds)]),
      ) as unknown as WindowFigures["rates"],
      responseTime: this.times(inside),
    };
  }

  counts(of = this.#all) {
    const count = (is: (what: Happening) => boolean) =>
      of.filter(({ what }) => is(what)).length;
    return {
      arrivals: count((what) => what === "arrived"),
      answered: count((what) => typeof what === "number"),
      rejected: count((what) => what === "rejected"),
      failed: 0,
      gone: 0,
      reset: 0,
      cut: 0,
    };
  }

  times(of = this.#all): Figures {
    const histogram = new Histogram();
    for (const { what } of of) {
      if (typeof what === "number") histogram.record(what);
    }
    return figures(histogram);
  }
}

function round(value: number): number {
  return Math.round(value * 1e4) / 1e4;
}

function happen(windows: RequestWindows, now: number, what: Happening): void {
  const slice = windows.at(now);
  if (what === "arrived") slice.counts[ARRIVALS]++;
  else if (what === "rejected") slice.counts[REJECTED]++;
  else {
    slice.counts[ANSWERED]++;
    slice.responseTime.record(what);
  }
}

/** Compares figures; means may differ in the last digit, since sums of doubles depend on their order. */
function same(actual: Figures, expected: Figures): void {
  ok(Math.abs((actual.mean ?? 0) - (expected.mean ?? 0)) < 2e-4);
  deepEqual({ ...actual, mean: 0 }, { ...expected, mean: 0 });
}

function sameWindow(actual: WindowFigures, expected: WindowFigures): void {
  same(actual.responseTime, expected.responseTime);
  deepEqual(
    { ...actual, responseTime: 0 },
    { ...expected, responseTime: 0 },
  );
}

const happening = fc.oneof(
  fc.constant("arrived" as const),
  fc.constant("rejected" as const),
  fc.double({ min: 0, max: 20_000, noNaN: true }),
);
// Short steps, whole slices and times close to their ends, pauses longer than any window, and steps back in time.
const step = fc.oneof(
  { weight: 4, arbitrary: fc.double({ min: 0, max: 900, noNaN: true }) },
  fc.constantFrom(0, 1, 2000, 1999.999, 4000, 10_000, 12_000, 60_000),
  fc.double({ min: 0, max: 200_000, noNaN: true }),
  fc.double({ min: -3000, max: 0, noNaN: true }),
);
const act = fc.oneof(
  { weight: 40, arbitrary: happening },
  { weight: 5, arbitrary: fc.constant("look" as const) },
  { weight: 1, arbitrary: fc.constant("reset" as const) },
);

Deno.test("RequestWindows equal the figures of a complete list of events, at all times", () => {
  fc.assert(
    fc.property(
      fc.double({ min: 0, max: 100_000, noNaN: true }),
      fc.array(fc.tuple(step, act), { maxLength: 120 }),
      (start, acts) => {
        let now = start;
        const windows = new RequestWindows(start);
        const oracle = new Oracle(start);
        const look = () => {
          const at = Math.max(0, now);
          sameWindow(windows.last10s(at), oracle.window(at, 5, 2_000));
          sameWindow(windows.last1m(at), oracle.window(at, 6, 10_000));
          const total = windows.total(at);
          deepEqual(total.named(), oracle.counts());
          same(figures(total.responseTime), oracle.times());
        };
        for (const [by, what] of acts) {
          now = Math.max(0, now + by);
          if (what === "look") look();
          else if (what === "reset") {
            windows.reset(now);
            oracle.reset(now);
          } else {
            happen(windows, now, what);
            oracle.add(now, what);
          }
        }
        look();
      },
    ),
    { seed: 42, numRuns: 400 },
  );
});

Deno.test("RequestWindows give the exact rates of a steady stream from its first seconds on", () => {
  const windows = new RequestWindows(0);
  let asked = 0;
  for (let now = 5; now <= 90_000; now += 10) {
    happen(windows, now, "arrived");
    if ((now - 5) % 5_000 !== 0 || now < 1_000) continue;
    asked++;
    const [short, long] = [windows.last10s(now), windows.last1m(now)];
    ok(Math.abs(short.rates.arrivals - 100) <= 1, `${short.rates.arrivals}`);
    ok(Math.abs(long.rates.arrivals - 100) <= 1, `${long.rates.arrivals}`);
    if (now < 10_000) continue;
    ok(short.seconds >= 8 && short.seconds <= 10, `${short.seconds}`);
    if (now >= 60_000) ok(long.seconds >= 50 && long.seconds <= 60);
  }
  ok(asked > 10);
  equal(windows.total(90_000).named().arrivals, 9_000);
});

Deno.test("RequestWindows without elapsed time have no quantiles and no infinite rate", () => {
  const windows = new RequestWindows(1_000);
  happen(windows, 1_000, "arrived");
  const { seconds, arrivals, rates, responseTime } = windows.last10s(1_000);
  deepEqual([seconds, arrivals, rates.arrivals], [0, 1, 0]);
  equal(responseTime.p99, null);
});

Deno.test("RequestWindows.total() includes a slice that ends with that very call", () => {
  const windows = new RequestWindows(0);
  windows.at(100).counts[ARRIVALS]++;
  equal(windows.total(2_500).counts[ARRIVALS], 1);
});
