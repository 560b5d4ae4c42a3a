/**
 * Cost of recording one duration with perfmock's histogram, perfmock's timing, and prom-client's histogram with bound labels;
 * and of all that is recorded for one exchange.
 * Run it with `deno run -A tests/bench/recorder.ts`.
 *
 * @module
 */
import { Histogram as PromHistogram, Registry } from "prom-client";
import { Histogram } from "../../core/lib/histogram.ts";
import { MetricRegistry } from "../../core/observe/metric_registry.ts";
import { Recorder } from "../../core/observe/recorder.ts";
import { DURATION_BOUNDARIES } from "../../core/observe/timing.ts";
import type { Exchange } from "../../core/plugin.ts";

/** Cost of one recorder. */
export interface RecorderCost {
  /** Name of the recorder. */
  readonly name: string;
  /** Nanoseconds per call in the fastest of several rounds, which other work on the machine disturbed least. */
  readonly nanoseconds: number;
}

const ROUNDS = 21;

/** Measures record() of each recorder, in alternating rounds. */
export function measureRecorders(calls = 1_000_000): readonly RecorderCost[] {
  const histogram = new Histogram();
  const timing = new MetricRegistry().timing({
    name: "bench_seconds",
    help: "Benchmark",
    labels: ["route"],
  }).series("orders");
  const bound = new PromHistogram({
    name: "bench_seconds",
    help: "Benchmark",
    labelNames: ["route"],
    buckets: DURATION_BOUNDARIES.map((ms) => ms / 1000),
    registers: [new Registry()],
  }).labels("orders");
  const route = new Recorder(new MetricRegistry(), 0).route("r", "/r", "GET");
  const values = durations();
  const exchanges = Array.from(values, answered);
  const recorders: readonly [string, number, (n: number) => void][] = [
    ["Histogram.record()", calls, (n) => {
      for (let i = 0; i < n; i++) histogram.record(values[i & 4095]);
    }],
    ["Timing.record()", calls, (n) => {
      for (let i = 0; i < n; i++) timing.record(values[i & 4095]);
    }],
    ["Timing.record() with a trace", calls, (n) => {
      for (let i = 0; i < n; i++) timing.record(values[i & 4095], TRACE, i);
    }],
    ["A whole exchange", calls, (n) => {
      for (let i = 0; i < n; i++) {
        const exchange = exchanges[i & 4095];
        route.arrived(exchange.arrival);
        route.observe(exchange);
      }
    }],
    ["prom-client bound observe()", calls / 10, (n) => {
      for (let i = 0; i < n; i++) bound.observe(values[i & 4095] / 1000);
    }],
  ];
  const best = recorders.map(() => Infinity);
  for (let round = 0; round < ROUNDS; round++) {
    for (const [index, [, n, run]] of recorders.entries()) {
      const start = performance.now();
      run(n);
      const cost = (performance.now() - start) / n * 1e6;
      best[index] = Math.min(best[index], cost);
    }
  }
  return recorders.map(([name], index) => ({ name, nanoseconds: best[index] }));
}

const TRACE = "0af7651916cd43dd8448eb211c80319c";

/** Creates an exchange with a service time in ms that ended 20 µs late. */
function answered(milliseconds: number): Exchange {
  const arrival = 1000;
  const due = arrival + milliseconds;
  return {
    sequence: 0,
    turn: 0,
    method: "GET",
    arrival,
    start: arrival,
    service: milliseconds,
    degradation: 0,
    due,
    end: due + 0.02,
    phase: "body",
    status: 200,
    sent: 0,
    client: undefined,
    trace: TRACE,
    span: TRACE.slice(16),
    parent: "",
    sampled: true,
    outcome: "answered",
    header: () => null,
  };
}

/** Returns 4096 durations from 0.05 ms to 20 s, evenly spaced on a logarithmic scale, in a fixed shuffled order. */
function durations(): Float64Array {
  const range = Math.log(20_000 / 0.05);
  return Float64Array.from(
    { length: 4096 },
    (_, index) => 0.05 * Math.exp(range * (index * 1597 % 4096) / 4096),
  );
}

if (import.meta.main) {
  // deno-lint-ignore no-console
  console.table(
    Object.fromEntries(
      measureRecorders().map((
        { name, nanoseconds },
      ) => [name, { "ns per call": Number(nanoseconds.toFixed(1)) }]),
    ),
  );
}
