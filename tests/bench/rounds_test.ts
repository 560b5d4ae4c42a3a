import { deepEqual } from "node:assert/strict";
import { inTurn, quietRounds, turned } from "./rounds.ts";

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

Deno.test("turned() starts each round with the next item", () => {
  deepEqual(
    [0, 1, 2, 3].map((round) => turned(["A", "B", "C"], round).join("")),
    ["ABC", "BCA", "CAB", "ABC"],
  );
  deepEqual(turned([], 1), []);
});

Deno.test("inTurn() measures each party once a round and leaves the figures of disturbed rounds out", async () => {
  const parties = new Map([["ours", 10], ["theirs", 20]]);
  const order: string[] = [];
  const { figures, words } = await inTurn(parties, (party, label) => {
    order.push(label);
    return Promise.resolve(party + order.length);
  }, { wanted: 2, most: 3, stolen: stealing(0, 500, 0) });
  deepEqual(order, ["ours", "theirs", "theirs", "ours", "ours", "theirs"]);
  deepEqual([...figures], [["ours", [11, 15]], ["theirs", [22, 26]]]);
  deepEqual(words, "2 of 3 rounds, those with the least steal time: 0 ms");
});
