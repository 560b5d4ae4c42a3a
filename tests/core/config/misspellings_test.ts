import { deepEqual, equal } from "node:assert/strict";
import fc from "fast-check";
import { z } from "zod";
import { Corrected } from "../../../core/config/mod.ts";
import { validate } from "../../../core/config/validate.ts";
import { lines } from "../../support/errors.ts";

const issuesOf = (schema: z.ZodType, value: unknown, path = "") => {
  const { issues = [] } = validate(schema, value, path);
  return lines({ issues });
};

const pool = z.strictObject({
  concurrency: z.number().optional(),
  queue: z.number().default(0),
  order: z.enum(["fifo", "lifo"]).default("fifo"),
}).superRefine(({ concurrency, order }, context) => {
  if (concurrency === undefined) {
    context.addIssue({
      code: "custom",
      path: ["concurrency"],
      message: "A pool without concurrency limits nothing",
    });
  }
  if (order === "lifo") {
    context.addIssue({
      code: "custom",
      path: ["queue"],
      message: "A stack needs a queue",
    });
  }
});

Deno.test("validate() leaves out errors that only follow from a misspelt key", () => {
  deepEqual(issuesOf(pool, { concurency: 4 }), [
    '/concurency: Unknown key "concurency" → concurrency',
  ]);
  const required = z.strictObject({ from: z.number(), over: z.number() });
  deepEqual(issuesOf(required, { form: 1, ovr: 2 }, "/at"), [
    '/at/form: Unknown key "form" → from',
    '/at/ovr: Unknown key "ovr" → over',
  ]);
});

Deno.test("validate() finds the errors behind a misspelt key and a misspelt option, with their paths as written", () => {
  const schema = z.strictObject({ pools: z.record(z.string(), pool) });
  deepEqual(
    issuesOf(schema, { pols: { "a/b": { concurency: "x", order: "lifoo" } } }),
    [
      '/pols: Unknown key "pols" → pools',
      '/pols/a~1b/order: Must be "fifo" or "lifo", received "lifoo" → lifo',
      '/pols/a~1b/concurency: Unknown key "concurency" → concurrency',
      "/pols/a~1b/concurency: Expected a number, received a string",
    ],
  );
});

Deno.test("validate() keeps errors that do not follow from a misspelling", () => {
  deepEqual(issuesOf(pool, { concurency: 4, queue: "x", colour: 1 }), [
    "/queue: Expected a number, received a string",
    '/concurency: Unknown key "concurency" → concurrency',
    '/colour: Unknown key "colour"',
  ]);
  // The right key is there, too: nothing was meant by the other one.
  deepEqual(issuesOf(pool, { concurency: 4, concurrency: "x" }), [
    "/concurrency: Expected a number, received a string",
    '/concurency: Unknown key "concurency" → concurrency',
  ]);
});

Deno.test("validate() keeps all errors if a schema refuses what it suggests", () => {
  const stubborn = z.strictObject({ mode: z.string() }).superRefine(
    (_, context) => {
      context.addIssue({
        code: "custom",
        path: ["mod"],
        message: "Wrong",
        input: 1,
      });
    },
  );
  deepEqual(issuesOf(stubborn, { mod: 1 }).length > 0, true);
});

Deno.test("validate() reads a value with many errors once", () => {
  let readings = 0;
  const schema = z.strictObject({ from: z.number().optional() })
    .superRefine(() => void readings++);
  const many = Object.fromEntries(
    Array.from({ length: 200 }, (_, i) => [`form${i}`, 1]),
  );
  validate(schema, many);
  equal(readings, 1);
  validate(schema, { form: 1 });
  equal(readings, 3);
});

Deno.test("Corrected names each path as it was written, whatever was put right around it", () => {
  fc.assert(
    fc.property(
      fc.uniqueArray(fc.string({ minLength: 1, maxLength: 4 }), {
        minLength: 2,
        maxLength: 6,
      }),
      fc.array(fc.boolean(), { minLength: 6, maxLength: 6 }),
      (keys, wrong) => {
        // A chain of keys, some of which were written with an "x" before them.
        const written = keys.map((key, i) => wrong[i] ? `x${key}` : key);
        const value = written.reduceRight<unknown>(
          (inner, key) => ({ [key]: inner }),
          "end",
        );
        const corrected = new Corrected(value);
        keys.forEach((meant, i) => {
          if (!wrong[i]) return;
          corrected.correct([{
            segments: [...keys.slice(0, i), written[i]],
            meant,
            isKey: true,
          }]);
        });
        const pointer = (path: readonly string[]) =>
          path.map((key) =>
            `/${key.replaceAll("~", "~0").replaceAll("/", "~1")}`
          ).join("");
        const meant = keys.reduceRight<unknown>(
          (inner, key) => ({ [key]: inner }),
          "end",
        );
        deepEqual(corrected.value, meant);
        for (let i = 1; i <= keys.length; i++) {
          const found = corrected.asWritten({
            path: pointer(keys.slice(0, i)),
            message: "",
          });
          // A word that is not spelt alike may belong elsewhere, so that nothing is said of its value.
          if (found !== undefined) {
            equal(found.path, pointer(written.slice(0, i)));
          }
        }
      },
    ),
    { seed: 1, numRuns: 200 },
  );
});
