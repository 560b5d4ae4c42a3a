import { deepEqual } from "node:assert/strict";
import { quietRounds } from "./rounds.ts";

/** The total after each round, one after the other, as if each were asked for before and after a round. */
function stealing(...lost: number[]): () => number {
  let total = 0;
  let asked = 0;
  return () => {
    if (asked++ % 2 === 1) total += lost.shift() ?? 0;
    return total;
  };
}

const identity = (round: number) => Promise.resolve(round);

Deno.test("quietRounds() makes disturbed rounds again", async () => {
  const stolen = stealing(0, 500, 10, 20, 0);
  deepEqual(await quietRounds(identity, { wanted: 3, most: 9, stolen }), {
    kept: [0, 2, 4],
    made: 5,
    stolen: 10,
  });
});

Deno.test("quietRounds() takes the least disturbed rounds where the machine does not come to rest", async () => {
  const stolen = stealing(70, 30, 50, 40);
  deepEqual(await quietRounds(identity, { wanted: 2, most: 4, stolen }), {
    kept: [1, 3],
    made: 4,
    stolen: 70,
  });
});
