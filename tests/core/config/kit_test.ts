import assert from "node:assert/strict";
import { resolve } from "node:path";
import { z } from "zod";
import { createKit } from "../../../core/config/kit.ts";
import { validate } from "../../../core/config/validate.ts";
import type { Issue } from "../../../core/errors.ts";
import type { Distribution, KitType } from "../../../core/plugin.ts";

const DISTRIBUTION = { family: "fake" } as Distribution;

const kit = createKit({
  folder: "/srv/mock",
  distribution: (value) =>
    value === "good" ? { value: DISTRIBUTION } : {
      issues: [{
        path: "/mixture/0/of/normal/sd",
        message: "Must be greater than 0, received -1",
        value: -1,
        allowed: "a number",
        suggestion: "1",
      }],
    },
});

function read<T>(type: KitType<T>, value: unknown): unknown {
  const result = validate(type, value);
  return result.issues === undefined ? result.value : result.issues;
}

function issueOf(type: KitType<unknown>, value: unknown): Issue {
  const { issues } = validate(type, value);
  assert.equal(issues?.length, 1);
  return issues[0];
}

Deno.test("kit.duration() parses to milliseconds", () => {
  assert.equal(read(kit.duration(), "1.5s"), 1500);
  assert.equal(read(kit.duration(), 0), 0);
  assert.equal(read(kit.duration({ min: -10 }), "-10ms"), -10);
  assert.equal(read(kit.duration({ min: -Infinity }), "-10h"), -36e6);
  assert.equal(read(kit.duration({ above: -1 }), -0.5), -0.5);
});

Deno.test("kit.duration() describes what is allowed and suggests corrections", () => {
  const allowed =
    'a duration such as "120ms" or 1.5 (milliseconds), at least 0';
  assert.deepEqual(issueOf(kit.duration(), "2 sec"), {
    path: "",
    message: 'Cannot read "2 sec" as a duration',
    value: "2 sec",
    allowed,
    suggestion: "2s",
  });
  assert.deepEqual(issueOf(kit.duration(), "-5ms"), {
    path: "",
    message: 'Must be at least 0, received "-5ms"',
    value: "-5ms",
    allowed,
  });
  assert.deepEqual(issueOf(kit.duration(), true), {
    path: "",
    message: "Expected a duration, received true",
    value: true,
    allowed,
  });
  assert.deepEqual(issueOf(kit.duration(), undefined), {
    path: "",
    message: "Missing",
    allowed,
  });
  assert.equal(
    issueOf(kit.duration({ above: 0, max: 60_000 }), 0).allowed,
    'a duration such as "120ms" or 1.5 (milliseconds), greater than 0 and at most 60s',
  );
});

Deno.test("Numeric types of a kit refuse NaN and Infinity", () => {
  for (const value of [NaN, Infinity, -Infinity]) {
    for (
      const type of [
        kit.duration(),
        kit.rate(),
        kit.size(),
        kit.share(),
        kit.number(),
        kit.integer(),
      ]
    ) {
      assert.match(issueOf(type, value).message, /Cannot read|Expected/u);
    }
  }
});

Deno.test("kit.rate() parses to rates per second", () => {
  assert.equal(read(kit.rate(), "30/m"), 0.5);
  assert.equal(
    issueOf(kit.rate({ above: 0, max: 10 }), 0).message,
    "Must be greater than 0 and at most 10/s, received 0",
  );
});

Deno.test("kit.size() parses to whole bytes", () => {
  assert.equal(read(kit.size(), "64KiB"), 65_536);
  assert.equal(
    issueOf(kit.size(), "1.5B").message,
    'Must be a whole number of bytes, received "1.5B"',
  );
  assert.equal(
    issueOf(kit.size({ min: 1 }), 0).message,
    "Must be at least 1 bytes, received 0",
  );
});

Deno.test("kit.share(), number() and integer() enforce their limits", () => {
  assert.equal(read(kit.share(), 0.5), 0.5);
  assert.equal(
    issueOf(kit.share(), 1.5).message,
    "Must be from 0 to 1, received 1.5",
  );
  assert.equal(issueOf(kit.share(), "a").allowed, "a share, from 0 to 1");
  assert.equal(read(kit.number(), -1e9), -1e9);
  assert.equal(issueOf(kit.number(), "1").allowed, "a number");
  assert.equal(read(kit.integer({ min: 1 }), 1), 1);
  assert.equal(
    issueOf(kit.integer({ min: 1 }), 1.5).message,
    "Expected a whole number, received 1.5",
  );
  assert.equal(
    issueOf(kit.integer({ min: 1 }), 0).allowed,
    "a whole number, at least 1",
  );
});

Deno.test("kit.distribution() keeps the paths of nested issues", () => {
  assert.equal(read(kit.distribution(), "good"), DISTRIBUTION);
  const { issues } = validate(
    z.strictObject({ of: z.array(kit.distribution()) }),
    { of: ["good", { mixture: [] }] },
    "/routes/3",
  );
  assert.deepEqual(issues, [{
    path: "/routes/3/of/1/mixture/0/of/normal/sd",
    message: "Must be greater than 0, received -1",
    value: -1,
    allowed: "a number",
    suggestion: "1",
  }]);
  assert.equal(issueOf(kit.distribution(), undefined).message, "Missing");
});

Deno.test("kit.file() resolves to absolute paths", () => {
  assert.equal(
    read(kit.file(), "data/a.json"),
    resolve("/srv/mock", "data/a.json"),
  );
  assert.equal(read(kit.file(), "/etc/a.json"), resolve("/etc/a.json"));
  assert.match(issueOf(kit.file(), "").message, /Cannot read ""/u);
  assert.match(issueOf(kit.file(), "a\0b").message, /Cannot read/u);
  assert.equal(
    issueOf(kit.file(), 1).message,
    "Expected a path, received a number",
  );
});

Deno.test("Types of a kit combine like zod's own, with optional and default", () => {
  const schema = z.strictObject({
    a: kit.duration().optional(),
    b: kit.size().default(64),
    c: z.union([kit.duration(), z.literal("estimate")]).optional(),
  });
  assert.deepEqual(validate(schema, {}), { value: { b: 64 } });
  const { issues = [] } = validate(schema, { c: "estmate" });
  assert.deepEqual(issues, [{
    path: "/c",
    message: 'Cannot read "estmate" as a duration',
    value: "estmate",
    allowed:
      'a duration such as "120ms" or 1.5 (milliseconds), at least 0 or "estimate"',
    suggestion: "estimate",
  }]);
});

Deno.test("Types of a kit have description, examples and limits in their JSON Schema", () => {
  const schema = z.strictObject({
    a: kit.duration({ above: 0, max: 1000 }),
    b: kit.integer({ min: 1 }).optional(),
    c: kit.distribution(),
    d: kit.distribution(),
    e: kit.file(),
    f: kit.share(),
  });
  const json = z.toJSONSchema(schema, { io: "input" });
  assert.deepEqual(json.required, ["a", "c", "d", "e", "f"]);
  const { a, b, c, d } = json.properties ?? {};
  assert.ok(typeof a === "object" && typeof b === "object");
  assert.deepEqual(a.type, ["string", "number"]);
  assert.equal(a.exclusiveMinimum, 0);
  assert.equal(a.maximum, 1000);
  assert.deepEqual(a.examples, ["120ms", 250]);
  assert.match("120ms", new RegExp(a.pattern ?? "", "u"));
  assert.doesNotMatch("120", new RegExp(a.pattern ?? "", "u"));
  assert.deepEqual(b, {
    type: "integer",
    minimum: 1,
    description: "a whole number, at least 1",
    examples: [1, 2],
  });
  assert.deepEqual(c, { $ref: "#/$defs/Distribution" });
  assert.deepEqual(d, c);
});

Deno.test("Two kits can be used at the same time", () => {
  const other = createKit({
    folder: "/",
    distribution: () => ({ value: DISTRIBUTION }),
  });
  for (const { distribution } of [kit, other, kit]) {
    const json = z.toJSONSchema(z.array(distribution()), { io: "input" });
    assert.ok("Distribution" in (json.$defs ?? {}));
  }
});
