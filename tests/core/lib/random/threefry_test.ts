import assert from "node:assert/strict";
import { Threefry } from "../../../../core/lib/random/stream.ts";
import reference from "../../../reference/threefry.json" with { type: "json" };

const word = (hex: string): number => parseInt(hex, 16);

for (const { ctr, key, out } of reference.kat) {
  Deno.test(`Threefry.encipher() gives Random123's known answer for key ${key} and counter ${ctr}`, () => {
    const cipher = new Threefry(word(key[0]), word(key[1]));
    const block = cipher.encipher(word(ctr[0]), word(ctr[1]));
    assert.deepEqual(
      Array.from(block, (w) => w >>> 0),
      out.map(word),
    );
  });
}

Deno.test("Threefry.encipher() takes counters modulo 2^32", () => {
  const cipher = new Threefry(1, 2);
  const small = [...cipher.encipher(7, 9)];
  assert.deepEqual([...cipher.encipher(7 + 2 ** 32, 9 + 2 ** 40)], small);
});

Deno.test("Threefry.encipher() flips each output bit half the time when one bit of key or counter flips", () => {
  const flips = new Float64Array(64);
  const trials = 4096;
  for (let trial = 0; trial < trials; trial++) {
    const input = [trial * 2654435761 | 0, 17, trial, 3];
    const before = [
      ...new Threefry(input[0], input[1]).encipher(input[2], input[3]),
    ];
    input[trial & 3] ^= 1 << (trial >> 2 & 31);
    const after = new Threefry(input[0], input[1]).encipher(input[2], input[3]);
    for (let bit = 0; bit < 64; bit++) {
      flips[bit] += (before[bit >> 5] ^ after[bit >> 5]) >>> (bit & 31) & 1;
    }
  }
  // Five standard deviations of a fair coin.
  for (const count of flips) {
    assert.ok(Math.abs(count - trials / 2) < 5 * Math.sqrt(trials) / 2);
  }
});
