/**
 * The histogram family.
 *
 * @module
 */
import type { Family } from "../../core/plugin.ts";
import {
  type Bucket,
  type BucketCount,
  bucketFunctions,
  checkBucket,
  MOST_BUCKETS,
  readBuckets,
  sharesOf,
  totalCount,
} from "./_buckets.ts";
import { milliseconds, report, requireOneForm } from "./_parameters.ts";

/** Parameters of {@linkcode histogram}: buckets or a file. */
export interface HistogramParameters {
  /** Duration of a boundary of 1, in milliseconds. Default 1. */
  readonly unit?: number;
  /** True if each count includes those of the lower buckets, as in Prometheus. Default false. */
  readonly cumulative?: boolean;
  /** Buckets in ascending order; at least one. */
  readonly buckets?: readonly BucketCount[];
  /** Path of a file with a boundary and a count on each line, separated by a comma; the first line may name the columns. */
  readonly file?: string;
}

/** Share of a single bucket above which there is a warning: the bucket hides the shape of the distribution. */
const COARSE = 0.5;

/** Counts by bucket, as monitoring systems keep them. */
export const histogram: Family<HistogramParameters> = {
  name: "histogram",
  summary: "Counts by bucket, as monitoring systems keep them",
  source:
    "Fritsch, Butland, A method for constructing local monotone piecewise cubic interpolants, 1984, on probit and logarithm",
  parameters: ({ z, duration, number, file, worded }) =>
    z.strictObject(worded({
      unit: duration({ above: 0 }).optional(),
      cumulative: z.boolean().optional(),
      buckets: z.array(z.strictObject(worded({
        le: z.union([number({ above: 0 }), z.literal("+Inf")]),
        count: number({ min: 0 }),
      }, {
        le: "Upper end of the bucket, inclusive, as a number of units",
        count: "Number of times in the bucket",
      }))).min(1).max(MOST_BUCKETS).optional(),
      file: file().optional(),
    }, {
      unit: "Length of a unit of the upper ends. Default 1 ms",
      cumulative:
        "True if each count includes those of the buckets before, as in Prometheus. Default false",
      buckets: "Buckets in ascending order of their upper ends",
      file: "File with one bucket a line, in place of buckets",
    })).superRefine(({ buckets, file, cumulative = false }, context) => {
      requireOneForm(context, { buckets, file }, [["buckets"], ["file"]]);
      buckets?.forEach((bucket, i) => {
        const issue = checkBucket(bucket, buckets[i - 1], cumulative);
        if (issue === undefined) return;
        const { key, ...rest } = issue;
        report(context, { path: ["buckets", i, key], ...rest });
      });
      const empty = buckets !== undefined && buckets.length > 0 &&
        totalCount(buckets, cumulative) === 0;
      if (!empty) return;
      report(context, {
        path: ["buckets"],
        message: "Must have a count above 0",
        allowed: "counts of which at least one is above 0",
      });
    }),
  create: ({ unit = 1, cumulative = false, buckets = [], file }) => {
    const counts = file === undefined ? buckets : readBuckets(file, cumulative);
    const shares = sharesOf(counts, unit, cumulative);
    return {
      ...bucketFunctions(shares),
      warnings: warningsOf(shares),
      measured: true,
    };
  },
};

function warningsOf(buckets: readonly Bucket[]): readonly string[] {
  return buckets.flatMap(({ from, to, share }) => {
    const part = `${Number((100 * share).toPrecision(3))} % of the times lie`;
    if (to === Infinity) {
      return [
        `${part} beyond the last boundary, ${
          milliseconds(from)
        }, and are extrapolated`,
      ];
    }
    return share > COARSE
      ? [
        `${part} between ${milliseconds(from)} and ${
          milliseconds(to)
        }: how they are spread in there is a guess`,
      ]
      : [];
  });
}
