import { deepEqual, equal } from "node:assert/strict";
import { testFailures } from "../../support/failures.ts";

const OF = { plugin: "bad", member: "observe" };

Deno.test("Failures counts every error, and logs each message once and at most ten of one kind", () => {
  const { failures, lines, metrics } = testFailures();
  for (let i = 0; i < 100; i++) {
    failures.report(OF, new Error(`number ${i % 20}`));
  }
  failures.report({ plugin: undefined, member: "clock" }, "a text");
  equal(lines.length, 11);
  deepEqual(lines.slice(8), [
    "Error: number 8",
    "Error: number 9",
    "a text",
  ]);
  const counted = [...metrics.all()]
    .filter(({ definition: { name } }) => /errors_total$/.test(name))
    .map((metric) => [
      metric.definition.name,
      ...[...metric.entries()].map(([values, series]) => [
        ...values,
        Reflect.get(series, "value"),
      ]),
    ]);
  deepEqual(counted, [
    ["perfmock_plugin_errors_total", ["bad", "observe", 100]],
    ["perfmock_internal_errors_total", ["clock", 1]],
  ]);
});

Deno.test("Failures gives one reason for each kind, until the reset", () => {
  const { failures } = testFailures();
  failures.report(OF, new Error("one"));
  failures.report(OF, new Error("one"));
  failures.report({ plugin: undefined, member: "engine deno" }, "two");
  deepEqual(failures.reasons(), [
    'Plugin "bad" (observe) has failed 2 times since the start or the last reset: Error: one',
    "perfmock itself (engine deno) has failed once since the start or the last reset: two",
  ]);
  failures.reset();
  deepEqual(failures.reasons(), []);
  failures.report(OF, new Error("one"));
  equal(failures.reasons().length, 1);
});

Deno.test("Failures tells 200 kinds apart, and the others together", () => {
  const { failures } = testFailures();
  for (let i = 0; i < 300; i++) {
    failures.report({ plugin: "bad", member: `m${i}` }, "x");
  }
  equal(failures.reasons().length, 201);
  equal(
    failures.reasons().at(-1),
    "perfmock itself (others) has failed 100 times since the start or the last reset: x",
  );
});
