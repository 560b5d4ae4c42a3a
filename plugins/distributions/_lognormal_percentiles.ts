/**
 * A lognormal distribution through two percentiles: any two determine it, since the logarithm is a line over the standard normal
 * quantiles.
 *
 * @module
 */
import type { z as zod } from "zod";
import { type Kit, normalQuantile } from "../../core/plugin.ts";
import { type Context, milliseconds, report } from "./_parameters.ts";

/** Names of percentiles, such as p95 or p99.9. */
const NAME = /^p\d+(\.\d+)?$/;

/** A percentile as written. */
export interface Percentile {
  /** Key, such as `median` or `p95`. */
  readonly key: string;
  /** Share of shorter times, 0…1, both ends excluded. */
  readonly share: number;
  /** Time in milliseconds. */
  readonly time: number;
}

/** Returns the percentiles among parameters, by their shares. */
export function percentilesIn(
  given: Readonly<Record<string, number>>,
): readonly Percentile[] {
  return Object.entries(given)
    .flatMap(([key, time]) => {
      if (key === "median") return [{ key, share: 0.5, time }];
      return NAME.test(key)
        ? [{ key, share: Number(`${key.slice(1)}e-2`), time }] // exact, unlike division by 100
        : [];
    })
    .sort((a, b) => a.share - b.share);
}

/** Makes an object type of parameters that may also have percentiles of any name. */
export function withPercentiles<Shape extends zod.core.$ZodShape>(
  { z, duration }: Kit,
  shape: Shape,
) {
  const time = duration({ above: 0 });
  const { $schema: _, ...json } = z.toJSONSchema(time, { io: "input" });
  const declared = Object.keys(shape).filter((key) => NAME.test(key))
    .map((key) => key.slice(1));
  // A declared percentile is no other one: validators in strict mode take each key for one of the two.
  const others = `^p(?!(?:${declared.join("|")})$)\\d+(\\.\\d+)?$`;
  return z.object(shape).catchall(z.unknown()).meta({
    additionalProperties: false,
    patternProperties: { [others]: { ...json, meaning: "Percentile" } },
  }).transform((written, { issues }) => {
    const given: Record<string, number> = {};
    const unknown: string[] = [];
    for (const [key, value] of Object.entries(written)) {
      if (value === undefined) continue;
      if (Object.hasOwn(shape, key)) given[key] = value as number;
      else if (!NAME.test(key)) unknown.push(key);
      else {
        const read = time.safeParse(value);
        if (read.success) given[key] = read.data as number;
        for (const { message, ...issue } of read.error?.issues ?? []) {
          issues.push({
            ...issue,
            ...issue.code === "custom" && { message },
            path: [key],
            input: value,
          } as zod.core.$ZodRawIssue);
        }
      }
    }
    if (unknown.length > 0) {
      issues.push({ code: "unrecognized_keys", keys: unknown, input: written });
    }
    return given;
  });
}

/** Reports what is wrong with two percentiles. */
export function checkPercentiles(
  context: Context,
  [low, high]: readonly Percentile[],
): void {
  for (const { key, share } of [low, high]) {
    if (share > 0 && share < 1) continue;
    report(context, {
      path: [key],
      message: `Must lie between p0 and p100, received ${key}`,
      allowed: "percentiles above p0 and below p100",
    });
  }
  if (low.share === high.share) {
    report(context, {
      path: [high.key],
      message: `Must be another percentile than ${low.key}`,
      allowed: "two different percentiles",
    });
  } else if (high.time <= low.time) {
    report(context, {
      path: [high.key],
      message: `Must be greater than ${
        low.key === "median" ? "the median" : low.key
      }, ${milliseconds(low.time)}, received ${milliseconds(high.time)}`,
      allowed: `a duration greater than ${low.key}`,
    });
  }
}

/** Parameters of the logarithm of a distribution through two percentiles. */
export function through(
  [low, high]: readonly Percentile[],
): { readonly mu: number; readonly sigma: number } {
  const [a, b] = [normalQuantile(low.share), normalQuantile(high.share)];
  const sigma = Math.log(high.time / low.time) / (b - a);
  return { mu: Math.log(low.time) - sigma * a, sigma };
}
