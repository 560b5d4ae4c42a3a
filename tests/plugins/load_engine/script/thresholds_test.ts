import { deepEqual, equal } from "node:assert/strict";
import { issuesOf, parse } from "../_scripts.ts";

const SCENARIOS = {
  browse: {
    executor: "arrival-rate",
    rate: "1/s",
    duration: "1s",
    requests: [{ path: "/", name: "home", group: "pages" }],
  },
};

async function read(metric: string, bound: unknown) {
  const script = await parse({
    scenarios: SCENARIOS,
    thresholds: { [metric]: [bound] },
  });
  return script.thresholds[0];
}

for (
  const [metric, expression, statistic, operator, bound] of [
    ["responseTime", "p(95)<200ms", { kind: "quantile", p: 0.95 }, "<", 200],
    ["startLag", "p(99.9) <= 0.5", { kind: "quantile", p: 0.999 }, "<=", 0.5],
    ["browse.serviceTime", "avg>1s", { kind: "avg" }, ">", 1000],
    ["firstByte", " med >= 250us ", { kind: "med" }, ">=", 0.25],
    ["browse.home.responseTime", "max<1m", { kind: "max" }, "<", 60_000],
    ["browse.pages.responseTime", "min>0", { kind: "min" }, ">", 0],
    ["responseTime", "count>10", { kind: "count" }, ">", 10],
    ["failed", "rate<0.01", { kind: "rate" }, "<", 0.01],
    ["dropped", "count==0", { kind: "count" }, "==", 0],
    ["checks", "rate != 1", { kind: "rate" }, "!=", 1],
    ["cut", "count==0", { kind: "count" }, "==", 0],
    ["refused", "rate<0.05", { kind: "rate" }, "<", 0.05],
    ["refused", "p(99)<20ms", { kind: "quantile", p: 0.99 }, "<", 20],
    ["browse.home.served", "avg<1s", { kind: "avg" }, "<", 1000],
  ] as const
) {
  Deno.test(`A threshold on ${metric} may be "${expression}"`, async () => {
    const read_ = await read(metric, expression);
    deepEqual(read_.statistic, statistic);
    deepEqual([read_.operator, read_.bound], [operator, bound]);
    deepEqual([read_.abortOnFail, read_.after], [false, 0]);
    equal(read_.metric.text, metric);
  });
}

Deno.test("A threshold may end the run, after a while", async () => {
  const { expression, abortOnFail, after } = await read("failed", {
    expression: "rate<0.5",
    abortOnFail: true,
    after: "10s",
  });
  deepEqual([expression, abortOnFail, after], ["rate<0.5", true, 10_000]);
});

for (
  const [metric, expression, column, found] of [
    ["responseTime", "p(95<200ms", 2, "p takes a percentage"],
    ["responseTime", "p(101)<1s", 2, "p takes a percentage"],
    ["responseTime", "", 1, "a statistic is expected"],
    ["responseTime", "  <3", 3, "a statistic is expected"],
    ["responseTime", "rate<3", 1, '"rate" is not a statistic of this figure'],
    ["failed", "p(95)<3ms", 1, '"p" is not a statistic of this figure'],
    ["failed", "avg<3", 1, '"avg" is not a statistic of this figure'],
    ["responseTime", "avg ~ 3", 5, "a comparison is expected"],
    ["responseTime", "max", 4, "a comparison is expected"],
    ["responseTime", "p(95) < 200mss", 9, "a duration is expected"],
    ["responseTime", "p(95) <", 8, "a duration is expected"],
    ["failed", "rate<1%", 6, "a number is expected"],
    ["failed", "count<", 7, "a number is expected"],
  ] as const
) {
  Deno.test(`The threshold "${expression}" on ${metric} is rejected at column ${column}`, async () => {
    const issues = await issuesOf({
      scenarios: SCENARIOS,
      thresholds: { [metric]: [expression, { expression }] },
    });
    const message = `Cannot read the threshold at column ${column}: ${found}`;
    deepEqual(issues.map((issue) => [issue.path, issue.message, issue.value]), [
      [`/thresholds/${metric}/0`, message, expression],
      [`/thresholds/${metric}/1/expression`, message, expression],
    ]);
  });
}

Deno.test("A threshold refers to existing figures, scenarios and parts", async () => {
  const issues = await issuesOf({
    scenarios: SCENARIOS,
    thresholds: {
      respnseTime: ["p(95)<1s", "nonsense"],
      "brows.failed": ["rate<1"],
      "browse.hoem.failed": ["rate<1"],
      "browse.home.x.failed": ["rate<1"],
    },
  });
  deepEqual(
    issues.map(({ path, message, suggestion }) => [path, message, suggestion]),
    [
      [
        "/thresholds/respnseTime",
        'There is no figure "respnseTime"',
        "responseTime",
      ],
      [
        "/thresholds/respnseTime/1",
        'Cannot read the threshold at column 1: "nonsense" is not a statistic of this figure',
        undefined,
      ],
      [
        "/thresholds/brows.failed",
        'There is no scenario "brows" that sends requests',
        "browse",
      ],
      [
        "/thresholds/browse.hoem.failed",
        'Scenario "browse" has no group or named request "hoem"',
        "home",
      ],
      [
        "/thresholds/browse.home.x.failed",
        "A threshold refers to scenario.part.figure",
        "failed",
      ],
    ],
  );
});

Deno.test("A value that is not a list of thresholds is rejected", async () => {
  for (
    const thresholds of [3, { failed: "rate<1" }, { failed: [] }, {
      failed: [3],
    }]
  ) {
    const issues = await issuesOf({ scenarios: SCENARIOS, thresholds });
    equal(issues.length, 1, JSON.stringify(thresholds));
  }
});
