import { deepEqual, equal, match, notEqual } from "node:assert/strict";
import fc from "fast-check";
import {
  parseTraceparent,
  spanId,
  TraceIds,
  traceparent,
} from "../../../core/lib/trace.ts";

const TRACE = "4bf92f3577b34da6a3ce929d0e0e4736";
const SPAN = "00f067aa0ba902b7";

Deno.test("TraceIds generates different words", () => {
  const traces = new TraceIds();
  const seen = new Set<string>();
  // More ids than one block of random words is enough for.
  for (let i = 0; i < 1500; i++) seen.add(spanId(traces.word(), traces.word()));
  equal(seen.size, 1500);
});

Deno.test("spanId() formats two words as 16 hexadecimal digits", () => {
  fc.assert(fc.property(fc.integer(), fc.integer(), (high, low) => {
    const digits = (word: number) => (word >>> 0).toString(16).padStart(8, "0");
    equal(spanId(high, low), digits(high) + digits(low));
  }));
});

Deno.test("TraceIds of two servers differ", () => {
  match(new TraceIds().prefix, /^[0-9a-f]{16}$/);
  notEqual(new TraceIds().prefix, new TraceIds().prefix);
});

Deno.test("parseTraceparent() reads what traceparent() writes", () => {
  const id = (length: number) =>
    fc.array(fc.constantFrom(..."0123456789abcdef"), {
      minLength: length,
      maxLength: length,
    }).map((digits) => digits.join(""))
      .filter((text) => !/^0+$/.test(text));
  fc.assert(fc.property(
    id(32),
    id(16),
    fc.boolean(),
    (trace, span, sampled) =>
      deepEqual(parseTraceparent(traceparent(trace, span, sampled)), {
        trace,
        span,
        sampled,
      }),
  ));
});

const CASES: readonly (readonly [string, boolean])[] = [
  [`00-${TRACE}-${SPAN}-01`, true],
  [`00-${TRACE}-${SPAN}-ff`, true],
  [`cc-${TRACE}-${SPAN}-01`, true],
  [`cc-${TRACE}-${SPAN}-01-what-the-future-brings`, true],
  [`cc-${TRACE}-${SPAN}-01.what`, false],
  [`00-${TRACE}-${SPAN}-01-more`, false],
  [`ff-${TRACE}-${SPAN}-01`, false],
  [`00-${"0".repeat(32)}-${SPAN}-01`, false],
  [`00-${TRACE}-${"0".repeat(16)}-01`, false],
  [`00-${TRACE.toUpperCase()}-${SPAN}-01`, false],
  [`00-${TRACE}-${SPAN}-1`, false],
  [`00-${TRACE}-${SPAN}`, false],
  [`00-${TRACE}-${SPAN}-01, 00-${TRACE}-${SPAN}-01`, false],
  [` 00-${TRACE}-${SPAN}-01`, false],
  [`0-${TRACE}-${SPAN}-01`, false],
  ["", false],
  ["-".repeat(10_000), false],
];

for (const [value, valid] of CASES) {
  Deno.test(`the traceparent "${value.slice(0, 80)}" is ${valid ? "read" : "malformed"}`, () => {
    deepEqual(
      parseTraceparent(value),
      valid
        ? { trace: TRACE, span: SPAN, sampled: !value.endsWith("-00") }
        : undefined,
    );
  });
}

Deno.test("the lowest flag says that the trace is recorded", () => {
  const sampled = (flags: string) =>
    parseTraceparent(`00-${TRACE}-${SPAN}-${flags}`)?.sampled;
  deepEqual(["00", "01", "02", "03"].map(sampled), [false, true, false, true]);
});
