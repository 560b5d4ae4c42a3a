import { deepEqual, equal, match, ok } from "node:assert/strict";
import { referencePages } from "../../tools/reference.ts";
import { membersIn } from "../../tools/reference/doc_comments.ts";
import { anchorOf, table } from "../../tools/reference/markdown.ts";
import { SchemaTables } from "../../tools/reference/schema_tables.ts";

const SHARED = { links: {}, signals: "signal" };

Deno.test("table() leaves out empty columns and escapes bars outside and within code", () => {
  equal(
    table(["a", "b", "c"], [["`x|y`", "", "<b> | {{id}}"]]),
    "| a | c |\n| --- | --- |\n| `x\\|y` | &lt;b> \\| {{id}} |\n",
  );
});

Deno.test("anchorOf() names a heading as GitHub does", () => {
  equal(anchorOf("`routes[].degrade`, model `usl`"), "routesdegrade-model-usl");
});

Deno.test("membersIn() reads the comments of an interface, without tags and links", () => {
  const text = `
/** An interface. */
export interface Door<T = unknown> extends Wall {
  /** Name of the door. */
  readonly name: string;
  /**
   * Opens it, as {@linkcode Wall.open} does.
   *
   * @param by angle
   */
  open?(by: number): void;
  /** Closes it. */
  [Symbol.dispose](): void;
}

export interface Other {
  /** Not of the door. */
  readonly other: string;
}
`;
  deepEqual(membersIn(text, "Door"), [
    { name: "name", optional: false, text: "Name of the door." },
    { name: "open", optional: true, text: "Opens it, as `Wall.open` does." },
    { name: "[Symbol.dispose]", optional: false, text: "Closes it." },
  ]);
  deepEqual(membersIn(text, "Window"), []);
});

Deno.test("SchemaTables writes a table for each object, with values, defaults and meanings", () => {
  const text = new SchemaTables({}, SHARED).write(
    {
      required: ["path"],
      properties: {
        path: { type: "string", description: "Path" },
        time: {
          description: "Time",
          default: "10s",
          anyOf: [{ type: "string", pattern: "(us|ms|s)" }, { type: "number" }],
        },
        mode: { enum: ["a", "b"], description: "Mode" },
        parts: {
          type: "array",
          items: {
            type: "object",
            properties: { on: { type: "boolean", description: "Switch" } },
          },
        },
      },
    },
    "",
    "Top",
  );
  equal(
    text,
    `## Top

| key | value | default | meaning |
| --- | --- | --- | --- |
| \`path\` | text | required | Path |
| \`time\` | duration | \`"10s"\` | Time |
| \`mode\` | \`"a"\` or \`"b"\` |  | Mode |
| \`parts\` | list of [object](#parts) |  |  |

## \`parts[]\`

| key | value | meaning |
| --- | --- | --- |
| \`on\` | \`true\` or \`false\` | Switch |
`,
  );
});

Deno.test("SchemaTables writes an object that occurs twice once, and one that contains itself without end", () => {
  const same = { type: "object", properties: { a: { type: "string" } } };
  const node = {
    type: "object",
    properties: { next: { $ref: "#/$defs/node" }, value: same },
  };
  const root = {
    $defs: { node },
    properties: { one: same, two: same, list: { $ref: "#/$defs/node" } },
  };
  const text = new SchemaTables(root, SHARED).write(root, "", "Top");
  deepEqual(text.match(/^## .*$/gm), ["## Top", "## `one`", "## `list`"]);
  match(text, /`two` \| \[object\]\(#one\)/);
});

Deno.test("Every row of the reference has a meaning", async () => {
  const silent: string[] = [];
  let rows = 0;
  for (const [path, text] of await referencePages()) {
    for (const line of text.split("\n")) {
      if (!line.startsWith("| ") || line.startsWith("| ---")) continue;
      rows++;
      if (/\|\s*\|$/.test(line)) silent.push(`${path}: ${line}`);
    }
  }
  ok(rows > 500, `${rows} rows`);
  deepEqual(silent, []);
});
