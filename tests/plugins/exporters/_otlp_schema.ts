/**
 * ExportMetricsServiceRequest in the JSON mapping of protocol buffers, as strict as possible: unknown keys, 64-bit
 * integers that are not strings, and buckets whose sum is not the count are errors.
 *
 * Read from opentelemetry-proto 1.x: metrics/v1/metrics.proto, common/v1/common.proto, resource/v1/resource.proto.
 */
import { z } from "zod";

const uint64 = z.string().regex(/^(0|[1-9]\d{0,19})$/);
const nanoseconds = z.string().regex(/^1\d{18}$/);
const double = z.number();

const attributes = z.array(z.strictObject({
  key: z.string().min(1),
  value: z.strictObject({ stringValue: z.string() }),
})).refine(
  (list) => new Set(list.map(({ key }) => key)).size === list.length,
  "An attribute comes twice",
);

const exemplar = z.strictObject({
  timeUnixNano: nanoseconds,
  asDouble: double,
  traceId: z.string().regex(/^[0-9a-f]{32}$/),
});

const cumulative = z.strictObject({
  attributes: attributes.optional(),
  startTimeUnixNano: nanoseconds,
  timeUnixNano: nanoseconds,
  asDouble: double,
}).refine(
  (point) => BigInt(point.startTimeUnixNano) <= BigInt(point.timeUnixNano),
  "It ends before it starts",
);

const gaugePoint = z.strictObject({
  attributes: attributes.optional(),
  timeUnixNano: nanoseconds,
  asDouble: double,
});

const histogramPoint = z.strictObject({
  attributes: attributes.optional(),
  startTimeUnixNano: nanoseconds,
  timeUnixNano: nanoseconds,
  count: uint64,
  sum: double,
  bucketCounts: z.array(uint64),
  explicitBounds: z.array(double),
  exemplars: z.array(exemplar).min(1).optional(),
}).refine(
  ({ bucketCounts, explicitBounds }) =>
    bucketCounts.length === explicitBounds.length + 1,
  "There must be one bucket more than bounds",
).refine(
  ({ bucketCounts, count }) =>
    bucketCounts.reduce((sum, n) => sum + BigInt(n), 0n) === BigInt(count),
  "The buckets must add up to the count",
).refine(
  ({ explicitBounds }) =>
    explicitBounds.every((bound, index) =>
      index === 0 || bound > explicitBounds[index - 1]
    ),
  "Bounds must ascend",
);

const identity = { name: z.string().min(1), description: z.string() };

const metric = z.union([
  z.strictObject({
    ...identity,
    sum: z.strictObject({
      dataPoints: z.array(cumulative).min(1),
      aggregationTemporality: z.literal(2),
      isMonotonic: z.literal(true),
    }),
  }),
  z.strictObject({
    ...identity,
    gauge: z.strictObject({ dataPoints: z.array(gaugePoint).min(1) }),
  }),
  z.strictObject({
    ...identity,
    unit: z.literal("s"),
    histogram: z.strictObject({
      dataPoints: z.array(histogramPoint).min(1),
      aggregationTemporality: z.literal(2),
    }),
  }),
]);

/** Schema of a request. */
export const request = z.strictObject({
  resourceMetrics: z.array(z.strictObject({
    resource: z.strictObject({ attributes }),
    scopeMetrics: z.array(z.strictObject({
      scope: z.strictObject({ name: z.string(), version: z.string() }),
      metrics: z.array(metric).min(1),
    })).length(1),
  })).length(1),
});

/** A request, parsed. */
export type Request = z.infer<typeof request>;
