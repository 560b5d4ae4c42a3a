import { deepEqual, equal, match, ok } from "node:assert/strict";
import { parse } from "yaml";
import { Draft } from "../../../../plugins/importer/mocks/draft.ts";
import { mockYaml } from "../../../../plugins/importer/output/yaml.ts";

/** Writes one route, and reads it again. */
function written(settings: Record<string, unknown>, more: object = {}) {
  const text = mockYaml(
    new Draft("a test"),
    [{ id: "a", method: "GET", path: "/a", settings, place: "/0", ...more }],
    ["Made for a test."],
  );
  return { text, route: parse(text).routes[0] };
}

Deno.test("A list of numbers in a text stays as it is, and one of its own is broken", () => {
  const numbers = Array.from({ length: 60 }, (_, i) => i + 0.25);
  const text = `first\n  "data": [ ${numbers.join(", ")} ]\nlast\n`;
  const { text: yaml, route } = written({
    response: { text, headers: { "X-A": text.replaceAll("\n", " ") } },
    serviceTime: { empirical: { values: numbers } },
  });
  equal(route.response.text, text);
  equal(route.response.headers["X-A"], text.replaceAll("\n", " "));
  deepEqual(route.serviceTime.empirical.values, numbers);
  const lists = yaml.split("values: [")[1].split("\n");
  ok(lists.length > 3 && lists.every((line) => line.length <= 120));
});

Deno.test("Texts of all kinds are read as they were written", () => {
  for (
    const text of [
      "a\r\nb\r\n",
      "tab\tand\n  indented\n\n",
      "- list: [not]",
      "# no comment",
      "yes",
      "0123",
      "\0\x07\u2028\u2029\ufeff",
      "ends with spaces   \n  ",
      "\"quoted\" and 'quoted'",
      "x".repeat(500),
      " leading",
      "trailing: ",
      "{{path.id}} \\{{x}}",
      "null",
      "",
    ]
  ) {
    const settings = { response: { text, headers: { "X-A": text } } };
    deepEqual(written(settings).route.response, settings.response);
  }
});

Deno.test("Short collections are on one line, long lists of numbers on lines of bounded length", () => {
  const values = Array.from({ length: 300 }, (_, i) => i + 0.125);
  const { text, route } = written(
    { response: { json: { a: [1, { b: 2 }] } } },
    {
      serviceTime: { empirical: { values } },
      timeNotes: ["One sentence.", "Another one."],
      notes: ["Above the route."],
    },
  );
  deepEqual(route.serviceTime, { empirical: { values } });
  ok(text.split("\n").every((line) => line.length <= 125), text);
  match(text, /^# Made for a test\.\n/);
  match(text, /\n {2}# Above the route\.\n {2}- id: a\n/);
  match(
    text,
    /\n {4}# One sentence\.\n {4}# Another one\.\n {4}serviceTime:\n/,
  );
  match(text, /\n {4}response: \{ json: \{ a: \[ 1, \{ b: 2 \} \] \} \}\n/);
});

Deno.test("A comment cannot end its line: sentences with line breaks and control characters stay comments", () => {
  const { text, route } = written({}, {
    notes: ["one\nroutes: []\r\n- x\u2028y: z"],
  });
  deepEqual(route, { id: "a", path: "/a" });
  equal(text.includes("\nroutes: []"), false);
});

Deno.test("Reasons beyond the first 40 are counted", () => {
  const draft = new Draft("a test");
  for (let i = 0; i < 45; i++) draft.leave(`reason ${i}`, "/0");
  const text = mockYaml(draft, [], []);
  match(text, /# - 1 × reason 39 \(\/0\)\n# - and 5 further reasons\n/);
});
