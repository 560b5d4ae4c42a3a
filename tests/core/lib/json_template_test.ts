import { deepEqual, equal } from "node:assert/strict";
import {
  fillJson,
  parseJsonTemplate,
} from "../../../core/lib/json_template.ts";
import type { Values } from "../../../core/lib/template.ts";

const VALUES: Values = {
  sequence: 7,
  index: 2,
  count: 3,
  path: (name) => name === "id" ? 'a"b' : undefined,
  query: () => undefined,
  header: () => undefined,
  cookie: () => undefined,
  body: (path) => path === "" ? { a: [1] } : path === "a" ? [1] : undefined,
  now: (form) => form === "iso" ? "now" : 1.5,
  uuid: () => "u",
};

function filled(value: unknown): unknown {
  return JSON.parse(fillJson(parseJsonTemplate(value), VALUES));
}

Deno.test("fillJson() keeps the type of a value that is a whole string", () => {
  deepEqual(
    filled({
      n: "{{sequence}}",
      i: "{{index}}",
      id: "{{path.id}}",
      now: ["{{now}}", "{{now.ms}}", "at {{now.ms}}"],
      count: "{{count}}",
      uuid: "{{uuid}}",
      header: "{{header.none}}",
      body: ["{{body}}", "{{body.a}}", "{{body.none}}", "x{{body.a}}"],
    }),
    {
      n: 7,
      i: 2,
      id: 'a"b',
      now: ["now", 1.5, "at 1.5"],
      count: 3,
      uuid: "u",
      header: null,
      body: [{ a: [1] }, [1], null, "x[1]"],
    },
  );
  equal(filled("{{query.none}}"), null);
});

Deno.test("fillJson() inserts values as text within longer strings", () => {
  deepEqual(
    filled(["#{{sequence}}", "<{{path.id}}>", "[{{query.none}}]", "\n"]),
    ["#7", '<a"b>', "[]", "\n"],
  );
});

Deno.test("fillJson() does not replace placeholders in keys", () => {
  deepEqual(filled({ "{{sequence}}": [1, true, null, {}, []] }), {
    "{{sequence}}": [1, true, null, {}, []],
  });
});

Deno.test("parseJsonTemplate() makes a single text of a value without placeholders", () => {
  const value = { at: new Date(0), list: [1, { a: "b" }] };
  deepEqual(parseJsonTemplate(value), [JSON.stringify(value)]);
});
