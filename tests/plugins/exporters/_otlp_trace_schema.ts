/**
 * ExportTraceServiceRequest in the JSON mapping of protocol buffers, as strict as possible: unknown keys, 64-bit integers that are not
 * strings, spans that end before they start, and children outside their parents are errors.
 *
 * Read from opentelemetry-proto 1.x: trace/v1/trace.proto, common/v1/common.proto, resource/v1/resource.proto.
 */
import { z } from "zod";

const nanoseconds = z.string().regex(/^1\d{18}$/);
const traceId = z.string().regex(/^(?!0+$)[0-9a-f]{32}$/);
const spanId = z.string().regex(/^(?!0+$)[0-9a-f]{16}$/);

const value = z.union([
  z.strictObject({ stringValue: z.string() }),
  z.strictObject({ intValue: z.string().regex(/^(0|-?[1-9]\d{0,18})$/) }),
  z.strictObject({
    doubleValue: z.union([z.number(), z.enum(["Infinity", "NaN"])]),
  }),
]);

const attributes = z.array(z.strictObject({ key: z.string().min(1), value }))
  .refine(
    (list) => new Set(list.map(({ key }) => key)).size === list.length,
    "An attribute comes twice",
  );

const span = z.strictObject({
  traceId,
  spanId,
  parentSpanId: spanId.optional(),
  // The trace is sampled; the parent's place is known, and may be remote.
  flags: z.union([z.literal(0x101), z.literal(0x301)]),
  name: z.string().min(1),
  // Internal and server.
  kind: z.union([z.literal(1), z.literal(2)]),
  startTimeUnixNano: nanoseconds,
  endTimeUnixNano: nanoseconds,
  attributes: attributes.optional(),
  status: z.strictObject({ code: z.literal(2) }).optional(),
}).refine(
  ({ startTimeUnixNano, endTimeUnixNano }) =>
    BigInt(startTimeUnixNano) <= BigInt(endTimeUnixNano),
  "It ends before it starts",
);

const spans = z.array(span).refine(
  (list) => new Set(list.map(({ spanId }) => spanId)).size === list.length,
  "A span comes twice",
).refine(
  (list) =>
    list.every((child) => {
      if (child.kind === 2) return true;
      const parent = list.find(({ spanId }) => spanId === child.parentSpanId);
      return parent !== undefined && parent.traceId === child.traceId &&
        BigInt(parent.startTimeUnixNano) <= BigInt(child.startTimeUnixNano) &&
        BigInt(child.endTimeUnixNano) <= BigInt(parent.endTimeUnixNano);
    }),
  "A child is outside its parent",
);

/** Schema of a request. */
export const traceRequest = z.strictObject({
  resourceSpans: z.array(z.strictObject({
    resource: z.strictObject({ attributes }),
    scopeSpans: z.array(z.strictObject({
      scope: z.strictObject({ name: z.string(), version: z.string() }),
      spans,
    })).length(1),
  })).length(1),
});

/** A span, parsed. */
export type Span = z.infer<typeof span>;

/** Spans of the text of a request. */
export function spansIn(body: string): Span[] {
  return traceRequest.parse(JSON.parse(body)).resourceSpans[0].scopeSpans[0]
    .spans;
}

/** Attributes of a span as an object. */
export function attributesOf(
  { attributes = [] }: Span,
): Record<string, unknown> {
  return Object.fromEntries(
    attributes.map(({ key, value }) => [key, Object.values(value)[0]]),
  );
}
