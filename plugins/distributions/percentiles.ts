/**
 * The percentiles family.
 *
 * @module
 */
import { type Family, normalCdf, normalQuantile } from "../../core/plugin.ts";
import { milliseconds, report } from "./_parameters.ts";
import { monotoneCurve } from "./_pchip.ts";

/** Parameters of {@linkcode percentiles}: `p50`, `p99.9` and the like, with times in milliseconds, above 0. */
export type PercentilesParameters = Readonly<Record<string, number>>;

/** A percentile as written, with its share and time. */
interface Reading {
  readonly key: string;
  /** Share of shorter times, 0…1, both ends excluded. */
  readonly share: number;
  /** Time in milliseconds. */
  readonly time: number;
}

/** A smooth curve through measured percentiles. */
export const percentiles: Family<PercentilesParameters> = {
  name: "percentiles",
  summary: "A smooth curve through measured percentiles",
  source:
    "Fritsch, Butland, A method for constructing local monotone piecewise cubic interpolants, 1984, on probit and logarithm",
  parameters: ({ z, duration }) =>
    z.record(
      z.string().regex(/^p\d+(\.\d+)?$/, {
        error: "Must be a percentile such as p50 or p99.9",
      }),
      duration({ above: 0 }),
    ).superRefine((given, context) => {
      const readings = readingsOf(given);
      if (readings.length < 2) {
        report(context, {
          path: [],
          message:
            `Must have at least two percentiles, received ${readings.length}`,
          allowed: "two percentiles or more, such as p50 and p99",
        });
      }
      readings.forEach(({ key, share, time }, i) => {
        if (!(share > 0 && share < 1)) {
          report(context, {
            path: [key],
            message: `Must lie between p0 and p100, received ${key}`,
            allowed: "percentiles above p0 and below p100",
          });
        }
        const before = readings[i - 1];
        if (before === undefined) return;
        if (share === before.share) {
          report(context, {
            path: [key],
            message: `Must be given once, received ${before.key} too`,
            allowed: "each percentile once",
          });
        } else if (time < before.time) {
          report(context, {
            path: [key],
            message: `Must be at least ${before.key}, ${
              milliseconds(before.time)
            }, received ${milliseconds(time)}`,
            allowed: "times that do not decrease from percentile to percentile",
          });
        }
      });
    }),
  create: (parameters) => {
    const readings = readingsOf(parameters);
    const curve = monotoneCurve(
      readings.map((
        { share, time },
      ) => [normalQuantile(share), Math.log(time)]),
    );
    const score = (x: number) => curve.inverse(Math.log(x));
    return {
      quantile: (u) => Math.exp(curve.at(normalQuantile(u))),
      survivalQuantile: (v) => Math.exp(curve.at(-normalQuantile(v))),
      cdf: (x) => x <= 0 ? 0 : normalCdf(score(x)),
      survival: (x) => x <= 0 ? 1 : normalCdf(-score(x)),
      measured: true,
      warnings: [
        `Times below ${readings[0].key} and above ${
          readings[readings.length - 1].key
        } are extrapolated`,
      ],
    };
  },
};

/** The percentiles in ascending order. */
function readingsOf(parameters: PercentilesParameters): readonly Reading[] {
  return Object.entries(parameters)
    .map(([key, time]) => ({
      key,
      share: Number(`${key.slice(1)}e-2`), // exact, unlike division by 100
      time,
    }))
    .sort((a, b) => a.share - b.share);
}
