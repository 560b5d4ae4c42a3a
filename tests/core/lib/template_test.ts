import { deepEqual, equal } from "node:assert/strict";
import {
  fill,
  isFixed,
  nameList,
  parseTemplate,
  unknownNames,
  usesBody,
  type Values,
} from "../../../core/lib/template.ts";

const VALUES: Values = {
  sequence: 7,
  index: 2,
  count: 3,
  path: (name) => name === "id" ? "a b" : undefined,
  query: (name) => name === "q" ? "x&y" : undefined,
  header: (name) => name === "x-tenant" ? "<t>" : undefined,
  cookie: (name) => name === "sid" ? "s" : undefined,
  body: (path) => path === "" ? { a: [1] } : path === "a" ? [1] : undefined,
  now: (form) => form === "iso" || form === "http" ? `at ${form}` : 1000,
  uuid: () => "u",
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

Deno.test("fill() replaces placeholders for headers, cookies, times and UUIDs", () => {
  const text =
    "{{header.x-tenant}}|{{raw header.x-tenant}}|{{header.no}}|{{cookie.sid}}|{{now}}|{{now.iso}}|{{now.http}}|{{now.ms}}|{{now.seconds}}|{{uuid}}|{{count}}";
  equal(
    fill(parseTemplate(text), VALUES, (value) => value.replace("<", "&lt;")),
    "&lt;t>|<t>||s|at iso|at iso|at http|1000|1000|u|3",
  );
});

Deno.test("fill() writes values of the body as JSON, unless they are text", () => {
  equal(
    fill(parseTemplate("{{body}}|{{body.a}}|{{body.none}}"), VALUES),
    '{"a":[1]}|[1]|',
  );
});

Deno.test("usesBody() finds placeholders for the body at any depth, in values only", () => {
  for (
    const value of ["{{body}}", "a {{ raw body.x }}", [{ a: ["{{body./x}}"] }]]
  ) {
    equal(usesBody(value), true);
  }
  for (
    const value of [
      "body",
      "\\{{body}}",
      { "{{body}}": 1 },
      1,
      null,
      "{{bodyx}}",
    ]
  ) {
    equal(usesBody(value), false);
  }
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
  deepEqual(unknownNames(text, { path: ["id"] }), [
    "path.other",
    "index",
    "x",
  ]);
  deepEqual(unknownNames(text, { path: ["id", "other"], more: ["index"] }), [
    "x",
  ]);
});

Deno.test("unknownNames() knows the sources of a request everywhere, and those of lists in lists alone", () => {
  const text =
    "{{header.a}}{{cookie.b}}{{now}}{{now.ms}}{{now.never}}{{uuid}}{{uuid.x}}{{count}}{{items}}{{header}}";
  deepEqual(unknownNames(text, { path: [] }), [
    "now.never",
    "uuid.x",
    "count",
    "items",
    "header",
  ]);
  deepEqual(unknownNames(text, { path: [], more: ["count", "items"] }), [
    "now.never",
    "uuid.x",
    "header",
  ]);
});

Deno.test("nameList() lists the names that a template may use, and unknownNames() knows each", () => {
  const known = { path: ["id"], more: ["index"] } as const;
  const names = nameList(known);
  deepEqual(names, [
    "path.id",
    "query.NAME",
    "header.NAME",
    "cookie.NAME",
    "body",
    "body.NAME",
    "sequence",
    "now",
    "now.iso",
    "now.http",
    "now.ms",
    "now.seconds",
    "uuid",
    "index",
  ]);
  deepEqual(
    unknownNames(names.map((name) => `{{${name}}}`).join(""), known),
    [],
  );
});
