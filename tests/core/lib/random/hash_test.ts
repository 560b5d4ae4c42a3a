import assert from "node:assert/strict";
import { hashKey } from "../../../../core/lib/random/mod.ts";

Deno.test("hashKey() gives the known answers of MurmurHash3_x86_32", () => {
  assert.equal(hashKey(""), 0);
  assert.equal(hashKey("hello"), 0x248bfa47);
  assert.equal(hashKey("hello, world"), 0x149bbb7f);
  assert.equal(
    hashKey("The quick brown fox jumps over the lazy dog"),
    0x2e4ff723,
  );
});

Deno.test("hashKey() hashes UTF-8, for long and short texts alike", () => {
  assert.equal(hashKey("ü→😀"), reference("ü→😀"));
  for (const length of [1023, 1024, 1025, 5000]) {
    const text = "0123456789abcdef".repeat(400).slice(0, length);
    assert.equal(hashKey(text), reference(text), `length ${length}`);
  }
  assert.equal(
    hashKey("a" + "ü".repeat(600)),
    reference("a" + "ü".repeat(600)),
  );
});

Deno.test("hashKey() does not depend on a longer text hashed before", () => {
  const fresh = hashKey("req-1");
  hashKey("req-1234567890123456789");
  assert.equal(hashKey("req-1"), fresh);
});

Deno.test("hashKey() spreads similar request ids evenly over all bits", () => {
  const trials = 1 << 16;
  const ones = new Float64Array(32);
  const seen = new Set<number>();
  for (let i = 0; i < trials; i++) {
    const hash = hashKey(`request-${i}`);
    seen.add(hash);
    for (let bit = 0; bit < 32; bit++) ones[bit] += hash >>> bit & 1;
  }
  for (const count of ones) {
    assert.ok(Math.abs(count - trials / 2) < 5 * Math.sqrt(trials) / 2);
  }
  assert.ok(trials - seen.size <= 4, `${trials - seen.size} collisions`);
});

/** MurmurHash3_x86_32 in 64-bit integers, following its pseudo-code. */
function reference(text: string): number {
  const mask = 0xffffffffn;
  const rotate = (x: bigint, n: bigint) => (x << n | x >> (32n - n)) & mask;
  const mix = (k: bigint) =>
    rotate(k * 0xcc9e2d51n & mask, 15n) * 0x1b873593n & mask;
  const bytes = [...new TextEncoder().encode(text)].map(BigInt);
  let hash = 0n;
  let k = 0n;
  bytes.forEach((byte, i) => {
    k |= byte << BigInt(8 * (i & 3));
    if ((i & 3) === 3) {
      hash = (rotate(hash ^ mix(k), 13n) * 5n + 0xe6546b64n) & mask;
      k = 0n;
    }
  });
  hash ^= mix(k) ^ BigInt(bytes.length);
  hash = (hash ^ hash >> 16n) * 0x85ebca6bn & mask;
  hash = (hash ^ hash >> 13n) * 0xc2b2ae35n & mask;
  return Number(hash ^ hash >> 16n);
}
