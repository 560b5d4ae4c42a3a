import { deepEqual, equal } from "node:assert/strict";
import fc from "fast-check";
import { VirtualClock } from "../../../core/lib/time/mod.ts";
import { collected, inSlices } from "../../../core/observe/sliced_json.ts";

const CLOCK = new VirtualClock();

const decoder = new TextDecoder();

Deno.test("inSlices() writes the JSON of the whole object, 16 entries per slice", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.dictionary(fc.string(), fc.jsonValue(), { minKeys: 1, maxKeys: 3 }),
      fc.array(fc.tuple(fc.string(), fc.jsonValue()), { maxLength: 100 }),
      async (head, entries) => {
        const slices = [...inSlices(head, "routes", entries)];
        equal(slices.length, Math.max(1, Math.ceil(entries.length / 16)));
        const text = await collected(slices, CLOCK) ?? new Uint8Array();
        deepEqual(
          JSON.parse(decoder.decode(text)),
          JSON.parse(
            JSON.stringify({ ...head, routes: Object.fromEntries(entries) }),
          ),
        );
      },
    ),
    { seed: 42, numRuns: 100 },
  );
});

Deno.test("inSlices() reads an entry only when its slice is taken", () => {
  let asked = 0;
  const entries = function* () {
    for (;;) yield [`${asked++}`, 0] as const;
  };
  const slices = inSlices({ a: 1 }, "routes", entries());
  slices.next();
  equal(asked, 17);
});

Deno.test("collected() gives the event loop a turn between slices, and stops when it is cancelled", async () => {
  let turns = 0;
  let ended = false;
  const text = collected(["a", "b", "c", "d"], CLOCK, () => {
    turns++;
    return ended;
  });
  setImmediate(() => ended = true);
  equal(await text, undefined);
  equal(turns <= 2, true);
  equal(decoder.decode(await collected(["a", "é"], CLOCK)), "aé");
  equal((await collected([], CLOCK))?.length, 0);
});
