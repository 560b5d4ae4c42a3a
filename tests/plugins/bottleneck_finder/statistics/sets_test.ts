import { deepEqual, equal, ok } from "node:assert/strict";
import { LoadSets } from "../../../../plugins/bottleneck_finder/statistics/_sets.ts";

function listOf(sets: LoadSets): string[] {
  return sets.all.map(({ members, purpose, state }) =>
    `${purpose} ${members.join()} ${state}`
  );
}

/** List with one group of four factors, which may be 10 ms uncertain, after ten loads. */
function groupOfFour() {
  const sets = new LoadSets((_, at) => 10 + at);
  sets.addGroup("added", [0, 1, 2, 3]);
  const [group] = sets.all;
  equal(group.tolerance, 10);
  group.loads = 10;
  return { sets, group };
}

Deno.test("LoadSets.decide(): a group whose effect is within the tolerance, or not seen, is cleared", () => {
  for (const [effect, error, half] of [[3, 0.5, 1], [-2, 4, 9], [9, 5, 10]]) {
    const { sets, group } = groupOfFour();
    sets.decide(group, effect, error, half);
    equal(group.state, "cleared");
    equal(sets.groupOf("added", 2), group);
  }
});

Deno.test("LoadSets.decide(): a group with an effect is split until each factor is alone", () => {
  const { sets, group } = groupOfFour();
  sets.decide(group, 80, 10, 25);
  deepEqual(listOf(sets), [
    "group 0,1,2,3 left",
    "alone 0 open",
    "alone 1 open",
    "alone 2 open",
    "alone 3 open",
  ]);
  equal(sets.groupOf("added", 0), undefined);
});

Deno.test("LoadSets.decide(): a group is halved if it is large, or if its factors were without an effect alone", () => {
  const { sets, group } = groupOfFour();
  for (const at of [0, 1, 2, 3]) sets.addGroup("added", [at]);
  sets.decide(group, 80, 10, 25);
  deepEqual(group.halves, [[0, 1], [2, 3]]);
  const half = sets.find("added", [0, 1]);
  ok(half !== undefined);
  equal(sets.groupOf("added", 1), half);
  equal(sets.groupOf("taken", 1), undefined);
  half.loads = 3;
  sets.decide(half, 12, 5, 10);
  equal(half.state, "left");
  equal(half.halves, undefined);
  equal(sets.groupOf("added", 1), undefined);
  sets.addGroup("added", [0, 1]);
  equal(half.state, "open");
  sets.addGroup("added", [5, 6, 7, 8, 9]);
  const five = sets.find("added", [5, 6, 7, 8, 9]);
  ok(five !== undefined);
  five.loads = 3;
  sets.decide(five, 80, 10, 25);
  deepEqual(listOf(sets).slice(-2), ["group 5,6,7 open", "group 8,9 open"]);
});

Deno.test("LoadSets.decide(): a group with too few loads, or of which nothing is certain, stays open", () => {
  const { sets, group } = groupOfFour();
  sets.decide(group, 12, 8, 20);
  group.loads = 1;
  sets.decide(group, 80, 1, 3);
  equal(group.state, "open");
});

Deno.test("LoadSets: a set is listed once, with its first purpose", () => {
  const sets = new LoadSets(() => 10);
  sets.addGroup("added", [1]);
  sets.addGroup("added", [1]);
  const pair = sets.addTogether("added", [1, 2]);
  equal(sets.addTogether("added", [1, 2], [[1]]), pair);
  sets.addTogether("taken", [1, 2, 3], [[1]]);
  deepEqual(listOf(sets), [
    "alone 1 open",
    "together 1,2 open",
    "together 1,2,3 open",
  ]);
  equal(pair.tolerance, 30);
  deepEqual(sets.all.map(({ parts }) => parts), [[[1]], [[1], [2]], [[1]]]);
  sets.addGroup("added", [1, 2]);
  equal(sets.groupOf("added", 2), undefined);
});
