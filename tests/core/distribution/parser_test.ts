import assert from "node:assert/strict";
import { resolve } from "node:path";
import fc from "fast-check";
import { validate } from "../../../core/config/mod.ts";
import {
  DistributionParser,
  type ProfileEntry,
} from "../../../core/distribution/mod.ts";
import { type Issue, PerfmockError } from "../../../core/errors.ts";
import type { Distribution, Family } from "../../../core/plugin.ts";

// Small families for these tests, because core has none.
const constant: Family<{ value: number }> = {
  name: "constant",
  parameters: ({ z, duration }) => z.strictObject({ value: duration() }),
  create: ({ value }) => ({ quantile: () => value }),
};
const uniform: Family<{ min: number; max: number }> = {
  name: "uniform",
  parameters: ({ z, duration }) =>
    z.strictObject({ min: duration(), max: duration() }),
  create: ({ min, max }) => {
    if (max < min) {
      throw Object.assign(new Error("wrong"), {
        issues: [{ path: "/max", message: "Must be at least min" }],
      });
    }
    return {
      quantile: (u) => min + u * (max - min),
      warnings: min === max ? ["The width is 0"] : [],
    };
  },
};
const shift: Family<{ by: number; of: Distribution }> = {
  name: "shift",
  parameters: ({ z, duration, distribution }) =>
    z.strictObject({ by: duration(), of: distribution() }),
  create: ({ by, of }) => ({ quantile: (u) => by + (of.quantile?.(u) ?? 0) }),
};
const mixture: Family<{ weight: number; of: Distribution }[]> = {
  name: "mixture",
  parameters: ({ z, number, distribution }) =>
    z.array(z.strictObject({ weight: number(), of: distribution() })).min(1),
  create: ([{ of }]) => ({ quantile: (u) => of.quantile?.(u) ?? 0 }),
};
const file: Family<{ file: string }> = {
  name: "recorded",
  parameters: ({ z, file }) => z.strictObject({ file: file() }),
  create: ({ file }) => {
    throw new Error(`Cannot find ${file}.\n    at stack trace`);
  },
};

const FAMILIES = [constant, uniform, shift, mixture, file] as readonly Family[];

function createParser(
  profiles: Record<string, unknown> = {},
  families = FAMILIES,
): DistributionParser {
  return new DistributionParser({
    families: new Map(families.map((family) => [family.name, family])),
    profiles: new Map(
      Object.entries(profiles).map((
        [name, value],
      ): [string, ProfileEntry] => [name, {
        value,
        path: `/profiles/${name}`,
      }]),
    ),
    folder: "/srv/mock",
  });
}

const parser = createParser({ "slow-db": { uniform: { min: 1, max: "3ms" } } });

function median(value: unknown): number | undefined {
  return parser.compile(value).quantile?.(0.5);
}

function issuesOf(value: unknown, from = parser): readonly Issue[] {
  return from.parse(value).issues ?? [];
}

function onlyIssue(value: unknown, from = parser): Issue {
  const issues = issuesOf(value, from);
  assert.equal(issues.length, 1, JSON.stringify(issues));
  return issues[0];
}

Deno.test("DistributionParser.parse() reads every written form", () => {
  assert.equal(median(120), 120);
  assert.equal(median("120ms"), 120);
  assert.equal(median("0.25s"), 250);
  assert.equal(median("slow-db"), 2);
  assert.equal(median({ uniform: { min: "10ms", max: "20ms" } }), 15);
  assert.equal(median("uniform(min=10ms, max=20)"), 15);
  assert.equal(
    median({ shift: { by: "1s", of: { shift: { by: 1, of: "slow-db" } } } }),
    1003,
  );
  assert.equal(median("mixture([(weight=1, of=shift(by=1, of=5ms))])"), 6);
  assert.equal(parser.compile("1s").family, "constant");
});

Deno.test("DistributionParser.parse() reports all errors with deep paths", () => {
  assert.deepEqual(
    issuesOf({
      mixture: [{ weight: "1", of: { uniform: { mn: 1, max: "2 sec" } } }, {
        weight: 1,
        of: { unifrom: {} },
      }],
    }).map(({ path, message, suggestion }) => [path, message, suggestion]),
    [
      [
        "/mixture/0/weight",
        "Expected a number, received a string",
        "1",
      ],
      [
        "/mixture/0/of/uniform/max",
        'Cannot read "2 sec" as a duration',
        "2s",
      ],
      ["/mixture/0/of/uniform/mn", 'Unknown key "mn"', "min"],
      ["/mixture/1/of/unifrom", 'Unknown family "unifrom"', "uniform"],
      ["/mixture/1/of/unifrom/min", "Missing", undefined],
      ["/mixture/1/of/unifrom/max", "Missing", undefined],
    ],
  );
});

Deno.test("DistributionParser.parse() suggests among families and profiles", () => {
  assert.deepEqual(onlyIssue("slow_db2"), {
    path: "",
    message: 'Unknown profile "slow_db2"',
    value: "slow_db2",
    allowed:
      'a duration such as "120ms"; a profile, which is slow-db; a family with its parameters, which is constant, uniform, shift, mixture or recorded',
    suggestion: "slow-db",
  });
  assert.equal(onlyIssue("mixtur").suggestion, "mixture");
  assert.equal(onlyIssue({ "slow_db": {} }).suggestion, "slow-db");
  assert.equal(
    onlyIssue("x", createParser()).allowed,
    'a duration such as "120ms"; a family with its parameters, which is constant, uniform, shift, mixture or recorded',
  );
});

Deno.test("DistributionParser.parse() suggests a correction of a text", () => {
  assert.deepEqual(onlyIssue("uniform"), {
    path: "",
    message: 'Cannot use the family "uniform" without parameters',
    value: "uniform",
    allowed: 'uniform(…) or {"uniform": {…}}',
  });
  assert.equal(onlyIssue("2 sec").suggestion, "2s");
  assert.equal(
    onlyIssue("12 parsecs").message,
    'Cannot read "12 parsecs" as a duration',
  );
});

Deno.test("DistributionParser.parse() suggests names for parameters, and a family for a range or a spread", () => {
  const table: [text: string, suggestion: string | undefined][] = [
    ["uniform(1ms, 2ms)", "uniform(min=1ms, max=2ms)"],
    ["uniform(2ms, 1ms)", undefined],
    ["uniform(1ms, 2ms, 3ms)", undefined],
    ["constant(5)", "constant(value=5)"],
    ["uniform(1, 2, 3, 4, 5)", undefined],
    ["nothing(1, 2)", undefined],
    ["100-200ms", "uniform(min=100ms, max=200ms)"],
    ["1s..2s", "uniform(min=1s, max=2s)"],
    ["0.5 to 2 s", "uniform(min=0.5s, max=2s)"],
    ["120ms±20ms", "normal(mean=120ms, sd=20ms)"],
    ["120 +/- 20 ms", "normal(mean=120ms, sd=20ms)"],
    ["100-200", undefined],
  ];
  for (const [text, suggestion] of table) {
    assert.equal(issuesOf(text)[0].suggestion, suggestion, text);
  }
  assert.match(
    onlyIssue("uniform(1ms, 2ms)").message,
    /at column 9: parameters have names, as in mean=120ms, sd=20ms$/u,
  );
});

Deno.test("DistributionParser.parse() rejects values that are not distributions", () => {
  assert.equal(
    onlyIssue(null).message,
    "Expected a distribution, received null",
  );
  assert.equal(
    onlyIssue([1]).message,
    "Expected a distribution, received a list",
  );
  assert.deepEqual(onlyIssue(undefined).message, "Missing");
  assert.match(onlyIssue({}).message, /one key, the family, received 0 keys/u);
  assert.match(
    onlyIssue({ uniform: {}, shift: {} }).message,
    /received 2 keys/u,
  );
});

Deno.test("DistributionParser.parse() reports a bad duration where it was written", () => {
  const issue = onlyIssue("-5ms");
  assert.equal(issue.path, "");
  assert.equal(issue.value, "-5ms");
  assert.match(issue.message, /Must be at least 0/u);
  assert.equal(onlyIssue(NaN).path, "");
  assert.equal(onlyIssue({ shift: { by: 1, of: -5 } }).path, "/shift/of");
});

Deno.test("DistributionParser.parse() rejects durations without the family constant", () => {
  const without = createParser({}, [uniform as Family]);
  assert.match(
    onlyIssue("5ms", without).message,
    /there is no family "constant"/u,
  );
});

Deno.test("DistributionParser.parse() reports the place within a text form", () => {
  const issue = onlyIssue("shift(by=1, of=uniform(mn=1, max=2))");
  assert.equal(issue.path, "");
  assert.equal(issue.message, 'Unknown key "mn" (at shift.of.uniform.mn)');
  assert.equal(issue.suggestion, "min");
  assert.equal(
    onlyIssue("shift(by=1, of=uniform(max=2))").message,
    "Missing (at shift.of.uniform.min)",
  );
  assert.match(onlyIssue("uniform(min=1").message, /at column 14/u);
});

Deno.test("DistributionParser.parse() turns errors of a family into issues without stack traces", () => {
  assert.deepEqual(onlyIssue({ uniform: { min: 2, max: 1 } }), {
    path: "/uniform/max",
    message: "Must be at least min",
    value: 1,
  });
  assert.deepEqual(
    issuesOf({ shift: { by: 1, of: { uniform: { min: 2, max: 1 } } } })
      .map(({ path, value }) => [path, value]),
    [["/shift/of/uniform/max", 1]],
  );
  const path = resolve("/srv/mock", "a.csv");
  assert.deepEqual(onlyIssue({ recorded: { file: "a.csv" } }), {
    path: "/recorded",
    message: `Cannot find ${path}`,
    value: { file: "a.csv" },
  });
});

Deno.test("DistributionParser.parse() reports a broken quantile function and a family that creates nothing", () => {
  const broken = (create: () => unknown) =>
    createParser({}, [{
      name: "broken",
      parameters: ({ z }) => z.strictObject({}),
      create: create as Family["create"],
    }]);
  const nan = onlyIssue(
    { broken: {} },
    broken(() => ({ quantile: () => NaN })),
  );
  assert.equal(nan.path, "/broken");
  const nothing = onlyIssue({ broken: {} }, broken(() => undefined));
  assert.equal(nothing.message, 'The family "broken" creates no shape');
  const neither = onlyIssue({ broken: {} }, broken(() => ({})));
  assert.match(neither.message, /neither a quantile nor a sample function/u);
  const text = onlyIssue(
    { broken: {} },
    broken(() => {
      throw "";
    }),
  );
  assert.equal(text.message, "The family refuses these parameters");
});

Deno.test("DistributionParser makes each family's schema once, and reports PLUGIN_INVALID if it cannot", () => {
  let built = 0;
  const counted = createParser({}, [{
    name: "counted",
    parameters: ({ z }) => {
      built++;
      return z.strictObject({});
    },
    create: () => ({ quantile: () => 1 }),
  }]);
  counted.compile({ counted: {} });
  counted.compile("counted()");
  assert.equal(built, 1);
  const failing = (parameters: () => unknown) =>
    createParser({}, [{
      name: "failing",
      parameters: parameters as Family["parameters"],
      create: () => ({ quantile: () => 1 }),
    }]);
  assert.throws(
    () =>
      failing(() => {
        throw new Error("boom");
      }).parse({ failing: {} }),
    { code: "PLUGIN_INVALID", message: /its parameters threw boom/u },
  );
  assert.throws(() => failing(() => ({})).parse({ failing: {} }), {
    code: "PLUGIN_INVALID",
    message: /no Standard Schema/u,
  });
});

Deno.test("DistributionParser keeps working after a family's schema fails", () => {
  const fails: Family = {
    name: "fails",
    parameters: ({ z }) =>
      z.any().transform(() => {
        throw new Error("boom");
      }),
    create: () => ({ quantile: () => 1 }),
  };
  const parser = createParser({}, [...FAMILIES, fails]);
  for (let i = 0; i < 40; i++) {
    assert.throws(
      () => parser.parse({ shift: { by: 1, of: { fails: 1 } } }),
      { code: "PLUGIN_INVALID" },
    );
  }
  assert.equal(parser.compile(nested(31)).family, "shift");
});

Deno.test("DistributionParser.compile() throws all errors at once", () => {
  assert.throws(
    () => parser.compile({ uniform: {} }),
    (error) =>
      error instanceof PerfmockError && error.code === "CONFIG_INVALID" &&
      error.message === "Cannot use the distribution: Missing" &&
      error.issues.length === 2,
  );
});

/** Nests a distribution in a number of families. */
function nested(levels: number, of: unknown = 1): unknown {
  let value = of;
  for (let i = 0; i < levels; i++) value = { shift: { by: 1, of: value } };
  return value;
}

Deno.test("DistributionParser.parse() allows 32 levels of nesting and no more", () => {
  assert.deepEqual(issuesOf(nested(31)), []);
  const issue = onlyIssue(nested(32));
  assert.equal(issue.path, "/shift/of".repeat(32));
  assert.match(issue.message, /more than 32 levels/u);
  assert.match(onlyIssue(nested(100_000)).message, /more than 32 levels/u);
  const text = "shift(by=1, of=".repeat(50) + "1" + ")".repeat(50);
  assert.match(onlyIssue(text).message, /more than 32 levels/u);
});

Deno.test("DistributionParser counts the levels within profiles, in whatever order they are read", () => {
  const profiles = { deep: nested(20), deeper: nested(11, "deep") };
  const parser = createParser(profiles);
  assert.deepEqual(parser.profileFindings().issues, []);
  assert.equal(
    onlyIssue({ shift: { by: 1, of: "deeper" } }, parser).path,
    "/shift/of",
  );
  const lazy = createParser(profiles);
  assert.deepEqual(lazy.parse("deeper").issues, undefined);
  const chain = Object.fromEntries(
    Array.from({ length: 3000 }, (_, i) => [
      `p${i}`,
      i === 2999 ? 1 : i % 2 === 0 ? `p${i + 1}` : nested(30, `p${i + 1}`),
    ]),
  );
  const { issues } = createParser(chain).profileFindings();
  assert.ok(issues.length > 0);
  for (const issue of issues) {
    assert.match(issue.message, /more than 32 levels/u);
  }
});

Deno.test("DistributionParser allows a chain of 32 aliases and no more", () => {
  const chain = (length: number) =>
    createParser(Object.fromEntries(
      Array.from({ length }, (_, i) => [
        `p${i}`,
        i === length - 1 ? 1 : `p${i + 1}`,
      ]),
    ));
  assert.deepEqual(chain(32).profileFindings().issues, []);
  assert.equal(chain(33).profileFindings().issues.length, 1);
});

Deno.test("DistributionParser compiles a profile once, when it is first referred to", () => {
  let created = 0;
  const counted: Family = {
    name: "counted",
    parameters: ({ z }) => z.strictObject({}),
    create: () => {
      created++;
      return { quantile: () => 1 };
    },
  };
  const parser = createParser({ a: { counted: {} }, b: "a" }, [counted]);
  assert.equal(created, 0);
  assert.equal(parser.compile("a"), parser.compile("b"));
  parser.profileFindings();
  assert.equal(created, 1);
});

Deno.test("DistributionParser reports errors of a profile once, where it is written", () => {
  const parser = createParser({
    bad: { uniform: { min: 1 } },
    alias: "bad",
    user: { shift: { by: 1, of: "alias" } },
    "5ms": 1,
    "a(b": 1,
  });
  const route = parser.parse({ mixture: [{ weight: 1, of: "user" }] });
  assert.equal(route.issues, undefined);
  assert.deepEqual(
    parser.profileFindings().issues.map(({ path, message }) => [path, message]),
    [
      ["/profiles/bad/uniform/max", "Missing"],
      [
        "/profiles/5ms",
        'Cannot name a profile "5ms": it reads as another form of a distribution',
      ],
      [
        "/profiles/a(b",
        'Cannot name a profile "a(b": it reads as another form of a distribution',
      ],
    ],
  );
  const { value } = route;
  assert.throws(() => value.quantile?.(0.5), { code: "CONFIG_INVALID" });
  assert.throws(() => parser.compile("user"), {
    message: "Cannot use the distribution: Refers to a profile that has errors",
  });
});

Deno.test("DistributionParser adds no error for a reference to a profile with errors beside other errors", () => {
  const parser = createParser({ bad: "nothing" });
  const [issue, ...others] = issuesOf({
    mixture: [{ weight: 1, of: "bad" }, { weight: "x", of: 1 }],
  }, parser);
  assert.equal(issue.path, "/mixture/1/weight");
  assert.deepEqual(others, []);
});

Deno.test("DistributionParser reports a circle of profiles at each of them, with the names from there", () => {
  const profiles = {
    a: { shift: { by: 1, of: "b" } },
    b: "c",
    c: { mixture: [{ weight: 1, of: "a" }] },
    d: "a",
  };
  const parser = createParser(profiles);
  assert.equal(parser.parse("d").issues, undefined);
  assert.deepEqual(parser.profileFindings().issues, [{
    path: "/profiles/c/mixture/0/of",
    message:
      'Cannot resolve the profile "a": it leads back to itself (a → b → c → a)',
    value: "a",
    allowed: "a profile that does not lead back here",
  }, {
    path: "/profiles/a",
    message:
      'Cannot resolve the profile "a": it leads back to itself (a → b → c → a)',
    value: "a",
    allowed: "a profile that does not lead back here",
  }, {
    path: "/profiles/b",
    message:
      'Cannot resolve the profile "b": it leads back to itself (b → c → a → b)',
    value: "b",
    allowed: "a profile that does not lead back here",
  }]);
  const self = createParser({ me: "me" }).profileFindings().issues;
  assert.equal(self.length, 1);
  assert.match(self[0].message, /\(me → me\)/u);
});

Deno.test("DistributionParser.warningsIn() finds the warnings of nested distributions, without those of profiles", () => {
  const flat = { uniform: { min: 1, max: 1 } };
  const parser = createParser({
    flat,
    text: "shift(by=1, of=uniform(min=2, max=2))",
  });
  const { z, distribution } = parser.kit;
  const schema = z.strictObject({
    serviceTime: distribution(),
    list: z.array(distribution()),
  });
  const parsed = validate(schema, {
    serviceTime: {
      mixture: [{ weight: 1, of: flat }, { weight: 1, of: "flat" }],
    },
    list: ["flat", "text", "uniform(min=1, max=1)", flat, 1],
  });
  assert.ok(parsed.issues === undefined);
  const loop: Record<string, unknown> = { ...parsed.value };
  loop.self = loop;
  const message = "The width is 0";
  assert.deepEqual(parser.warningsIn(loop, "/routes/0"), [
    { path: "/routes/0/serviceTime/mixture/0/of/uniform", message },
    { path: "/routes/0/list/2", message: `${message} (at uniform)` },
    { path: "/routes/0/list/3/uniform", message },
  ]);
  assert.deepEqual(parser.profileFindings().warnings, [
    { path: "/profiles/flat/uniform", message },
    { path: "/profiles/text", message: `${message} (at shift.of.uniform)` },
  ]);
  assert.deepEqual(parser.warningsIn(null, ""), []);
  assert.deepEqual(parser.warningsIn(new Date(0), ""), []);
});

Deno.test("DistributionParser.schemaOf() gives the schema of a family's parameters", () => {
  const json = parser.schemaOf(uniform as Family)["~standard"].jsonSchema
    ?.input({ target: "draft-2020-12" });
  assert.deepEqual(json?.required, ["min", "max"]);
});

Deno.test("DistributionParser.parse() never throws for JSON values", () => {
  const leaf = fc.oneof(
    fc.jsonValue(),
    fc.constantFrom("flat", "5ms", "a(b=1)"),
  );
  const value = fc.oneof(
    leaf,
    fc.record({ uniform: fc.record({ min: leaf, max: leaf }) }),
    fc.record({ shift: fc.record({ by: leaf, of: leaf }) }),
    fc.record({ mixture: fc.array(fc.record({ weight: leaf, of: leaf })) }),
    fc.dictionary(fc.constantFrom("shift", "__proto__", "constructor"), leaf),
  );
  fc.assert(
    fc.property(value, (value) => {
      for (const issue of parser.parse(value).issues ?? []) {
        assert.match(issue.path, /^(\/|$)/u);
        assert.match(issue.message, /^[A-Z]/u);
      }
    }),
    { seed: 8, numRuns: 500 },
  );
});
