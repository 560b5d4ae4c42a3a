/**
 * What it costs to record figures and to show them.
 *
 * @module
 */
import type { Benchmark } from "./benchmark.ts";
import { measureRecorders } from "./recorder.ts";

/** In process, the fastest of alternating rounds. */
export const recorder: Benchmark = {
  name: "recorder",
  measures: "Nanoseconds to record one duration, beside prom-client",
  run({ quick }) {
    const costs = measureRecorders(quick ? 100_000 : 1_000_000);
    return Promise.resolve(costs.map(({ name, nanoseconds }) => ({
      what: name,
      values: { "ns each": nanoseconds },
      targets: name.startsWith("Timing")
        ? [{ column: "ns each", atMost: 100 }]
        : [],
    })));
  },
};
