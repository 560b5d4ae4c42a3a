import assert from "node:assert/strict";
import fc from "fast-check";
import { z } from "zod";
import { invalidConfig, validate } from "../../../core/config/validate.ts";
import { type Issue, PerfmockError } from "../../../core/errors.ts";
import type { Schema, SchemaIssue } from "../../../core/contract/values.ts";

/** Returns the issues of an invalid value. */
function issuesOf(schema: Schema, value: unknown, path = ""): readonly Issue[] {
  const { issues } = validate(schema, value, path);
  assert.ok(issues !== undefined, "the value should be invalid");
  return issues;
}

/** Returns the only issue of an invalid value. */
function issueOf(schema: Schema, value: unknown): Issue {
  const issues = issuesOf(schema, value);
  assert.equal(issues.length, 1, JSON.stringify(issues));
  return issues[0];
}

/** A schema of another vendor. */
function foreign(
  issues: readonly SchemaIssue[],
  json: Record<string, unknown>,
): Schema {
  return {
    "~standard": {
      version: 1,
      vendor: "other",
      validate: () => ({ issues }),
      jsonSchema: { input: () => json },
    },
  };
}

Deno.test("validate() returns the parsed value", () => {
  const schema = z.strictObject({ a: z.number().default(1) });
  assert.deepEqual(validate(schema, {}), { value: { a: 1 } });
});

Deno.test("validate() reports all issues at once, each with path, value, and what is allowed", () => {
  const schema = z.strictObject({
    host: z.string(),
    port: z.int().min(0).max(65535),
    mode: z.enum(["fifo", "lifo"]),
    pools: z.record(z.string(), z.strictObject({ queue: z.number().gt(0) })),
  });
  const value = {
    port: -1,
    mode: "lfio",
    pools: { "a/b": { queue: 0, quue: 1 } },
    prot: 1,
  };
  assert.deepEqual(issuesOf(schema, value, "/server"), [
    { path: "/server/host", message: "Missing", allowed: "a string" },
    {
      path: "/server/port",
      message: "Must be at least 0, received -1",
      value: -1,
      allowed: "a whole number, from 0 to 65535",
    },
    {
      path: "/server/mode",
      message: 'Must be "fifo" or "lifo", received "lfio"',
      value: "lfio",
      allowed: '"fifo" or "lifo"',
      suggestion: "lifo",
    },
    {
      path: "/server/pools/a~1b/queue",
      message: "Must be greater than 0, received 0",
      value: 0,
      allowed: "a number, greater than 0",
    },
    {
      path: "/server/pools/a~1b/quue",
      message: 'Unknown key "quue"',
      value: 1,
      allowed: "queue",
      suggestion: "queue",
    },
    {
      path: "/server/prot",
      message: 'Unknown key "prot"',
      value: 1,
      allowed: "host, port, mode or pools",
      suggestion: "port",
    },
  ]);
});

Deno.test("validate() reports each unknown key separately", () => {
  const issues = issuesOf(z.strictObject({}), { a: 1, b: 2 });
  assert.deepEqual(issues.map(({ path }) => path), ["/a", "/b"]);
  assert.equal(issues[0].allowed, "no keys");
});

Deno.test("validate() replaces zod's messages", () => {
  const table: [Schema, unknown, string][] = [
    [z.number(), "1", "Expected a number, received a string"],
    [z.number(), NaN, "Expected a number, received NaN"],
    [z.number(), undefined, "Missing"],
    [z.int(), 1.5, "Expected a whole number, received 1.5"],
    [z.int(), [], "Expected a number, received a list"],
    [z.boolean(), "yes", "Expected true or false, received a string"],
    [z.boolean(), null, "Expected true or false, received null"],
    [z.array(z.any()), {}, "Expected a list, received an object"],
    [z.strictObject({}), true, "Expected an object, received true"],
    [z.literal("a"), "b", 'Must be "a", received "b"'],
    [z.literal("a"), undefined, "Missing"],
    [z.number().lt(3), 3, "Must be less than 3, received 3"],
    [z.number().max(3), 4, "Must be at most 3, received 4"],
    [
      z.number().multipleOf(5),
      3,
      "Must be a multiple of 5, received 3",
    ],
    [
      z.array(z.any()).min(1),
      [],
      "Must have at least 1 entry, received 0",
    ],
    [
      z.array(z.any()).max(2),
      [1, 2, 3],
      "Must have at most 2 entries, received 3",
    ],
    [z.string().length(2), "a", "Must have exactly 2 characters, received 1"],
    [z.string().min(1), "", "Must have at least 1 character, received 0"],
    [z.string().regex(/^a/), "b", 'Must match the pattern /^a/, received "b"'],
    [z.string().startsWith("/"), "b", 'Must start with "/", received "b"'],
    [z.string().endsWith("/"), "b", 'Must end with "/", received "b"'],
    [z.string().includes("/"), "b", 'Must contain "/", received "b"'],
    [z.ipv4(), "b", 'Must be an ipv4, received "b"'],
    [z.ipv4(), "b".repeat(99), "Must be an ipv4, received a long string"],
    [
      z.record(z.string().regex(/^a/), z.any()),
      { b: 1 },
      'Invalid key "b": must match the pattern /^a/, received "b"',
    ],
    [
      z.set(z.any()).min(1),
      new Set(),
      "Must have at least 1 entry, received 0",
    ],
  ];
  for (const [schema, value, message] of table) {
    const [issue] = issuesOf(schema, value);
    assert.equal(issue.message, message);
  }
});

Deno.test("validate() keeps the messages of a schema's author, in perfmock's style", () => {
  assert.equal(
    issueOf(z.number().min(1, "must be one at least."), 0).message,
    "Must be one at least",
  );
  assert.equal(
    issueOf(z.string().refine(() => false, "no good"), "a").message,
    "No good",
  );
});

Deno.test("validate() keeps an author's message that equals zod's own", () => {
  const message = "Invalid input: expected string, received number";
  assert.equal(issueOf(z.string(message), 1).message, message);
});

Deno.test("validate() describes the value that a check received, after transforms before it", () => {
  const schema = z.string().transform(Number).pipe(z.number().min(5));
  assert.deepEqual(issueOf(schema, "3"), {
    path: "",
    message: "Must be at least 5, received 3",
    value: "3",
    allowed: "a string",
  });
});

Deno.test("validate() keeps zod's messages if a schema takes no error map", () => {
  const copy = z.number().min(1);
  const foreignCopy: Schema = {
    "~standard": copy["~standard"],
  };
  assert.match(issueOf(foreignCopy, 0).message, /^Too small/u);
});

Deno.test("validate() takes details of a custom issue from its params", () => {
  const schema = z.string().superRefine((_, context) => {
    context.addIssue({
      code: "custom",
      message: "Odd",
      params: { allowed: "even ones", suggestion: "two", value: "one" },
    });
  });
  assert.deepEqual(issueOf(schema, "x"), {
    path: "",
    message: "Odd",
    value: "one",
    allowed: "even ones",
    suggestion: "two",
  });
});

Deno.test("validate() resolves a union to the alternative that accepts the value's type", () => {
  const schema = z.union([
    z.string(),
    z.strictObject({ at: z.strictObject({ port: z.number() }) }),
    z.array(z.number()),
  ]);
  const issue = issueOf(schema, { at: { port: "x" } });
  assert.equal(issue.path, "/at/port");
  assert.equal(issue.message, "Expected a number, received a string");
  assert.equal(issue.allowed, "a number");
  assert.equal(issueOf(schema, [1, "x"]).path, "/1");
});

Deno.test("validate() resolves a union of objects to the one with the fewest issues", () => {
  const pair = (a: string, b: string) =>
    z.strictObject({ [a]: z.number(), [b]: z.number() });
  const schema = z.union([
    pair("mu", "sigma"),
    pair("median", "sigma"),
    pair("median", "p99"),
  ]);
  assert.deepEqual(
    issuesOf(schema, { median: 1, p9: 2 }).map(({ path, suggestion }) => [
      path,
      suggestion,
    ]),
    [["/p9", "p99"]],
  );
});

Deno.test("validate() resolves a union to the alternative with the deepest issues", () => {
  const schema = z.union([
    z.strictObject({ url: z.string() }),
    z.strictObject({ list: z.array(z.number()) }),
  ]);
  const issues = issuesOf(schema, { list: ["a", "b", "c"] });
  assert.deepEqual(issues.map(({ path }) => path), [
    "/list/0",
    "/list/1",
    "/list/2",
  ]);
});

Deno.test("validate() names all alternatives where none accepts the value's type", () => {
  const schema = z.union([
    z.int().min(0),
    z.literal("unbounded"),
    z.union([z.null(), z.array(z.string())]),
  ]);
  assert.deepEqual(issueOf(schema, { a: 1 }), {
    path: "",
    message:
      'Expected a number, "unbounded", null or a list, received an object',
    value: { a: 1 },
    allowed: 'a whole number, at least 0, "unbounded", null or a list',
  });
  assert.equal(issueOf(schema, undefined).message, "Missing");
});

Deno.test("validate() lists everything a union allows, and suggests its literals", () => {
  const schema = z.union([z.int().min(0), z.literal("unbounded")]);
  assert.deepEqual(issueOf(schema, "unbouned"), {
    path: "",
    message: 'Must be "unbounded", received "unbouned"',
    value: "unbouned",
    allowed: 'a whole number, at least 0 or "unbounded"',
    suggestion: "unbounded",
  });
  assert.equal(issueOf(schema, -1).message, "Must be at least 0, received -1");
  const literals = z.union([z.literal("fifo"), z.enum(["lifo", "random"])]);
  const issue = issueOf(literals, "randm");
  assert.equal(
    issue.message,
    'Must be "fifo", "lifo" or "random", received "randm"',
  );
  assert.equal(issue.suggestion, "random");
  const text = z.union([z.literal("GET"), z.string().regex(/^x-/)]);
  assert.equal(
    issueOf(text, "abc").message,
    'Must match the pattern /^x-/, received "abc"',
  );
});

Deno.test("validate() lists the values of a discriminator", () => {
  const schema = z.discriminatedUnion("type", [
    z.strictObject({ type: z.literal("ramp") }),
    z.strictObject({ type: z.literal("steps") }),
  ]);
  const issue = issueOf(schema, { type: "stpes" });
  assert.equal(issue.path, "/type");
  assert.equal(
    issue.message,
    'Must be "ramp" or "steps", received "stpes"',
  );
  assert.equal(issue.suggestion, "steps");
  assert.equal(issueOf(schema, {}).message, "Missing");
});

Deno.test("validate() reports a value that fits several alternatives of an exclusive union", () => {
  const issue = issueOf(z.xor([z.string(), z.any()]), "a");
  assert.equal(issue.message, "Fits more than one of the alternatives");
});

Deno.test("validate() describes what is allowed for schemas of any vendor with a JSON Schema", () => {
  const schema = foreign([
    { message: "expected never.", path: ["colour"] },
    { message: "wrong", path: [{ key: "mode" }] },
    { message: "wrong", path: ["list", 0] },
    { message: "wrong", path: ["list", 1] },
    { message: "wrong", path: ["text"] },
    { message: "wrong", path: ["self", "text"] },
    { message: "wrong", path: ["all"] },
    { message: "wrong", path: ["nowhere", "at", "all"] },
  ], {
    type: "object",
    additionalProperties: false,
    properties: {
      color: { type: "string" },
      mode: { oneOf: [{ const: "alpha" }, { const: null }] },
      list: { prefixItems: [{ type: "integer" }], items: { type: "boolean" } },
      text: { description: "some text", type: "string" },
      self: { $ref: "#" },
      all: { type: ["string", "null"] },
    },
  });
  const value = {
    colour: 1,
    mode: "alpa",
    list: [],
    self: { text: 1 },
  };
  assert.deepEqual(
    issuesOf(schema, value).map(({ path, message, allowed, suggestion }) => [
      path,
      message,
      allowed,
      suggestion,
    ]),
    [
      [
        "/colour",
        'Unknown key "colour"',
        "color, mode, list, text, self or all",
        "color",
      ],
      ["/mode", "Wrong", '"alpha" or null', "alpha"],
      ["/list/0", "Wrong", "a whole number", undefined],
      ["/list/1", "Wrong", "true or false", undefined],
      ["/text", "Wrong", "some text", undefined],
      ["/self/text", "Wrong", "some text", undefined],
      ["/all", "Wrong", "a string or null", undefined],
      ["/nowhere/at/all", "Wrong", undefined, undefined],
    ],
  );
});

Deno.test("validate() handles a JSON Schema that refers only to itself", () => {
  const schema = foreign([{ message: "wrong", path: ["a"] }], {
    additionalProperties: { $ref: "#/$defs/a" },
    $defs: { a: { anyOf: [{ $ref: "#/$defs/a" }, { $ref: "#/nowhere" }] } },
  });
  assert.deepEqual(issueOf(schema, { a: 1 }), {
    path: "/a",
    message: "Wrong",
    value: 1,
  });
});

Deno.test("validate() works without a JSON Schema", () => {
  const schema = z.strictObject({ a: z.custom(() => false, "Not this one") });
  assert.deepEqual(issueOf(schema, { a: 1 }), {
    path: "/a",
    message: "Not this one",
    value: 1,
  });
  assert.equal(
    issuesOf(schema, { a: 1, b: 1 })[1].message,
    'Unknown key "b"',
  );
  const none: Schema = {
    "~standard": {
      version: 1,
      vendor: "other",
      validate: () => ({ issues: [{ message: "wrong" }] }),
    },
  };
  assert.deepEqual(issueOf(none, 1), { path: "", message: "Wrong", value: 1 });
});

Deno.test("validate() reports a schema that returns a promise as an error of the plugin", () => {
  const schema = z.string().refine(() => Promise.resolve(true));
  assert.throws(() => validate(schema, "a", "/plugins/x"), {
    name: "PerfmockError",
    code: "PLUGIN_INVALID",
    message:
      "Cannot validate /plugins/x: its schema returned a promise, but settings are validated synchronously",
  });
  const foreignPromise: Schema = {
    "~standard": {
      version: 1,
      vendor: "other",
      validate: () => Promise.reject(new Error("late")),
    },
  };
  assert.throws(() => validate(foreignPromise, 1), { code: "PLUGIN_INVALID" });
});

Deno.test("validate() reports a schema that throws as an error of the plugin", () => {
  const schema = z.string().transform(() => {
    throw new RangeError("boom");
  });
  assert.throws(
    () => validate(schema, "a"),
    (error) =>
      error instanceof PerfmockError && error.code === "PLUGIN_INVALID" &&
      error.message === 'Cannot validate a value: its schema threw "boom"' &&
      error.cause instanceof RangeError,
  );
  const foreignThrow: Schema = {
    "~standard": {
      version: 1,
      vendor: "other",
      validate: () => {
        throw "text";
      },
    },
  };
  assert.throws(() => validate(foreignThrow, "a"), {
    message: "Cannot validate a value: its schema threw text",
  });
});

Deno.test("validate() never throws, and every issue has a path and a message", () => {
  const schema = z.strictObject({
    a: z.union([z.number(), z.strictObject({ b: z.array(z.string()) })]),
    c: z.record(z.string(), z.enum(["x", "y"])).optional(),
    d: z.tuple([z.string(), z.union([z.literal(1), z.null()])]).optional(),
  });
  const value = fc.oneof(
    fc.jsonValue(),
    fc.record({ a: fc.jsonValue(), c: fc.jsonValue(), d: fc.jsonValue() }),
    fc.dictionary(fc.constantFrom("a", "c", "__proto__"), fc.jsonValue()),
  );
  fc.assert(
    fc.property(value, (value) => {
      const { issues = [] } = validate(schema, value, "/at");
      for (const issue of issues) {
        assert.match(issue.path, /^\/at(\/|$)/u);
        assert.match(issue.message, /^[A-Z]/u);
      }
    }),
    { seed: 5, numRuns: 500 },
  );
});

Deno.test("validate() leaves out values that are nested too deep", () => {
  let value: unknown = 1;
  for (let i = 0; i < 100_000; i++) value = [value];
  assert.deepEqual(issueOf(z.number(), value), {
    path: "",
    message: "Expected a number, received a list",
    allowed: "a number",
  });
});

Deno.test("validate() lists the keys of the matching alternative", () => {
  const schema = z.discriminatedUnion("model", [
    z.strictObject({ model: z.literal("usl"), contention: z.number() }),
    z.strictObject({ model: z.literal("gc"), heap: z.number() }),
  ]);
  const { issues } = validate(schema, { model: "usl", contention: 1, heap: 2 });
  assert.deepEqual(issues, [{
    path: "/heap",
    message: 'Unknown key "heap"',
    value: 2,
    allowed: "model or contention",
  }]);
  const unknown = validate(schema, { model: "none", heap: 2 }).issues ?? [];
  assert.deepEqual(unknown.map(({ path }) => path), ["/model"]);
});

Deno.test("invalidConfig() counts the issues, and has the code they share", () => {
  const issue = { path: "/a", message: "Wrong" };
  const one = invalidConfig([issue]);
  assert.deepEqual([one.code, one.issues], ["CONFIG_INVALID", [issue]]);
  assert.match(one.message, /^Cannot use the configuration: 1 error$/u);
  const two = invalidConfig([issue, issue], { code: "PLUGIN_INVALID" });
  assert.equal(two.code, "PLUGIN_INVALID");
  assert.match(two.message, /^Cannot use the configuration: 2 errors$/u);
});

Deno.test("validate() puts 1000 issues into words, and counts the rest", () => {
  const values = Array.from({ length: 1500 }, () => "x");
  const { issues = [] } = validate(z.array(z.number()), values, "/list");
  assert.equal(issues.length, 1001);
  assert.deepEqual(issues.at(-1), {
    path: "/list",
    message: "There are 500 more errors",
  });
});
