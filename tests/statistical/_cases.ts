/**
 * One or more examples of every family, each with probabilities that are independent of the code under test.
 *
 * @module
 */
import type { Probability } from "./_goodness.ts";
import { tabulate } from "./_tabulate.ts";

/** An example and its expected probabilities. */
export interface Case {
  /** Description. */
  readonly name: string;
  /** As a user writes it. */
  readonly written: Readonly<Record<string, unknown>>;
  /** Makes the independent probabilities. */
  readonly probability: () => Probability;
}

const gaussian = (mean: number, sd: number) => (x: number) =>
  Math.exp(-(((x - mean) / sd) ** 2) / 2);

const logGaussian = (mu: number, sigma: number) => (x: number) =>
  Math.exp(-(((Math.log(x) - mu) / sigma) ** 2) / 2) / x;

const gammaDensity = (shape: number, scale: number) => (x: number) =>
  Math.exp((shape - 1) * Math.log(x) - x / scale);

const exponential = (mean: number): Probability => (x) => [
  1 - Math.exp(-x / mean),
  Math.exp(-x / mean),
];

/** ln 800/120 over the 99 % point of the standard normal, from a table of ten digits. */
const SIGMA = Math.log(800 / 120) / 2.3263478740;

const slow = () =>
  tabulate({
    density: logGaussian(Math.log(120), SIGMA),
    from: 0.001,
    to: 1e7,
    logarithmic: true,
  });

function mixed(
  share: number,
  one: Probability,
  other: Probability,
): Probability {
  return (x) => {
    const [a, b] = one(x);
    const [c, d] = other(x);
    return [
      (1 - share) * a + share * c,
      (1 - share) * b + share * d,
    ];
  };
}

/** Probability of a transformed time, by the inverse of the transformation. */
function moved(of: Probability, back: (x: number) => number): Probability {
  return (x) => of(back(x));
}

const BOUNDARIES = [5, 10, 25, 50, 100, 250, 500, 1000, 2500];

/** Counts of the lognormal of {@linkcode slow}, by Prometheus' boundaries. */
function bucketsOf(probability: Probability): readonly unknown[] {
  return [
    ...BOUNDARIES.map((le) => ({ le, count: 1e9 * probability(le)[0] })),
    { le: "+Inf", count: 1e9 },
  ];
}

/** Distributions without atoms. */
export const continuous: readonly Case[] = [
  {
    name: "uniform",
    written: { uniform: { min: 10, max: 20 } },
    probability: () => (x) => [(x - 10) / 10, (20 - x) / 10],
  },
  {
    name: "normal",
    written: { normal: { mean: 100, sd: 20 } },
    probability: () =>
      tabulate({ density: gaussian(100, 20), from: 0, to: 300 }),
  },
  {
    name: "normal, truncated hard",
    written: { normal: { mean: 50, sd: 10, min: 40, max: 80 } },
    probability: () =>
      tabulate({ density: gaussian(50, 10), from: 40, to: 80 }),
  },
  {
    name: "normal in its far tail",
    written: { normal: { mean: 0, sd: 10, min: 80 } },
    probability: () =>
      tabulate({ density: gaussian(0, 10), from: 80, to: 130 }),
  },
  {
    name: "lognormal by median and p99",
    written: { lognormal: { median: 120, p99: 800 } },
    probability: slow,
  },
  {
    name: "exponential",
    written: { exponential: { mean: 50 } },
    probability: () => exponential(50),
  },
  {
    name: "exponential by rate",
    written: { exponential: { rate: "8/s" } },
    probability: () => exponential(125),
  },
  {
    name: "gamma below shape 1",
    written: { gamma: { shape: 0.5, scale: 20 } },
    probability: () =>
      tabulate({
        density: gammaDensity(0.5, 20),
        from: 1e-13,
        to: 1200,
        logarithmic: true,
      }),
  },
  {
    name: "gamma by mean and sd",
    written: { gamma: { mean: 50, sd: 25 } },
    probability: () =>
      tabulate({
        density: gammaDensity(4, 12.5),
        from: 1e-6,
        to: 1000,
        logarithmic: true,
      }),
  },
  {
    name: "erlang",
    written: { erlang: { k: 3, mean: 60 } },
    probability: () => (x) => {
      const t = x / 20;
      const above = Math.exp(-t) * (1 + t + t * t / 2);
      return [1 - above, above];
    },
  },
  {
    name: "weibull",
    written: { weibull: { shape: 1.5, scale: 100 } },
    probability: () => moved(exponential(1), (x) => (x / 100) ** 1.5),
  },
  {
    name: "pareto",
    written: { pareto: { alpha: 2.5, min: 10 } },
    probability: () => (x) => [1 - (10 / x) ** 2.5, (10 / x) ** 2.5],
  },
  {
    name: "triangular",
    written: { triangular: { min: 10, mode: 30, max: 90 } },
    probability: () =>
      tabulate({
        density: (x) => x < 30 ? (x - 10) / 20 : (90 - x) / 60,
        from: 10,
        to: 90,
      }),
  },
  {
    name: "bimodal",
    written: {
      bimodal: {
        fast: { normal: { mean: 20, sd: 4 } },
        slow: { lognormal: { median: 120, p99: 800 } },
        slowShare: 0.1,
      },
    },
    probability: () =>
      mixed(
        0.1,
        tabulate({ density: gaussian(20, 4), from: 0, to: 60 }),
        slow(),
      ),
  },
  {
    name: "mixture with weights to normalise",
    written: {
      mixture: [
        { weight: 3, of: { exponential: { mean: 10 } } },
        { weight: 0, of: "1h" },
        { weight: 1, of: { exponential: { mean: 400 } } },
      ],
    },
    probability: () => mixed(0.25, exponential(10), exponential(400)),
  },
  {
    name: "percentiles of a lognormal",
    written: { percentiles: { p50: 120, p99: 800 } },
    probability: slow,
  },
  {
    name: "histogram of a lognormal",
    written: { histogram: { cumulative: true, buckets: bucketsOf(slow()) } },
    probability: slow,
  },
  {
    name: "fitted",
    written: { fitted: { of: { exponential: { mean: 50 } }, from: "a.csv" } },
    probability: () => exponential(50),
  },
  {
    name: "shift",
    written: { shift: { by: 30, of: { exponential: { mean: 50 } } } },
    probability: () => moved(exponential(50), (x) => x - 30),
  },
  {
    name: "scale",
    written: { scale: { by: 3, of: { exponential: { mean: 50 } } } },
    probability: () => exponential(150),
  },
  {
    name: "truncate",
    written: {
      truncate: {
        min: 50,
        max: 500,
        of: { lognormal: { median: 120, p99: 800 } },
      },
    },
    probability: () =>
      tabulate({
        density: logGaussian(Math.log(120), SIGMA),
        from: 50,
        to: 500,
        logarithmic: true,
      }),
  },
];

/** Distributions whose draws need a search, which is too slow for a million draws in a test. */
export const searched: readonly Case[] = [
  {
    name: "truncate of a mixture",
    written: {
      truncate: {
        max: 100,
        of: {
          mixture: [
            { weight: 3, of: { exponential: { mean: 10 } } },
            { weight: 1, of: { exponential: { mean: 400 } } },
          ],
        },
      },
    },
    probability: () => {
      const whole = mixed(0.25, exponential(10), exponential(400));
      const [inside, outside] = whole(100);
      return (x) => {
        const [below, above] = whole(x);
        return [below / inside, (above - outside) / inside];
      };
    },
  },
];

/** Distributions with atoms, for which only P(X ≤ x) is tested. */
export const discrete: readonly Case[] = [
  {
    name: "constant",
    written: { constant: { value: 120 } },
    probability: () => (x) => x < 120 ? [0, 1] : [1, 0],
  },
  {
    name: "poisson",
    written: { poisson: { mean: 4.5, unit: "10ms" } },
    probability: () => poissonBelow(4.5, 10),
  },
  {
    name: "poisson with a great mean",
    written: { poisson: { mean: 300 } },
    probability: () => poissonBelow(300, 1),
  },
  {
    name: "empirical",
    written: { empirical: { values: [30, 10, 20, 20, "40ms"] } },
    probability: () => (x) => {
      const below = [10, 20, 20, 30, 40].filter((y) => y <= x).length / 5;
      return [below, 1 - below];
    },
  },
  {
    name: "clamp",
    written: {
      clamp: { min: 20, max: 100, of: { exponential: { mean: 50 } } },
    },
    probability: () => (x) => {
      const [below, above] = exponential(50)(x);
      return x < 20 ? [0, 1] : x >= 100 ? [1, 0] : [below, above];
    },
  },
  {
    name: "shift below 0",
    written: { shift: { by: -20, of: { exponential: { mean: 50 } } } },
    probability: () => moved(exponential(50), (x) => x < 0 ? 0 : x + 20),
  },
  {
    name: "mixture with an atom",
    written: {
      bimodal: {
        fast: "5ms",
        slow: { exponential: { mean: 100 } },
        slowShare: 0.3,
      },
    },
    probability: () =>
      mixed(0.3, (x) => x < 5 ? [0, 1] : [1, 0], exponential(100)),
  },
];

/** Sums m^k/k!·e^−m by logarithms of factorials, term by term. */
function poissonBelow(mean: number, unit: number): Probability {
  return (x) => {
    let logTerm = -mean;
    let below = 0;
    for (let k = 0; k * unit <= x; k++) {
      if (k > 0) logTerm += Math.log(mean / k);
      below += Math.exp(logTerm);
    }
    return [below, 1 - below];
  };
}
