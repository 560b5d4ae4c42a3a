/**
 * What it costs to record figures and to show them.
 *
 * @module
 */
import type { Benchmark } from "./benchmark.ts";
import { measureRecorders } from "./recorder.ts";
import { measureScrapes } from "./scrape.ts";
import { median } from "./statistics.ts";

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

/** In process, one scrape after the other. */
export const scrape: Benchmark = {
  name: "scrape",
  measures:
    "How long a Prometheus scrape of 2000 series holds the event loop at a stretch; the first one also makes what is cached",
  async run({ quick }) {
    const [first, ...later] = await measureScrapes(quick ? 3 : 12);
    const rows = [["first scrape", [first]], ["later scrapes", later]] as const;
    return rows.map(([what, costs]) => ({
      what,
      values: {
        "longest stretch ms": Math.max(...costs.map(({ longest }) => longest)),
        "total ms, median": median(costs.map(({ total }) => total)),
        "KiB": costs[0].bytes / 1024,
      },
      targets: [{ column: "longest stretch ms", atMost: 2 }],
    }));
  },
};
