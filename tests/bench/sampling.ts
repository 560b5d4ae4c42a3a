/**
 * Speed of sampling, by distribution family.
 *
 * @module
 */
import { createPerfmock } from "../../mod.ts";
import type { Distribution, Plugin, Stream } from "../../core/plugin.ts";
import type { Benchmark, Row } from "./benchmark.ts";

/** Label, distribution, and target in million draws per second. */
const SUBJECTS: readonly (readonly [
  what: string,
  distribution: unknown,
  target?: number,
])[] = [
  ["constant", "120ms"],
  ["uniform", "uniform(min=1ms, max=9ms)"],
  ["normal", "normal(mean=100ms, sd=10ms)", 10],
  ["exponential", "exponential(mean=30ms)", 10],
  ["lognormal", "lognormal(median=120ms, p99=800ms)", 10],
  ["weibull", "weibull(shape=1.5, scale=30ms)"],
  ["pareto", "pareto(alpha=2.5, min=10ms)"],
  ["triangular", "triangular(min=1ms, mode=5ms, max=20ms)"],
  ["gamma", "gamma(shape=2.5, scale=10ms)", 0.8],
  ["erlang", "erlang(k=3, mean=30ms)"],
  ["poisson", "poisson(mean=30)"],
  ["percentiles", { percentiles: { p50: 120, p90: 300, p99: 800 } }],
  ["histogram", {
    histogram: {
      unit: "1ms",
      cumulative: false,
      buckets: [{ le: 10, count: 5 }, { le: 50, count: 80 }, {
        le: 100,
        count: 15,
      }],
    },
  }],
  ["empirical, 1000 values", {
    empirical: {
      values: Array.from({ length: 1000 }, (_, i) => 5 + i * 377 % 1000 / 10),
    },
  }],
  ["bimodal of two lognormals", {
    bimodal: {
      fast: { lognormal: { median: "40ms", p99: "90ms" } },
      slow: { lognormal: { median: "400ms", p99: "900ms" } },
      slowShare: 0.1,
    },
  }],
  ["mixture of three", {
    mixture: [
      { weight: 6, of: { exponential: { mean: "10ms" } } },
      { weight: 3, of: { lognormal: { median: "40ms", p99: "90ms" } } },
      { weight: 1, of: { uniform: { min: "1s", max: "2s" } } },
    ],
  }],
];

const ROUNDS = 15;

/** Runs in process, in alternating rounds. */
export const sampling: Benchmark = {
  name: "sampling",
  measures:
    "Million draws per second from each family by distribution.draw(), random numbers included: the fastest of alternating rounds, which other work on the machine disturbed least",
  async run({ quick }) {
    const { distributions, stream } = await compile();
    const runs = distributions.map((distribution) =>
      ownLoop(distribution, stream)
    );
    const draws = quick ? 20_000 : 400_000;
    const best = runs.map(() => 0);
    for (let round = 0; round < ROUNDS; round++) {
      for (const [index, run] of runs.entries()) {
        const start = performance.now();
        run(draws);
        const rate = draws / (performance.now() - start) / 1000;
        best[index] = Math.max(best[index], rate);
      }
    }
    return SUBJECTS.map(([what, , target], index): Row => ({
      what,
      values: { "M draws/s": best[index] },
      targets: target === undefined
        ? []
        : [{ column: "M draws/s", atLeast: target }],
    }));
  },
};

/** Compiles the distributions as a server does. */
async function compile(): Promise<
  { distributions: Distribution[]; stream: Stream }
> {
  let distributions: Distribution[] = [];
  let stream: Stream = { uniform: () => 0.5 };
  const probe: Plugin = {
    name: "sampling-benchmark",
    version: "1.0.0",
    async setup(host) {
      distributions = SUBJECTS.map(([, written]) => host.distribution(written));
      stream = await host.stream(42, "service");
      return {};
    },
  };
  await using _server = await createPerfmock({}, {
    listen: false,
    plugins: [probe],
  });
  return { distributions, stream };
}

/** Sums the draws, so that the compiler cannot remove them. */
function ownLoop(
  distribution: Distribution,
  stream: Stream,
): (n: number) => number {
  return (n) => {
    let sum = 0;
    for (let i = 0; i < n; i++) sum += distribution.draw(stream, i);
    return sum;
  };
}
