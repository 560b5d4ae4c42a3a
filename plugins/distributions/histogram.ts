/**
 * The histogram family.
 *
 * @module
 */
import type { Family } from "../../core/plugin.ts";
import { type Bucket, bucketFunctions } from "./_bucket_curve.ts";
import {
  type BucketCount,
  bucketFault,
  readBuckets,
  sharesOf,
  totalCount,
} from "./_buckets.ts";
import { milliseconds, report, requireOneForm } from "./_faults.ts";

/** The parameters of {@linkcode histogram}: buckets or a file. */
export interface HistogramParameters {
  /** What a boundary of 1 stands for, in milliseconds; 1 where absent. */
  readonly unit?: number;
  /** Whether a count includes those of the buckets below, as Prometheus' do; false where absent. */
  readonly cumulative?: boolean;
  /** The buckets in ascending order, at least one. */
  readonly buckets?: readonly BucketCount[];
  /** A file with a boundary and a count on each line, separated by a comma; the first line may name the columns. */
  readonly file?: string;
}

/** A single bucket that holds more than this hides the shape. */
const COARSE = 0.5;

/** Counts by bucket, as monitoring systems keep them. */
export const histogram: Family<HistogramParameters> = {
  name: "histogram",
  summary: "Counts by bucket, as monitoring systems keep them",
  source:
    "Fritsch, Butland, A method for constructing local monotone piecewise cubic interpolants, 1984, on probit and logarithm",
  parameters: ({ z, duration, number, file }) =>
    z.strictObject({
      unit: duration({ above: 0 }).optional(),
      cumulative: z.boolean().optional(),
      buckets: z.array(z.strictObject({
        le: z.union([number({ above: 0 }), z.literal("+Inf")]),
        count: number({ min: 0 }),
      })).min(1).optional(),
      file: file().optional(),
    }).superRefine(({ buckets, file, cumulative = false }, context) => {
      requireOneForm(context, { buckets, file }, [["buckets"], ["file"]]);
      buckets?.forEach((bucket, i) => {
        const fault = bucketFault(bucket, buckets[i - 1], cumulative);
        if (fault === undefined) return;
        const { key, ...rest } = fault;
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
    return { ...bucketFunctions(shares), warnings: warningsOf(shares) };
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
