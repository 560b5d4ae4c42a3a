import { deepEqual, equal, throws } from "node:assert/strict";
import {
  hadamard,
  hadamardOrder,
} from "../../../../plugins/bottleneck_finder/statistics/hadamard.ts";

const ORDERS = [1, 2, 4, 8, 12, 16, 20, 24, 28, 32, 36, 40, 44, 48];

Deno.test("hadamard() returns matrices of +1 and −1 whose columns are orthogonal, for all orders up to 48", () => {
  for (const order of ORDERS) {
    const matrix = hadamard(order);
    equal(matrix.length, order);
    for (let a = 0; a < order; a++) {
      for (let b = 0; b < order; b++) {
        const product = matrix.reduce((sum, row) => sum + row[a] * row[b], 0);
        equal(product, a === b ? order : 0, `columns ${a}, ${b} of ${order}`);
      }
    }
    deepEqual(new Set(matrix.flat().map(Math.abs)), new Set([1]));
  }
});

Deno.test("hadamard() has no matrix of orders that do not exist or have no construction here", () => {
  for (const order of [0, 3, 6, 10, 92]) {
    throws(() => hadamard(order), RangeError);
  }
});

Deno.test("hadamardOrder() returns the smallest order with a column for each factor", () => {
  for (let columns = 1; columns <= 48; columns++) {
    equal(
      hadamardOrder(columns),
      ORDERS.find((order) => order >= columns),
    );
  }
  equal(hadamardOrder(89), 96);
});
