import { equal, ok } from "node:assert/strict";
import {
  carryOut,
  NOISES,
  PAGES,
  trueSlopes,
} from "../../../support/synthetic_pages.ts";

for (const page of PAGES) {
  Deno.test(`Experiment, ${page.name}: each slope is right within 0.15, with an interval as narrow as asked`, () => {
    const slopes = trueSlopes(page);
    const { analysis, experiment } = carryOut(page, NOISES.gaussian, 1);
    equal(experiment.stopped, "precise");
    for (const [at, { slope }] of analysis.factors.entries()) {
      ok(
        Math.abs(slope.value - slopes[at]) < 0.15,
        `${page.factors[at].id}: ${slope.value}, true ${slopes[at]}`,
      );
    }
  });
}
