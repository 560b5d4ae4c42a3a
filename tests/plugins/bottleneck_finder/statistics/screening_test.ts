import { deepEqual, equal, ok } from "node:assert/strict";
import {
  Model,
  type Sample,
  setKey,
} from "../../../../plugins/bottleneck_finder/statistics/_model.ts";
import { Screening } from "../../../../plugins/bottleneck_finder/statistics/_screening.ts";
import { uniforms } from "../../../support/synthetic_pages.ts";

const FACTORS = [0, 1, 2, 3, 4, 5, 6, 7];

/** Screening of eight factors, and a function that makes pairs of rows and reviews them. */
function screeningOf(
  figure: (on: readonly number[]) => number,
  next: () => number,
) {
  const screening = new Screening("added", FACTORS, next);
  const noise = uniforms(8);
  const samples: Sample[] = [];
  const add = (on: readonly number[]) =>
    samples.push({
      block: 0,
      figure: figure(on) + noise(),
      isSlow: false,
      direction: on.length === 0 ? undefined : "added",
      on,
      key: setKey(on),
    });
  const model = () =>
    new Model(samples, FACTORS.length, {
      added: { varied: FACTORS.length, sets: [], pairs: screening.pairs },
      taken: { varied: 0, sets: [], pairs: [] },
    });
  return {
    screening,
    review(pairs: number) {
      for (let pair = 0; pair < pairs; pair++) {
        for (const on of screening.take()) add(on);
        add([]);
      }
      return screening.review(model, new Set());
    },
  };
}

/** Figure of a page on which two factors together cost a step less than the sum. */
const overlapping = (on: readonly number[]) =>
  500 + 100 * on.length - (on.includes(2) && on.includes(5) ? 100 : 0);

Deno.test("Screening: effects that add up are found to, and nothing is entangled", () => {
  const { screening, review } = screeningOf(
    (on) => 500 + 100 * on.length,
    uniforms(2),
  );
  deepEqual(review(screening.leastPairs), { entangled: [], addsUp: true });
  equal(screening.isFresh, false);
});

Deno.test("Screening: of pairs that one replicate varies alike, the next one tells which does not add up", () => {
  const { screening, review } = screeningOf(overlapping, uniforms(2));
  const first = review(screening.leastPairs);
  if (screening.isUnsure) {
    deepEqual(first, { entangled: [], addsUp: true });
    ok(!screening.isDue);
  }
  const { entangled, addsUp } = review(screening.leastPairs);
  equal(addsUp, false);
  deepEqual(screening.pairs, [[2, 5]]);
  deepEqual(screening.alike, []);
  deepEqual([...new Set(entangled)].sort(), [2, 5]);
});

Deno.test("Screening: pairs that each replicate varies alike are all entangled", () => {
  const { screening, review } = screeningOf(overlapping, () => 0.5);
  deepEqual(review(screening.leastPairs), { entangled: [], addsUp: true });
  ok(screening.isUnsure && !screening.isDue);
  for (let pair = 0; pair < screening.leastPairs; pair++) screening.take();
  ok(screening.isDue);
  const { entangled, addsUp } = review(0);
  equal(addsUp, false);
  ok(screening.alike.length === 1 && screening.alike[0].length > 1);
  ok(screening.alike[0].some((pair) => pair.join() === "2,5"));
  ok(entangled.includes(2) && entangled.includes(5) && entangled.length > 2);
});
