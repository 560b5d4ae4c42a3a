import { deepEqual, equal, match } from "node:assert/strict";
import { type HealthSources, reasons } from "../../../core/observe/health.ts";
import { RecentHistogram } from "../../../core/observe/metrics/mod.ts";

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

Deno.test("reasons() has nothing to say where all is well", () => {
  deepEqual(
    reasons(sources({ lateness: recent(0.9), lag: recent(0.9) }), 0),
    [],
  );
});

Deno.test("reasons() blames the event loop where that lags, too", () => {
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

Deno.test("reasons() blames the machine where responses are late without lag", () => {
  const [reason] = reasons(sources({ lateness: recent(4) }), 0);
  match(reason, /the event loop does not lag, so the machine delays/);
});

Deno.test("reasons() tells of lag where nothing was held", () => {
  deepEqual(reasons(sources({ lag: recent(2.5) }), 0), [
    "The event loop lags: p99 was 2.5 ms over the last 10 s",
  ]);
});

Deno.test("reasons() draws no conclusion from a few samples, and forgets after 10 s", () => {
  deepEqual(reasons(sources({ lateness: recent(50, 19) }), 0), []);
  const lateness = recent(50, 20);
  equal(reasons(sources({ lateness }), 0).length, 1);
  deepEqual(reasons(sources({ lateness }), 10_000), []);
});

Deno.test("reasons() tells of the clock, of metrics with too many series, and of plugins", () => {
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
