/**
 * The setting `prometheus.buckets`: upper boundaries of the histograms of durations. A percentile that Prometheus or a receiver of
 * OpenTelemetry computes from them is as exact as the boundaries around it are close.
 *
 * | value | boundaries |
 * |---|---|
 * | `dense`, the default | 0.1 ms to 2 min, at most 12 % apart from 1 ms to 10 s |
 * | `coarse` | 0.1 ms to 2 min, three in each decade; a fifth of the size of `/metrics` |
 * | a list | durations with units, such as `[5ms, 10ms, 25ms, 0.1s]` |
 *
 * @module
 */
import type { Issue, Kit, KitType } from "../../core/plugin.ts";

/** Upper boundaries in ascending milliseconds; undefined for those of `dense`. */
export type Buckets = readonly number[] | undefined;

/** Boundaries of `coarse`, in ascending milliseconds. */
const COARSE: readonly number[] = [
  ...[0.1, 0.25, 0.5, 1, 2.5, 5, 10, 25, 50, 100, 250, 500],
  ...[1000, 2500, 5000, 10_000, 30_000, 60_000, 120_000],
];

/** Number of boundaries of `dense`. */
export const DENSE_BOUNDARIES = 103;

/** Maximum number of boundaries. */
const MOST = 500;

/** Number of lines of a scrape above which the size is worth a warning; they take about 10 MB. */
const MANY_LINES = 100_000;

/** Number of histograms of durations that each route has. */
const PER_ROUTE = 3;

/** Number of lines of a route besides the buckets of its durations, about. */
const OTHER_LINES = 40;

/** Schema of {@linkcode Buckets}. */
export function bucketsSchema(kit: Kit): KitType<Buckets> {
  const { z } = kit;
  const duration = kit.duration({ above: 0, max: 86_400_000 });
  const boundary = z.string({
    error:
      'A boundary needs a unit, such as "100ms" or "0.1s": a bare number would be milliseconds here, and is seconds in Prometheus',
  }).transform((written, context): number => {
    const parsed = duration.safeParse(written);
    if (parsed.success) return parsed.data as number;
    context.issues.push(
      ...parsed.error.issues.map(({ message }) => ({
        code: "custom" as const,
        input: written,
        message,
      })),
    );
    return z.NEVER;
  }).describe('a duration with its unit, such as "100ms"');
  const list = z.array(boundary).min(1).max(MOST).superRefine(
    (boundaries, context) => {
      for (const [index, boundary] of boundaries.entries()) {
        if (index === 0 || boundary > boundaries[index - 1]) continue;
        context.addIssue({
          code: "custom",
          path: [index],
          input: boundary,
          message: "The boundaries must be ascending",
        });
      }
    },
  );
  return z.union([z.enum(["dense", "coarse"]), list]).default("dense")
    .transform((written): Buckets => {
      if (written === "coarse") return COARSE;
      return written === "dense" ? undefined : written;
    });
}

/**
 * Warning about the size of a scrape.
 *
 * @param routes number of routes
 */
export function sizeWarnings(buckets: Buckets, routes: number): Issue[] {
  const count = buckets?.length ?? DENSE_BOUNDARIES;
  // Each histogram has a line for +Inf, one for its sum and one for its count.
  const lines = routes * (PER_ROUTE * (count + 3) + OTHER_LINES);
  return lines < MANY_LINES ? [] : [{
    path: "/prometheus/buckets",
    message:
      `A scrape of ${routes} routes with ${count} buckets for each of their durations has more than ${
        Math.floor(lines / 1000)
      } 000 lines, about ${Math.round(lines / 10_000)} MB`,
    suggestion: "set buckets to coarse or to a shorter list",
  }];
}
