import { deepEqual, ok } from "node:assert/strict";
import { root, sources } from "../../tools/run.ts";
import { exchange, testPlan } from "../support/plan.ts";

/** Fields that core/respond/ writes while it builds an answer; all others belong to core/pipeline/. */
const ANSWER = [
  "flowing",
  "leave",
  "preparing",
  "sent",
  "shaping",
  "socket",
  "status",
  "stop",
];

/** Fields of an exchange that change after its construction. */
const FIELDS = new Set(
  Object.keys(exchange(testPlan()))
    .filter((field) => !["plan", "method", "incoming"].includes(field)),
);

/** Writes to fields of exchanges in one file, as `field` names. By convention a variable for an exchange is called `x`. */
function writes(path: string, text: string): string[] {
  const found: string[] = [];
  const add = (node: Deno.lint.Node) => {
    if (node.type !== "MemberExpression" || node.computed) return;
    const { object, property } = node;
    const holder = object.type === "MemberExpression"
      ? object.property
      : object;
    const name = holder.type === "PrivateIdentifier" ||
        holder.type === "Identifier"
      ? holder.name
      : "";
    if (
      ["x", "#x", "exchange"].includes(name) &&
      property.type === "Identifier" && FIELDS.has(property.name)
    ) found.push(property.name);
  };
  Deno.lint.runPlugin(
    {
      name: "house",
      rules: {
        writes: {
          create: () => ({
            AssignmentExpression: (node) => add(node.left),
            UpdateExpression: (node) => add(node.argument),
          }),
        },
      },
    },
    path,
    text,
  );
  return found;
}

Deno.test("writes() finds assignments to fields of an exchange, however it is held", () => {
  deepEqual(
    writes(
      "core/a.ts",
      `x.due = 1; x.service += 2; this.#x.stop = undefined; exchange.slot--;
       const due = x.due; y.due = 3; x.plan.dials.delay = 4; x["due"] = 5;`,
    ),
    ["due", "service", "stop", "slot"],
  );
});

Deno.test("core/pipeline alone writes to an exchange, and core/respond to the fields of its answer", async () => {
  const violations: string[] = [];
  const respond = new Set<string>();
  for (const path of await sources("core", "plugins")) {
    if (path.startsWith("core/pipeline/")) continue;
    const text = await Deno.readTextFile(`${root}/${path}`);
    for (const field of writes(path, text)) {
      const answers = path.startsWith("core/respond/");
      if (answers) respond.add(field);
      if (!answers || !ANSWER.includes(field)) {
        violations.push(`${path} writes ${field}`);
      }
    }
  }
  deepEqual(violations, []);
  ok(respond.size > 0);
  deepEqual([...respond].toSorted(), ANSWER);
});
