// Runs without the profiler: computes much.
import { ok } from "node:assert/strict";
import { bootstrapMultiples } from "../../../../plugins/bottleneck_finder/statistics/bootstrap.ts";
import {
  carryOut,
  graphPage,
  indifferentPage,
  NOISES,
  PAGES,
  slowedPage,
  type SyntheticPage,
  trueSavings,
  trueSlopes,
} from "../../../support/synthetic_pages.ts";
import { fitOf, matrix, order } from "./_blocks.ts";

/** Page without time that could be taken away, so that the experiment has one direction. */
function addedOnly(page: SyntheticPage): SyntheticPage {
  return {
    ...page,
    factors: page.factors.map((factor) => ({ ...factor, taken: 0 })),
  };
}

Deno.test("Experiment: on pages that ignore the backend, a route is called significant in at most 5 % of 400 experiments", () => {
  const page = addedOnly(graphPage(
    "indifferent",
    ["a", "b", "c", "d"].map((id) => ({ id, time: 100, late: true })),
  ));
  let claims = 0;
  for (let seed = 0; seed < 400; seed++) {
    const { analysis } = carryOut(page, NOISES.gaussian, seed);
    if (analysis.factors.some(({ significant }) => significant)) claims++;
  }
  ok(claims <= 20, `${claims} of 400`);
});

for (const name of Object.keys(NOISES)) {
  Deno.test(`Experiment, noise ${name}: about 95 % of the intervals contain the truth, and are as narrow as asked`, () => {
    const page = addedOnly(graphPage("mixed", [
      { id: "first", time: 100 },
      { id: "second", time: 150, after: ["first"] },
      { id: "third", time: 150, after: ["first"] },
      { id: "hidden", time: 50, late: true },
      { id: "retried", time: 50, after: ["second", "third"], times: 3 },
    ]));
    const slopes = trueSlopes(page);
    let covered = 0;
    let close = 0;
    const seeds = 40;
    for (let seed = 0; seed < seeds; seed++) {
      const { analysis, experiment } = carryOut(page, NOISES[name], seed);
      ok(experiment.stopped === "precise");
      for (const [at, { slope }] of analysis.factors.entries()) {
        ok(slope.high - slope.low <= 0.2 + 1e-9);
        if (slope.low <= slopes[at] && slopes[at] <= slope.high) covered++;
        if (Math.abs(slope.value - slopes[at]) <= 0.1) close++;
      }
    }
    const all = seeds * slopes.length;
    ok(covered / all > 0.92, `${covered} of ${all} intervals`);
    ok(close / all > 0.92, `${close} of ${all} slopes`);
  });
}

Deno.test("Experiment: on all pages, about 95 % of the intervals of slopes, savings and interactions contain the truth, and claims on hidden routes are few", () => {
  for (const page of [...PAGES, slowedPage(4), indifferentPage(20)]) {
    const slopes = trueSlopes(page);
    const savings = trueSavings(page);
    let covered = 0;
    let all = 0;
    let claims = 0;
    let pairs = 0;
    let wrong = 0;
    const seeds = 30;
    for (let seed = 0; seed < seeds; seed++) {
      const { analysis, experiment } = carryOut(page, NOISES.gaussian, seed);
      ok(experiment.stopped === "precise");
      for (const [at, { slope, saved }] of analysis.factors.entries()) {
        const saving = savings[at];
        all++;
        if (isWithin(slopes[at], slope)) covered++;
        if (saved === undefined || saving === undefined) continue;
        all++;
        if (isWithin(saving, saved)) covered++;
      }
      claims += analysis.factors.some(({ significant }, at) =>
          significant && slopes[at] === 0
        )
        ? 1
        : 0;
      for (const { pair, effect, direction } of analysis.interactions) {
        pairs++;
        if (!isWithin(trueInteraction(page, pair, direction), effect)) {
          wrong++;
        }
      }
    }
    ok(covered / all > 0.93, `${page.name}: ${covered} of ${all} intervals`);
    ok(claims <= 5, `${page.name}: ${claims} of ${seeds} with false claims`);
    ok(
      wrong <= 2 + 0.1 * pairs,
      `${page.name}: ${wrong} of ${pairs} interactions wrong`,
    );
  }
});

function isWithin(truth: number, { low, high }: { low: number; high: number }) {
  return low <= truth && truth <= high;
}

/** Effect of a pair beyond the sum of each alone. */
function trueInteraction(
  { factors, figure }: SyntheticPage,
  pair: readonly number[],
  direction: "added" | "taken",
): number {
  const sign = direction === "added" ? 1 : -1;
  const of = (on: readonly number[]) =>
    figure(
      factors.map((factor, at) =>
        on.includes(at) ? sign * factor[direction] : 0
      ),
    );
  const [first, second] = pair;
  return of(pair) - of([first]) - of([second]) + of([]);
}

Deno.test("bootstrapMultiples(): 95 % of the intervals contain the truth, also with outliers and heavy tails", () => {
  for (const name of ["gaussian", "outliers", "heavy-tailed", "frames"]) {
    let covered = 0;
    const samples = 400;
    for (let seed = 0; seed < samples; seed++) {
      const fit = fitOf(1000 + seed, NOISES[name]);
      const [multiple] = bootstrapMultiples(matrix, fit, {
        ...order,
        resamples: 199,
      });
      const away = Math.abs(fit.coefficients[6] - 50);
      if (away <= multiple * fit.errors[6]) covered++;
    }
    const share = covered / samples;
    ok(share > 0.925 && share < 0.98, `${name}: ${share}`);
  }
});
