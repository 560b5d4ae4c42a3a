import { deepEqual, equal, ok } from "node:assert/strict";
import {
  type BudgetRoute,
  solveBudget,
} from "../../../../plugins/bottleneck_finder/cliffs/budget.ts";

const exactly = (value: number) => ({ value, low: value, high: value });

const ROUTE: BudgetRoute = {
  route: "cart",
  responseTime: 80,
  slope: exactly(1),
  added: 500,
  saved: exactly(1),
  taken: 60,
  cliff: null,
};

function solve(
  more: Partial<BudgetRoute>,
  limit = 1500,
  baseline = exactly(1000),
) {
  const { largest: [largest], notes } = solveBudget(limit, baseline, [
    { ...ROUTE, ...more },
  ]);
  return { largest, notes };
}

Deno.test("headroom divided by the slope is the time that may be added", () => {
  deepEqual(solve({}), { largest: exactly(580), notes: [] });
  deepEqual(solve({ slope: exactly(2) }).largest, exactly(330));
});

Deno.test("the interval is that of Fieller", () => {
  // 500 ± 30 divided by 1 ± 0.1: the roots of 0.99 x² − 1000 x + 249100.
  const { largest } = solve(
    { slope: { value: 1, low: 0.9, high: 1.1 } },
    1500,
    { value: 1000, low: 970, high: 1030 },
  );
  ok(largest !== null);
  const root = Math.sqrt(500 ** 2 - 0.99 * 249_100);
  ok(Math.abs(largest.low - 80 - (500 - root) / 0.99) < 1e-9);
  ok(Math.abs(largest.high - 80 - (500 + root) / 0.99) < 1e-9);
  equal(largest.value, 580);
});

Deno.test("the interval of a quotient contains the estimate, and is bounded where the slope's interval is above 0", () => {
  for (const low of [0.001, 0.1, 0.5, 0.99]) {
    for (const high of [1, 1.5, 5]) {
      for (const spread of [0, 20, 700]) {
        const { largest } = solve(
          { slope: { value: 1, low, high }, added: 1e9 },
          1500,
          { value: 1000, low: 1000 - spread, high: 1000 + spread },
        );
        ok(largest !== null && Number.isFinite(largest.high));
        ok(largest.low <= largest.value && largest.value <= largest.high);
        ok(largest.low >= 0);
      }
    }
  }
});

Deno.test("a route whose slope may be 0 has no limit, nor has one that was not seen", () => {
  const slope = { value: 0.02, low: -0.01, high: 0.05 };
  deepEqual(solve({ slope }), { largest: null, notes: [] });
  deepEqual(solve({ responseTime: null }), { largest: null, notes: [] });
});

Deno.test("a limit far beyond what was measured is called extrapolated", () => {
  const { largest, notes } = solve({ added: 100 });
  deepEqual(largest, exactly(580));
  deepEqual(notes, [
    "Largest response times that are extrapolated along a straight line beyond what was measured: cart (580 ms, measured up to 180 ms); a cliff search along a route's delay measures its limit",
  ]);
});

Deno.test("a search along the delay counts more than the slope", () => {
  const breaksAt = { value: 340, low: 330, high: 352 };
  deepEqual(solve({ added: 100, cliff: { breaksAt, to: 2000 } }), {
    largest: { value: 420, low: 410, high: 432 },
    notes: [],
  });
  deepEqual(solve({ cliff: { breaksAt: null, to: 2000 } }), {
    largest: null,
    notes: [
      "The budget held at the largest delay of the search: cart (2080 ms)",
    ],
  });
});

Deno.test("a broken budget is brought back by less response time, where that is enough", () => {
  deepEqual(solve({}, 960), { largest: exactly(40), notes: [] });
  deepEqual(solve({ taken: 10 }, 960), {
    largest: exactly(40),
    notes: [
      "Largest response times that are extrapolated along a straight line beyond what was measured: cart (40 ms, measured down to 70 ms); a cliff search along a route's delay measures its limit",
    ],
  });
  deepEqual(solve({}, 900), {
    largest: null,
    notes: [
      "The budget stays broken even if these routes answer at once: cart (80 ms now)",
    ],
  });
  deepEqual(solve({ saved: null }, 960), { largest: null, notes: [] });
  // A search upwards from a broken budget says nothing on the way down.
  const cliff = { breaksAt: exactly(0), to: 2000 };
  deepEqual(solve({ cliff }, 960).largest, exactly(40));
});

Deno.test("a limit is never below 0, and notes name all their routes", () => {
  const { largest } = solve(
    {},
    930,
    { value: 1000, low: 980, high: 1020 },
  );
  deepEqual(largest, { value: 10, low: 0, high: 30 });
  const { notes } = solveBudget(1500, exactly(1000), [
    { ...ROUTE, added: 10 },
    { ...ROUTE, route: "stock", added: 20 },
  ]);
  ok(
    notes[0].includes(
      "cart (580 ms, measured up to 90 ms), stock (580 ms, measured up to 100 ms)",
    ),
  );
});
