/**
 * Counts by bucket: checked, read from a file, and turned into shares.
 *
 * @module
 */
import type { Bucket } from "./_bucket_curve.ts";
import { InvalidParameters } from "./_faults.ts";
import { fileFault, readLines, toNumber } from "./_lines.ts";

/** A bucket as monitoring systems write it. */
export interface BucketCount {
  /** The upper boundary in units, above 0; "+Inf" for none. */
  readonly le: number | "+Inf";
  /** How many lie in it (with those below where cumulative), at least 0. */
  readonly count: number;
}

/** What is wrong with a bucket. */
export interface BucketFault {
  /** Which part of it. */
  readonly key: "le" | "count";
  /** A sentence that begins with "Must". */
  readonly message: string;
  /** What is allowed. */
  readonly allowed: string;
}

/** Shares below this are rounding, not data. */
const NEGLIGIBLE = 1e-12;

const ALLOWED_LINE =
  "a boundary above 0 or +Inf, a comma, and a count of at least 0, such as 250,17";

/** Checks a bucket against the one before it. */
export function bucketFault(
  bucket: BucketCount,
  before: BucketCount | undefined,
  cumulative: boolean,
): BucketFault | undefined {
  const { le, count } = bucket;
  if (before === undefined) {
    return le === "+Inf"
      ? {
        key: "le",
        message: "Must be finite in the first bucket",
        allowed: "a boundary above 0",
      }
      : undefined;
  }
  if (!(boundary(bucket) > boundary(before))) {
    return {
      key: "le",
      message:
        `Must be greater than the boundary before, ${before.le}, received ${le}`,
      allowed: "boundaries in ascending order",
    };
  }
  if (cumulative && count < before.count) {
    return {
      key: "count",
      message:
        `Must be at least the count before, ${before.count}, since counts are cumulative, received ${count}`,
      allowed: "cumulative counts, which do not decrease",
    };
  }
}

/** How many the buckets hold together; 0 where there are none. */
export function totalCount(
  buckets: readonly BucketCount[],
  cumulative: boolean,
): number {
  return buckets.reduce(
    (sum, { count }) => cumulative ? count : sum + count,
    0,
  );
}

/**
 * Reads lines of a boundary and a count.
 *
 * @param path absolute
 * @throws InvalidParameters at `/file`
 */
export function readBuckets(
  path: string,
  cumulative: boolean,
): readonly BucketCount[] {
  const buckets: BucketCount[] = [];
  readLines(path, (cells, first) => {
    const [le, count] = cells.map((cell) =>
      cell === "+Inf" ? Infinity : toNumber(cell)
    );
    if (first && Number.isNaN(le) && Number.isNaN(count)) return;
    const fault = { value: cells.join(","), allowed: ALLOWED_LINE };
    if (cells.length !== 2 || !(le > 0 && count >= 0 && count < Infinity)) {
      return { message: "has no boundary and count", ...fault };
    }
    const bucket = { le: le === Infinity ? "+Inf" as const : le, count };
    const wrong = bucketFault(bucket, buckets[buckets.length - 1], cumulative);
    buckets.push(bucket);
    return wrong &&
      {
        ...fault,
        message: `m${wrong.message.slice(1)}`,
        allowed: wrong.allowed,
      };
  });
  if (totalCount(buckets, cumulative) === 0) {
    throw new InvalidParameters([
      fileFault({
        message: "The file has no counts",
        value: path,
        allowed: ALLOWED_LINE,
      }),
    ]);
  }
  return buckets;
}

/**
 * The buckets that are not empty, with their shares.
 *
 * @param unit what a boundary of 1 stands for, in milliseconds
 */
export function sharesOf(
  buckets: readonly BucketCount[],
  unit: number,
  cumulative: boolean,
): readonly Bucket[] {
  const total = totalCount(buckets, cumulative);
  const shares = buckets.map(({ count }, i) =>
    (cumulative && i > 0 ? count - buckets[i - 1].count : count) / total
  );
  const above = new Float64Array(buckets.length);
  for (let i = buckets.length - 1; i > 0; i--) {
    above[i - 1] = above[i] + shares[i];
  }
  let below = 0;
  return buckets.map((bucket, i) => {
    const from = i === 0 ? 0 : unit * boundary(buckets[i - 1]);
    const start = below;
    below += shares[i];
    return {
      from,
      to: unit * boundary(bucket),
      below: start,
      above: above[i],
      share: shares[i],
    };
  }).filter(({ share }) => share > NEGLIGIBLE);
}

function boundary({ le }: BucketCount): number {
  return le === "+Inf" ? Infinity : le;
}
