import { deepEqual } from "node:assert/strict";
import { quietRounds } from "./rounds.ts";

/** Returns the total steal time as read before and after each round, given the steal time of each round in ms. */
function stealing(...lost: number[]): () => number {
  let total = 0;
  let asked = 0;
  return () => {
    if (asked++ % 2 === 1) total += lost.shift() ?? 0;
    return total;
  };
}

const identity = (round: number) => Promise.resolve(round);

Deno.test("quietRounds() replaces disturbed rounds", async () => {
  const stolen = stealing(0, 500, 10, 20, 0);
  deepEqual(await quietRounds(identity, { wanted: 3, most: 9, stolen }), {
    kept: [0, 2, 4],
    made: 5,
    stolen: 10,
  });
});

Deno.test("quietRounds() selects the least disturbed rounds if too few are undisturbed", async () => {
  const stolen = stealing(70, 30, 50, 40);
  deepEqual(await quietRounds(identity, { wanted: 2, most: 4, stolen }), {
    kept: [1, 3],
    made: 4,
    stolen: 70,
  });
});
