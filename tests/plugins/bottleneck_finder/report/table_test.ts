import { deepEqual, equal, ok } from "node:assert/strict";
import {
  findTable,
  sweepTable,
} from "../../../../plugins/bottleneck_finder/report/table.ts";
import {
  evilAnswer,
  findAnswer,
  longAnswer,
  routeOf,
  sweepAnswer,
} from "./_answers.ts";

/** Characters that must not reach a terminal. */
// deno-lint-ignore no-control-regex -- control characters are what it finds
const OBEYED = /[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e]/;

Deno.test("the table of an experiment has a row for each route, and the sentences", () => {
  equal(
    findTable(findAnswer()),
    `The 2.5 s budget breaks when cart exceeds 640 ms (615…665), or GET /api/session 1340 ms (1300…1380). LCP is 1240 ms (95 % interval 1228…1251) as configured.

route                         verdict  LCP per ms    interval        saved  share  calls   time  at most
GET /api/session             critical        0.98   0.91…1.04  0.95 ± 0.08   12 %      1  80 ms  1340 ms
cart                           partly        0.42   0.33…0.50  0.02 ± 0.06   12 %      1  80 ms   640 ms
recommendations                hidden        0.00  −0.03…0.03            –      –      1  80 ms        –
https://cdn.example/fonts/*   unclear        0.30  −4.00…6.00            –      –      1  80 ms        –
LCP per ms: cost of each ms of response time, in ms of LCP, with its 95 % interval; saved: the same where time is taken away; share: part of LCP that the route explains; time: median response time; at most: response time that keeps the 2.5 s budget.

+100 ms on GET /api/session costs +98 ms LCP (95 % interval 91…104): on the critical path.
+100 ms on cart costs +42 ms LCP (95 % interval 33…50): partly on the critical path. 60 ms less saves 1.2 ± 3.6 ms.
+100 ms on recommendations costs 0 ± 3 ms LCP: hidden.
+100 ms on https://cdn.example/fonts/* costs +30 ms LCP (95 % interval −400…600): unclear.
Time added to both cart and stock costs 48 ms LCP less than the sum of each alone (95 % interval 42…54).
Cannot be told apart: a, b: each page load calls both at once

The 2.5 s budget breaks when route cart, delay exceeds 560 ms (95 % interval 535…585 ms). The slope changes at 300 ms (95 % interval 280…320 ms): 0.02 ms LCP per ms below, 0.98 above.

64 loads in 3 min 20 s, stopped since the intervals are narrow enough. Seed 42.
Loads without a figure: 2 (the page gave no LCP within 30 s).
Design: Plackett–Burman, 8 runs, folded over, 4 replicates in blocks
Perfmock and the browser share this machine.
`,
  );
});

Deno.test("columns that say nothing are left out", () => {
  const head = (more: Parameters<typeof routeOf>[0]) =>
    findTable(
      findAnswer({
        budget: null,
        cliffs: [],
        failed: {},
        routes: [routeOf(more)],
      }),
    )
      .split("\n")[2].split(/ {2,}/);
  deepEqual(
    head({
      saved: null,
      share: null,
      responseTime: null,
      added: { asked: 100, measured: null },
      taken: null,
      lateness: null,
      largest: null,
    }),
    ["route", "verdict", "LCP per ms", "interval", "calls"],
  );
});

Deno.test("names are cut and hidden routes counted where there are many", () => {
  const text = findTable(longAnswer());
  ok(text.split("\n").slice(3, 73).every((line) => line.indexOf("  ") <= 44));
  ok(text.includes("\nOther routes: 18 more in the table, 40 hidden.\n"));
  ok(!text.includes(": hidden."));
});

Deno.test("the table of a sweep has a column for each factor", () => {
  equal(
    sweepTable(sweepAnswer()),
    `route            response time         ×1         ×2         ×4         ×8               knee  breaks 1.5 s
cart                     80 ms  1240 ± 12  1246 ± 15  1330 ± 14  1655 ± 22   230 ms (190…262)            ×8
recommendations         300 ms  1240 ± 12  1239 ± 15          –          –               none            no
cpu                          –  1240 ± 12  1239 ± 15          –          –  ×2.50 (2.10…3.25)            no
Median LCP in ms where the route's response time is multiplied by the factor, ± half of its 95 % interval; knee: response time from which on LCP grows faster.

40 loads in 1 min 1 s, complete. Seed 42.
`,
  );
  ok(!sweepTable(sweepAnswer({ budget: null })).includes("breaks"));
});

Deno.test("nothing from a page reaches the terminal unescaped", () => {
  const texts = [
    findTable(evilAnswer()),
    sweepTable(
      sweepAnswer({ figure: evilAnswer().figure, notes: evilAnswer().notes }),
    ),
  ];
  for (const text of texts) {
    ok(!OBEYED.test(text));
    ok(text.includes("alert(1)"));
  }
});

Deno.test("an answer without routes is still a text", () => {
  const text = findTable(
    findAnswer({ routes: [], interactions: [], indistinguishable: [] }),
  );
  ok(text.includes("64 loads"));
});
