import { equal, ok } from "node:assert/strict";
import {
  fisherTail,
  studentQuantile,
  studentTail,
} from "../../../../plugins/bottleneck_finder/statistics/student.ts";
import reference from "../../../reference/regression.json" with {
  type: "json",
};

function near(actual: number, expected: number, relative: number) {
  const error = Math.abs(actual - expected);
  ok(error <= relative * Math.abs(expected), `${actual} is not ${expected}`);
}

Deno.test("studentTail() agrees with scipy", () => {
  for (const { t, freedom, tail } of reference.student) {
    near(studentTail(t, freedom), tail, 1e-10);
  }
  equal(studentTail(0, 5), 1);
  equal(studentTail(Infinity, 5), 0);
  equal(studentTail(1e200, 5), 0);
});

Deno.test("studentQuantile() agrees with scipy", () => {
  for (const { confidence, freedom, t } of reference.quantile) {
    near(studentQuantile(confidence, freedom), t, 1e-10);
  }
});

Deno.test("fisherTail() agrees with scipy", () => {
  for (const { f, above, below, tail } of reference.fisher) {
    near(fisherTail(f, above, below), tail, 1e-10);
  }
  equal(fisherTail(0, 3, 5), 1);
  equal(fisherTail(Infinity, 3, 5), 0);
});
