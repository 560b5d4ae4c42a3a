import { deepEqual, equal } from "node:assert/strict";
import { TurnCounts, turnsOn } from "../../../core/pipeline/turns.ts";
import { exchange, testPlan } from "../../support/plan.ts";

Deno.test("TurnCounts counts each value by itself, and forgets all when it is cleared", () => {
  const counts = new TurnCounts("header:a");
  deepEqual(["x", "y", "x", "", "x"].map((value) => counts.next(value)), [
    0,
    0,
    1,
    0,
    2,
  ]);
  counts.clear();
  equal(counts.next("x"), 0);
});

Deno.test("turnsOn() goes on with the counts of a sequence, unless the key is another one", () => {
  const sequence = { turns: undefined };
  const take = (key: string) => {
    const x = exchange(testPlan());
    const counted = { key, valueOf: () => "v" };
    turnsOn({ counted, statusOf: (turn) => 200 + turn }, sequence).take(x);
    return [x.turn, x.status];
  };
  deepEqual([take("a"), take("a"), take("b"), take("a")], [[0, 200], [1, 201], [
    0,
    200,
  ], [0, 200]]);
});

Deno.test("turnsOn() leaves the turn at the sequence number where no key is counted", () => {
  const x = exchange(testPlan());
  x.turn = 7;
  turnsOn({ counted: undefined, statusOf: (turn) => 300 + turn }, {
    turns: undefined,
  }).take(x);
  deepEqual([x.turn, x.status], [7, 307]);
});
