import assert from "node:assert/strict";
import { parseYamlText } from "../../../core/config/_yaml.ts";

/** Errors of a text as `line:column message`. */
function errorsIn(text: string): string[] {
  return (parseYamlText(text).issues ?? []).map(({ line, column, message }) =>
    `${line}:${column} ${message}`
  );
}

const INDENTED =
  "this line is indented otherwise than the lines before it: keys of one object, and entries of one list, begin at the same column";
const DEEPER =
  "this line is indented deeper than the key before it, which already has a value";

Deno.test("YAML: each usual mistake is one error in plain words, at the line where it was made", () => {
  const table: [text: string, ...errors: string[]][] = [
    ["a:\n  port:1\n  host: b\n", '2:7 a space is missing after "port:"'],
    ["a:\n  - path:/a\n    b: c\n", '2:9 a space is missing after "path:"'],
    [
      "a:\n  - path: /a\n    b c\n  - d: e\n",
      '3:5 a colon is missing after "b"',
    ],
    [
      "a:\n  - path: /a\n   b: c\n",
      '3:1 this line is indented less than the entry before it, and a new entry begins with "- "',
    ],
    ["a:\n  - path: /a\n      b: c\n", `3:7 ${DEEPER}`],
    ["a: 1\n b:\n  - c\n", `2:2 ${DEEPER}`],
    ["a:\n    - b: 1\n  - b: 2\n", `3:3 ${INDENTED}`],
    ["a:\n- b: 1\n  - b: 2\n", `3:3 ${INDENTED}`],
    ["a:\n\tb: c\n", "2:1 a tab indents this line, spaces are needed"],
    ["a:\n  -b: 1\n  -b: 2\n", '2:3 a space is missing after "-"'],
    [
      "a: { b: {{path.id}} }\n",
      '1:9 a text that begins with {{ needs quotes: "{{path.id}}"',
    ],
    [
      "a:\n  b: {{ query.q }} and more\n",
      '2:6 a text that begins with {{ needs quotes: "{{ query.q }}"',
    ],
    [
      "a:\n  - {{sequence}}\n",
      '2:5 a text that begins with {{ needs quotes: "{{sequence}}"',
    ],
    [
      "a: { b: ${PORT} }\n",
      '1:9 within brackets, a text with ${ needs quotes: "${PORT}"',
    ],
    ["a: b: c\n", '1:4 a text that contains ": " needs quotes'],
    ["a: @b\n", "1:4 a text that begins with @ needs quotes"],
    ["a: { b: 'c }\nd: 1\n", "1:9 the text in quotes does not end"],
    ['a: "b\n', "1:4 the text in quotes does not end"],
    [
      "a: { b: c\nd: 1\n",
      '1:10 a "}" is missing, or the lines up to it are not indented',
    ],
    [
      "a: [1, 2\nd: 1\n",
      '1:9 a "]" is missing, or the lines up to it are not indented',
    ],
    ["a: 1\nb: *c\n", "2:4 no anchor of this name comes before the alias"],
    ["a: 1\nb: 2\na: 3\n", "3:1 the key is written twice"],
    ["a: !odd 1\n", "1:4 unresolved tag: !odd"],
    [
      'a: "\\q"\n',
      "1:5 this escape does not exist: in single quotes, a backslash is a character like any other",
    ],
    ["a: b\n---\nc: d\n", "2:1 a second document begins, only one is allowed"],
    ["a: b #\nc:d\n", '2:2 a space is missing after "c:"'],
  ];
  for (const [text, ...errors] of table) {
    assert.deepEqual(errorsIn(text), errors, text);
  }
});

Deno.test("YAML: several mistakes are reported at once", () => {
  assert.deepEqual(
    errorsIn("a: {{x}}\nb: *c\nd: { e: 1, e: 2 }\n").map((error) =>
      error.slice(0, 3)
    ),
    ["1:4", "2:4", "3:1"],
  );
});

Deno.test("YAML: texts that only look like mistakes are read", () => {
  const text = `url: http://127.0.0.1:80
time: 12:30
quoted: "{{path.id}}"
text: |
  {{path.id}}: a:b
  - {{x}}
later:
  port:1
-x: 1
`;
  const parsed = parseYamlText(text);
  assert.deepEqual(parsed.issues, undefined);
  assert.deepEqual(parsed.issues === undefined && parsed.value, {
    url: "http://127.0.0.1:80",
    time: "12:30",
    quoted: "{{path.id}}",
    text: "{{path.id}}: a:b\n- {{x}}\n",
    later: "port:1",
    "-x": 1,
  });
});

/** Value of a text without errors. */
function valueOf(text: string): unknown {
  const parsed = parseYamlText(text);
  assert.ok(parsed.issues === undefined, JSON.stringify(parsed.issues));
  return parsed.value;
}

Deno.test("YAML: << merges objects; own keys and earlier objects take precedence", () => {
  assert.deepEqual(
    valueOf(`a: &a { x: 1, y: { z: 1 } }
b: &b { x: 2, w: 2 }
one: { <<: *a, x: 3 }
two: { <<: [*a, *b] }
nested: &n { <<: *b, v: 4 }
three: { <<: *n, w: 5 }
inline: { <<: { x: 6 } }
quoted: { "<<": 1 }
`),
    {
      a: { x: 1, y: { z: 1 } },
      b: { x: 2, w: 2 },
      one: { x: 3, y: { z: 1 } },
      two: { x: 1, y: { z: 1 }, w: 2 },
      nested: { x: 2, w: 2, v: 4 },
      three: { x: 2, w: 5, v: 4 },
      inline: { x: 6 },
      quoted: { "<<": 1 },
    },
  );
  assert.deepEqual(
    valueOf("%YAML 1.1\n---\na: &a { x: 1 }\nb: { <<: *a, z: 2 }\n"),
    { a: { x: 1 }, b: { x: 1, z: 2 } },
  );
});

Deno.test("YAML: << refuses what is no object, and does not grow without bound", () => {
  const wrong = "<< merges objects: an alias of one, or a list of aliases";
  assert.deepEqual(errorsIn("a: { <<: 1 }\n"), [`1:10 ${wrong}`]);
  assert.deepEqual(errorsIn("a: &a [1]\nb: { <<: *a }\n"), [`2:10 ${wrong}`]);
  assert.deepEqual(errorsIn("a: { <<: { x: 1 }, <<: { y: 1 } }\n"), [
    "1:20 the key is written twice",
  ]);
  assert.match(errorsIn("a: &a { <<: *a }\n")[0], /more than 10 times/u);
});

Deno.test("YAML: a merged key is at its place in the object that it comes from", () => {
  const parsed = parseYamlText("a: &a\n  x: 1\nb:\n  <<: *a\n  y:\n    z\n");
  assert.ok(parsed.issues === undefined);
  assert.deepEqual(parsed.position(["b", "x"]), { line: 2, column: 3 });
  // A scalar on a line of its own is where the message about it points.
  assert.deepEqual(parsed.position(["b", "y"]), { line: 6, column: 5 });
  assert.equal(parsed.position(["b", "w"]), undefined);
});
