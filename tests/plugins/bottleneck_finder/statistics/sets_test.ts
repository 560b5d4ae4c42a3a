import { deepEqual, equal } from "node:assert/strict";
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
    "group 0,1,2,3 split",
    "group 0,1 open",
    "group 2,3 open",
  ]);
  const [, half] = sets.all;
  half.loads = 3;
  sets.decide(half, 12, 5, 10);
  equal(half.state, "split");
  deepEqual(listOf(sets).slice(3), ["alone 0 open", "alone 1 open"]);
  equal(sets.groupOf("added", 0), undefined);
  equal(sets.groupOf("taken", 2), undefined);
});

Deno.test("LoadSets.decide(): a group with too few loads, or of which nothing is certain, stays open", () => {
  const { sets, group } = groupOfFour();
  sets.decide(group, 12, 8, 20);
  group.loads = 2;
  sets.decide(group, 80, 1, 3);
  equal(group.state, "open");
});

Deno.test("LoadSets: a set is listed once, and a group that was a pair is decided on", () => {
  const sets = new LoadSets(() => 10);
  sets.addAlone("added", 1);
  sets.addAlone("added", 1);
  sets.addGroup("added", [1]);
  sets.addGroup("added", []);
  sets.addPair("added", [1, 2]);
  sets.addPair("added", [1, 2]);
  sets.addPair("taken", [1, 2]);
  deepEqual(listOf(sets), [
    "alone 1 open",
    "pair 1,2 open",
    "pair 1,2 open",
  ]);
  equal(sets.all[1].tolerance, 20);
  sets.addGroup("added", [1, 2]);
  equal(sets.find("added", [1, 2])?.purpose, "group");
});
