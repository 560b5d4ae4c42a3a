import { equal } from "node:assert/strict";
import fc from "fast-check";
import { TurnList } from "../../../core/lib/turn_list.ts";

Deno.test("TurnList.at() goes through the written-out list, and then stays at its end or begins again", () => {
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 1, maxLength: 6 }),
      fc.boolean(),
      fc.nat({ max: 100 }),
      (times, repeats, turn) => {
        const written = times.flatMap((count, entry) =>
          Array<number>(count).fill(entry)
        );
        const list = new TurnList(times, repeats);
        const expected = repeats
          ? written[turn % written.length]
          : written[Math.min(turn, written.length - 1)];
        equal(list.at(turn), expected);
      },
    ),
    { seed: 18 },
  );
});

Deno.test("TurnList.firstOf() is the first turn of an entry", () => {
  const list = new TurnList([2, 1, 3], false);
  for (const entry of [0, 1, 2]) {
    const first = list.firstOf(entry);
    equal(list.at(first), entry);
    if (first > 0) equal(list.at(first - 1), entry - 1);
  }
});
