import { deepEqual, equal, notEqual, ok } from "node:assert/strict";
import fc from "fast-check";
import {
  boundedKey,
  ByteMap,
  ENTRY_BYTES,
  LONGEST_KEY,
} from "../../../core/lib/bounded.ts";

const LONG = "x".repeat(1000);

Deno.test("boundedKey() leaves short keys, and tells long ones apart wherever they differ", () => {
  equal(boundedKey("x".repeat(LONGEST_KEY)), "x".repeat(LONGEST_KEY));
  const keys = [
    boundedKey(`${LONG}a`),
    boundedKey(`${LONG}b`),
    boundedKey(`a${LONG}`),
    boundedKey(`${LONG}a${LONG}`),
    boundedKey(`${LONG}a`, 200),
  ];
  equal(new Set(keys).size, 5);
  deepEqual(keys.map(({ length }) => length), [128, 128, 128, 128, 200]);
  equal(boundedKey(`${LONG}a`), keys[0]);
  ok(keys[0].startsWith("xxx") && keys[0].includes("…"));
  notEqual(boundedKey(LONG), boundedKey(`${LONG}x`));
});

Deno.test("ByteMap never takes more bytes than its limit, and counts what it holds", () => {
  const map = new ByteMap<number>(5000, 8);
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.string({ maxLength: 200 }), fc.boolean())),
      (steps) => {
        for (const [key, uses] of steps) {
          if (uses) map.use(key, () => 1);
          else map.set(key, 2);
          ok(map.get(key) !== undefined);
          let bytes = 0;
          for (const [held] of map) bytes += ENTRY_BYTES + 8 + 2 * held.length;
          equal(map.bytes, bytes);
          ok(bytes <= map.limit);
        }
      },
    ),
    { seed: 2 },
  );
  map.clear();
  deepEqual([map.bytes, map.size], [0, 0]);
});

Deno.test("ByteMap drops the oldest eighth; what is used is the newest", () => {
  const each = ENTRY_BYTES + 2;
  const map = new ByteMap<string>(8 * each, 0);
  for (const key of "abcdefgh") map.set(key, key);
  equal(map.use("a", () => "new"), "a");
  map.set("i", "i");
  deepEqual(Array.from(map, ([key]) => key).join(""), "cdefghai".slice(0));
  equal(map.get("b"), undefined);
  map.set("c", "C");
  equal(Array.from(map, ([, value]) => value).at(-1), "C");
  map.set(LONG.repeat(10), "larger than the limit");
  equal(map.size, 1);
});
