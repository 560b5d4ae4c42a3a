import { deepEqual, match, ok } from "node:assert/strict";
import {
  checkRows,
  cliffRows,
  headline,
  routeExplanation,
  routeRows,
  sweepRows,
} from "../../../../plugins/bottleneck_finder/report/rows.ts";
import {
  cliffOf,
  estimate,
  findAnswer,
  routeOf,
  sweepAnswer,
} from "./_answers.ts";

Deno.test("the processor has units of its own", () => {
  const answer = findAnswer({
    routes: [
      routeOf({
        route: "cpu",
        slope: 2.5,
        added: { asked: 100, measured: null },
        taken: null,
      }),
    ],
  });
  deepEqual(routeRows(answer)[1].slice(0, 3), [
    "cpu",
    "critical",
    "2.50 per %",
  ]);
  deepEqual(checkRows(answer), [
    ["route", "p", "to add", "late"],
    ["cpu", "<0.001", "100 %", "0.1 ms"],
  ]);
});

Deno.test("checks show times as asked and as measured", () => {
  deepEqual(checkRows(findAnswer()).slice(0, 2), [
    ["route", "p", "to add", "added", "to take", "taken", "late"],
    [
      "GET /api/session",
      "<0.001",
      "100 ms",
      "100 ms",
      "60 ms",
      "60 ms",
      "0.1 ms",
    ],
  ]);
});

Deno.test("without a budget, the headline is the figure", () => {
  deepEqual(
    headline(findAnswer({ budget: null })),
    "LCP is 1240 ms (95 % interval 1228…1251) as configured.",
  );
});

Deno.test("a level without a figure has its loads", () => {
  const points = [
    { level: 3, figure: estimate(1000, 5), loads: 2, failed: 0 },
    { level: 4, figure: null, loads: 4, failed: 4 },
  ];
  deepEqual(cliffRows(cliffOf({ unit: "", points }), "LCP").slice(1), [
    ["3", "1000", "995…1005", "2", "0"],
    ["4", "–", "–", "4", "4"],
  ]);
});

Deno.test("errors have a column of their own where there are any, in a sweep too", () => {
  const errors = { share: 0.125, answers: 64, statuses: { "503": 8 } };
  const answer = findAnswer({
    routes: [routeOf({ errors }), routeOf(), routeOf({ errors: null })],
  });
  const [head, ...rows] = routeRows(answer);
  const at = head.indexOf("errors");
  deepEqual(rows.map((row) => row[at]), ["13 %", "–", "–"]);
  match(routeExplanation(answer), /; errors: share of answers with a status/);
  ok(!routeRows(findAnswer())[0].includes("errors"));
  ok(!routeExplanation(findAnswer()).includes("errors"));
  const [swept, other] = sweepAnswer().routes;
  deepEqual(
    sweepRows(sweepAnswer({ routes: [{ ...swept, errors }, other] })).map((
      row,
    ) => row.at(-1)),
    ["errors", "13 %", "–"],
  );
  ok(!sweepRows(sweepAnswer())[0].includes("errors"));
});
