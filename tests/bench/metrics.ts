/**
 * Cost of recording a duration.
 *
 * @module
 */
import type { Benchmark } from "./benchmark.ts";
import { measureRecorders } from "./recorder.ts";

/** Runs in process; reports the fastest of alternating rounds. */
export const recorder: Benchmark = {
  name: "recorder",
  measures: "Nanoseconds to record one duration, compared with prom-client",
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
