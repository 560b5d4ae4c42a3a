// Runs without the profiler: computes much.
import { ok } from "node:assert/strict";
import {
  carryOut,
  graphPage,
  NOISES,
  type SyntheticPage,
  trueSlopes,
} from "../../../support/synthetic_pages.ts";

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
