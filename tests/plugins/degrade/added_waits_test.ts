import { ok } from "node:assert/strict";
import fc from "fast-check";
import { AddedWaits } from "../../../plugins/degrade/added_waits.ts";

Deno.test("AddedWaits.mean() is the exponential average of the waits under way, for any waits", () => {
  fc.assert(
    fc.property(
      fc.array(
        fc.record({
          gap: fc.double({ min: 0, max: 500, noNaN: true }),
          length: fc.double({ min: 0, max: 5000, noNaN: true }),
        }),
        { maxLength: 60 },
      ),
      (list) => {
        const waits = new AddedWaits();
        const all: [start: number, end: number][] = [];
        let now = 0;
        for (const { gap, length } of list) {
          now += gap;
          waits.add(now, length);
          all.push([now, now + length]);
          now += gap;
          // Each wait weighs what the average remembers of it.
          const expected = all.reduce(
            (sum, [start, end]) =>
              sum + Math.exp((Math.min(end, now) - now) / 1000) -
              Math.exp((start - now) / 1000),
            0,
          );
          const mean = waits.mean(now);
          ok(Math.abs(mean - expected) < 1e-9, `${mean}, ${expected}`);
        }
      },
    ),
    { seed: 42, numRuns: 200 },
  );
});
