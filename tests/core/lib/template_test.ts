import { deepEqual, equal } from "node:assert/strict";
import {
  fill,
  isFixed,
  nameList,
  parseTemplate,
  unknownNames,
  type Values,
} from "../../../core/lib/template.ts";

const VALUES: Values = {
  sequence: 7,
  index: 2,
  path: (name) => name === "id" ? "a b" : undefined,
  query: (name) => name === "q" ? "x&y" : undefined,
};

Deno.test("fill() replaces placeholders by the values of a request", () => {
  const template = parseTemplate(
    "{{path.id}}, {{ query.q }}, {{sequence}}, {{index}}, {{path.none}}.",
  );
  equal(fill(template, VALUES), "a b, x&y, 7, 2, .");
  equal(
    fill(template, VALUES, encodeURIComponent),
    "a%20b, x%26y, 7, 2, .",
  );
});

Deno.test("parseTemplate() keeps escaped braces and invalid placeholders as literal text", () => {
  for (
    const [text, filled] of [
      ["", ""],
      ["plain", "plain"],
      ["\\{{sequence}}", "{{sequence}}"],
      ["{{nothing}} {{path.}} {{}}", "{{nothing}} {{path.}} {{}}"],
    ]
  ) {
    const template = parseTemplate(text);
    equal(isFixed(template), true, text);
    equal(fill(template, VALUES), filled);
  }
  equal(isFixed(parseTemplate("{{sequence}}")), false);
});

Deno.test("unknownNames() returns the names without a value, as written", () => {
  const text = "{{path.id}}{{path.other}}{{query.q}}{{index}}{{x}}\\{{y}}";
  deepEqual(unknownNames(text, { path: ["id"], index: false }), [
    "path.other",
    "index",
    "x",
  ]);
  deepEqual(unknownNames(text, { path: ["id", "other"], index: true }), ["x"]);
});

Deno.test("nameList() lists the names that a template may use", () => {
  deepEqual(nameList({ path: ["id"], index: true }), [
    "path.id",
    "query.NAME",
    "sequence",
    "index",
  ]);
  deepEqual(nameList({ path: [], index: false }), ["query.NAME", "sequence"]);
});
