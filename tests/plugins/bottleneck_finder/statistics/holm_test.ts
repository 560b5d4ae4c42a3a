import { deepEqual, ok } from "node:assert/strict";
import { holm } from "../../../../plugins/bottleneck_finder/statistics/holm.ts";
import reference from "../../../reference/regression.json" with {
  type: "json",
};

Deno.test("holm() agrees with statsmodels", () => {
  for (const { p, adjusted } of reference.holm) {
    for (const [at, value] of holm(p).entries()) {
      ok(Math.abs(value - adjusted[at]) < 1e-12);
    }
  }
  deepEqual(holm([]), []);
});
