import assert from "node:assert/strict";
import {
  mayBeTyped,
  typedBySchema,
  variablesIn,
} from "../../../core/config/_placeholders.ts";
import { parseJsonText } from "../../../core/config/_json.ts";
import { parseYamlText } from "../../../core/config/_yaml.ts";

const ENVIRONMENT: Readonly<Record<string, string>> = {
  HOST: "::1",
  EMPTY: "",
  QUOTE: '"}, x: 1',
};
const filling = { variables: ENVIRONMENT };

function filled(text: string): unknown {
  const yaml = parseYamlText(`v: ${JSON.stringify(text)}`, filling);
  const json = parseJsonText(
    JSON.stringify({ v: text }),
    false,
    filling,
  );
  assert.ok(yaml.issues === undefined && json.issues === undefined);
  assert.deepEqual(json.value, yaml.value);
  return (yaml.value as { v: unknown }).v;
}

Deno.test("placeholders are replaced by variables and defaults, in JSON and YAML", () => {
  const table: [text: string, filled: string][] = [
    ["${HOST}", "::1"],
    ["http://${HOST}:${PORT:-80}/", "http://::1:80/"],
    ["${EMPTY}", ""],
    ["${EMPTY:-x y}", "x y"],
    ["${PORT:-}", ""],
    ["$${HOST}", "${HOST}"],
    ["${QUOTE}", '"}, x: 1'],
    ["${name} ${a.b} $HOST ${}", "${name} ${a.b} $HOST ${}"],
  ];
  for (const [text, expected] of table) assert.equal(filled(text), expected);
});

Deno.test("a placeholder without a value is an error at its place", () => {
  const message =
    "the environment has no variable PORT: set it, or write ${PORT:-default}";
  assert.deepEqual(parseYamlText("a: 1\nb: ${PORT}\n", filling).issues, [
    { line: 2, column: 4, message },
  ]);
  assert.deepEqual(
    parseJsonText('{"b":\n "${PORT}"}', false, filling).issues,
    [{ line: 2, column: 2, message }],
  );
});

Deno.test("without variables, placeholders stay and are listed once each", () => {
  const text = '{"a": "${HOST}", "b": ["${HOST} ${PORT:-1} $${NO}"]}';
  for (const parsed of [parseJsonText(text, false), parseYamlText(text)]) {
    assert.ok(parsed.issues === undefined);
    assert.deepEqual(parsed.value, JSON.parse(text));
    assert.deepEqual(parsed.placeholders.map(({ name }) => name), [
      "HOST",
      "PORT",
    ]);
    assert.equal(parsed.placeholders[1].position.column, 24);
  }
});

Deno.test("only the key of a file that holds the configuration is filled", () => {
  const text = '{"tasks": {"a": "${HOST}"}, "perfmock": {"b": "${HOST}"}}';
  const parsed = parseJsonText(text, true, { ...filling, key: "perfmock" });
  assert.ok(parsed.issues === undefined);
  assert.deepEqual(parsed.value, {
    tasks: { a: "${HOST}" },
    perfmock: { b: "::1" },
  });
  assert.deepEqual(parsed.filled, [{ path: ["perfmock", "b"], text: "::1" }]);
  const none = parseJsonText('{"tasks": "${HOST}"}', true, {
    ...filling,
    key: "x",
  });
  assert.ok(none.issues === undefined);
  assert.deepEqual(none.value, { tasks: "${HOST}" });
});

Deno.test("typedBySchema() makes numbers and booleans of filled texts where no text is accepted", () => {
  const schema = {
    type: "object",
    properties: {
      port: { type: "integer" },
      share: { anyOf: [{ type: "number" }, { type: "null" }] },
      on: { type: "boolean" },
      text: { type: "string" },
      duration: { type: ["string", "number"] },
      list: { type: "array", items: { type: "number" } },
    },
  };
  const value = {
    port: "80",
    share: "0.5",
    on: "true",
    text: "7",
    duration: "7",
    list: [1, "2"],
  };
  const filled = [
    ...Object.entries(value).flatMap(([key, text]) =>
      typeof text === "string" ? [{ path: [key], text }] : []
    ),
    { path: ["list", "1"], text: "2" },
  ];
  assert.deepEqual(typedBySchema(value, filled, schema), {
    port: 80,
    share: 0.5,
    on: true,
    text: "7",
    duration: "7",
    list: [1, 2],
  });
  const odd = [{ path: ["port"], text: "x" }, { path: ["on"], text: "1" }];
  assert.deepEqual(
    typedBySchema({ port: "x", on: "1" }, odd, schema),
    { port: "x", on: "1" },
  );
  assert.deepEqual(odd.map(mayBeTyped), [false, true]);
});

Deno.test("variablesIn() reads those variables that a text names, and no others", () => {
  const read: string[] = [];
  const found = variablesIn("${HOST} ${PORT:-1} $${EMPTY} ${no}", (name) => {
    read.push(name);
    return ENVIRONMENT[name];
  });
  assert.deepEqual(found, { HOST: "::1", EMPTY: "" });
  assert.deepEqual(read, ["HOST", "PORT", "EMPTY"]);
});
