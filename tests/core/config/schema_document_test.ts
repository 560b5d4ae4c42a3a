import { deepEqual, equal } from "node:assert/strict";
import { finishedSchema } from "../../../core/config/mod.ts";

Deno.test("finishedSchema() makes one description of the meaning of a key and the form of its value", () => {
  deepEqual(
    finishedSchema({
      meaning: "Port to listen on",
      description: "a whole number",
    }),
    {
      description: "Port to listen on. A whole number",
    },
  );
  deepEqual(finishedSchema({ description: "a whole number" }), {
    description: "A whole number",
  });
  deepEqual(finishedSchema({ type: "string" }), { type: "string" });
});

Deno.test("finishedSchema() writes defaults as users do", () => {
  const duration = "^\\d+(us|ms|s)$";
  const defaults: [unknown, string | undefined, unknown][] = [
    [10_000, duration, "10s"],
    [0, duration, "0ms"],
    [65_536, "(B|[kKMGT]B)", "64KiB"],
    [1 << 30, "(B|[kKMGT]B)", "1GiB"],
    [1000, "(B|[kKMGT]B)", 1000],
    [200, undefined, 200],
    [false, undefined, false],
  ];
  for (const [fallback, pattern, expected] of defaults) {
    const { default: written } = finishedSchema({ fallback, pattern });
    equal(written, expected);
  }
  equal(finishedSchema({ fallback: 1, default: "250ms" }).default, "250ms");
});

Deno.test("finishedSchema() divides a list of types into one schema for each, with its own keywords", () => {
  deepEqual(
    finishedSchema({
      type: ["string", "number"],
      pattern: "^a$",
      minimum: 0,
      examples: ["a"],
    }),
    {
      examples: ["a"],
      anyOf: [{ type: "string", pattern: "^a$" }, {
        type: "number",
        minimum: 0,
      }],
    },
  );
});

Deno.test("finishedSchema() finishes all schemas within and leaves data alone", () => {
  const inner = { meaning: "Inner" };
  const described = { description: "Inner" };
  deepEqual(
    finishedSchema({
      properties: { meaning: inner, items: inner },
      patternProperties: { "^x-": inner },
      additionalProperties: inner,
      anyOf: [inner, true],
      $defs: { a: { items: inner } },
      default: inner,
      examples: [inner],
      const: inner,
    }),
    {
      properties: { meaning: described, items: described },
      patternProperties: { "^x-": described },
      additionalProperties: described,
      anyOf: [described, true],
      $defs: { a: { items: described } },
      default: inner,
      examples: [inner],
      const: inner,
    },
  );
});
