import assert from "node:assert/strict";
import fc from "fast-check";
import { parseTextForm } from "../../../core/distribution/text_form.ts";

Deno.test("parseTextForm() reads a family and its parameters", () => {
  const table: [string, unknown][] = [
    ["lognormal(median=120ms, p99=800ms)", {
      lognormal: { median: "120ms", p99: "800ms" },
    }],
    [" gamma ( shape = 2 , scale = -1.5e1 ) ", {
      gamma: { shape: 2, scale: -15 },
    }],
    ["percentiles(p50=1ms, p99.9=1s)", {
      percentiles: { p50: "1ms", "p99.9": "1s" },
    }],
    ["shift(by=10ms, of=exponential(mean=5ms))", {
      shift: { by: "10ms", of: { exponential: { mean: "5ms" } } },
    }],
    ["empirical(values=[1ms, 2, [], .5])", {
      empirical: { values: ["1ms", 2, [], 0.5] },
    }],
    ["mixture([(weight=0.9, of=120ms), (weight=0.1, of=slow-db)])", {
      mixture: [{ weight: 0.9, of: "120ms" }, { weight: 0.1, of: "slow-db" }],
    }],
    ["mixture((weight=1, of=a))", { mixture: { weight: 1, of: "a" } }],
    ["constant(120ms)", { constant: "120ms" }],
    ["constant(120)", { constant: 120 }],
    ["custom()", { custom: {} }],
    ["custom(of=inner())", { custom: { of: { inner: {} } } }],
    ['empirical(file="a, (b).csv", "odd key"="\\u00e9")', {
      empirical: { file: "a, (b).csv", "odd key": "é" },
    }],
    ["custom(0.50=true, b=null)", { custom: { "0.50": "true", b: "null" } }],
    ["timeline(by 2=two words)", { timeline: { "by 2": "two words" } }],
  ];
  for (const [text, value] of table) {
    assert.deepEqual(parseTextForm(text), { value }, text);
  }
});

Deno.test("parseTextForm() reports the column of an error", () => {
  const table: [string, number, string][] = [
    ["", 1, "expected the name of a family, found the end"],
    ["normal", 7, 'expected "(", found the end'],
    ["normal(mean", 12, 'expected "," or ")", found the end'],
    ["normal(mean=", 13, "expected a value, found the end"],
    ["normal(mean=1", 14, 'expected "," or ")", found the end'],
    ["normal(mean=1,)", 15, 'expected a key, found ")"'],
    ["normal(mean=1, sd)", 18, 'expected "=", found ")"'],
    ["normal(mean=1, mean=2)", 20, 'the key "mean" is written twice'],
    ["normal(mean=1) x", 16, 'expected the end, found "x"'],
    ["normal(=1)", 8, 'expected a key or a value, found "="'],
    ["custom([1, 2)", 13, 'expected "," or "]", found ")"'],
    ["custom((a))", 10, 'expected "=", found ")"'],
    ["custom(a=1e999)", 10, "the number is too large"],
    ['custom(a="x)', 10, "a text in double quotes is written as in JSON"],
    ['custom(a="\\q")', 10, "a text in double quotes is written as in JSON"],
  ];
  for (const [text, column, reason] of table) {
    const { issues } = parseTextForm(text);
    assert.equal(
      issues?.[0].message,
      `Cannot read the distribution at column ${column}: ${reason}`,
    );
    assert.equal(issues?.[0].value, text);
  }
});

Deno.test("parseTextForm() rejects texts with too many levels of nesting", () => {
  const { issues } = parseTextForm("a(of=".repeat(100_000));
  assert.match(issues?.[0].message ?? "", /too many levels/u);
});

Deno.test("parseTextForm() creates own properties for any key", () => {
  const result = parseTextForm("a(__proto__=1)");
  assert.ok(result.issues === undefined);
  assert.equal(JSON.stringify(result.value), '{"a":{"__proto__":1}}');
});

Deno.test("parseTextForm() never throws", () => {
  const piece = fc.constantFrom(...'()[]=," aé1.-e', "normal", "p99", "120ms");
  fc.assert(
    fc.property(
      fc.oneof(fc.string(), fc.array(piece).map((pieces) => pieces.join(""))),
      (text) => {
        const { issues } = parseTextForm(text);
        if (issues !== undefined) {
          assert.match(issues[0].message, /at column \d+: /u);
        }
      },
    ),
    { seed: 6, numRuns: 3000 },
  );
});

Deno.test("parseTextForm() reads back any parameters written in the text form", () => {
  const word = fc.stringMatching(/^[a-z][a-z0-9.-]{0,8}$/u);
  const { value } = fc.letrec((tie) => ({
    value: fc.oneof(
      { maxDepth: 4 },
      word,
      fc.double({ noNaN: true, noDefaultInfinity: true }),
      fc.array(tie("value"), { maxLength: 3 }),
      fc.dictionary(word, tie("value"), { minKeys: 1, maxKeys: 3 }),
    ),
  }));
  const write = (value: unknown): string => {
    if (Array.isArray(value)) return `[${value.map(write).join(", ")}]`;
    if (typeof value !== "object" || value === null) {
      return Object.is(value, -0) ? "-0" : String(value);
    }
    const entries = Object.entries(value).map(([k, v]) => `${k}=${write(v)}`);
    return `(${entries.join(",")})`;
  };
  fc.assert(
    fc.property(fc.dictionary(word, value, { minKeys: 1 }), (parameters) => {
      const plain = JSON.parse(JSON.stringify({ family: parameters }));
      assert.equal(
        JSON.stringify(parseTextForm(`family${write(parameters)}`)),
        JSON.stringify({ value: plain }),
      );
    }),
    { seed: 7 },
  );
});
