import assert from "node:assert/strict";
import { Threefry } from "../../../../core/lib/random/stream.ts";
import {
  createStream,
  hashKey,
  streamKey,
} from "../../../../core/lib/random/mod.ts";
import golden from "./stream_golden.json" with { type: "json" };

Deno.test("streamKey() and createStream() give the golden numbers: a change here is a new major version", async () => {
  for (const { seed, route, purpose, key, sequence, draws } of golden.cases) {
    const streamed = await streamKey(seed, route);
    assert.deepEqual(streamed, key);
    const stream = createStream([streamed[0], streamed[1]], purpose);
    assert.deepEqual(
      draws.map((_, index) => stream.uniform(sequence, index)),
      draws,
    );
  }
});

Deno.test("streamKey() is the first eight bytes of SHA-256 of the seed, a zero byte and the route id", async () => {
  const text = new TextEncoder().encode("42\0orders");
  const digest = await crypto.subtle.digest("SHA-256", text);
  assert.deepEqual(
    await streamKey(42, "orders"),
    [...new Int32Array(digest.slice(0, 8))].map(bigEndian),
  );
  assert.deepEqual(
    await streamKey("42", "orders"),
    await streamKey(42, "orders"),
  );
  assert.notDeepEqual(
    await streamKey(4, "2orders"),
    await streamKey(42, "orders"),
  );
});

Deno.test("Stream.uniform() puts sequence, purpose and index into the counter as documented", () => {
  const stream = createStream([11, -22], "service");
  const cipher = new Threefry(11, -22);
  for (
    const [sequence, index] of [[0, 0], [1, 0], [2 ** 32 - 1, 4095], [77, 3]]
  ) {
    const purpose = hashKey("service") >>> 12;
    const [high, low] = cipher.encipher(sequence, purpose << 12 | index);
    const bits = BigInt.asUintN(32, BigInt(high)) << 20n | BigInt(low >>> 12);
    assert.equal(
      stream.uniform(sequence, index),
      (Number(bits) + 0.5) / 2 ** 52,
    );
  }
});

Deno.test("Stream.uniform() defaults to index 0 and takes the sequence modulo 2^32", () => {
  const stream = createStream([1, 2], "service");
  assert.equal(stream.uniform(5), stream.uniform(5, 0));
  assert.equal(stream.uniform(5), stream.uniform(5 + 2 ** 32, 0));
  assert.notEqual(stream.uniform(5), stream.uniform(5, 1));
});

Deno.test("Stream.uniform() is strictly between 0 and 1 for any output of the cipher", () => {
  const extremes: number[] = [];
  const original = Threefry.prototype.encipher;
  try {
    for (const word of [0, -1]) {
      Threefry.prototype.encipher = () => new Int32Array([word, word]);
      extremes.push(createStream([0, 0], "service").uniform(0));
    }
  } finally {
    Threefry.prototype.encipher = original;
  }
  assert.deepEqual(extremes, [2 ** -53, 1 - 2 ** -53]);
});

Deno.test("Streams of different purposes, routes and seeds share no numbers", async () => {
  const firsts = new Set<number>();
  let streams = 0;
  for (const seed of [1, 2, "a"]) {
    for (const route of ["orders", "cart", "get-api-orders-id"]) {
      const key = await streamKey(seed, route);
      for (
        const purpose of ["service", "faults", "queue", "wire", "sampling"]
      ) {
        firsts.add(createStream(key, purpose).uniform(0));
        streams++;
      }
    }
  }
  assert.equal(firsts.size, streams);
});

const drawn = 200_000;

for (
  const [name, at] of [
    ["sequences", (i: number): [number, number] => [i, 0]],
    ["indexes", (i: number): [number, number] => [i >> 12, i & 4095]],
  ] as const
) {
  Deno.test(`Stream.uniform() is uniform and serially independent over ${name}`, async () => {
    const stream = createStream(await streamKey(42, "orders"), "service");
    const bins = new Float64Array(1000);
    const pairs = new Float64Array(1024);
    let products = 0;
    let previous = stream.uniform(...at(0));
    for (let i = 1; i <= drawn; i++) {
      const u = stream.uniform(...at(i));
      bins[Math.floor(u * 1000)]++;
      pairs[Math.floor(previous * 32) * 32 + Math.floor(u * 32)]++;
      products += (u - 0.5) * (previous - 0.5);
      previous = u;
    }
    // α = 1e-3 with 999 and about 1023 degrees of freedom.
    assert.ok(chiSquare(bins) < 1142.8, `χ² = ${chiSquare(bins)}`);
    assert.ok(chiSquare(pairs) < 1168.5, `χ² of pairs = ${chiSquare(pairs)}`);
    const correlation = 12 * products / drawn;
    assert.ok(Math.abs(correlation) < 3.3 / Math.sqrt(drawn), `${correlation}`);
  });
}

Deno.test("Streams of two routes with the same seed are uncorrelated", async () => {
  const one = createStream(await streamKey(42, "a"), "service");
  const two = createStream(await streamKey(42, "b"), "service");
  let products = 0;
  for (let i = 0; i < drawn; i++) {
    products += (one.uniform(i) - 0.5) * (two.uniform(i) - 0.5);
  }
  assert.ok(Math.abs(12 * products / drawn) < 3.3 / Math.sqrt(drawn));
});

function chiSquare(bins: Float64Array): number {
  const expected = bins.reduce((sum, count) => sum + count) / bins.length;
  return bins.reduce((sum, count) => sum + (count - expected) ** 2, 0) /
    expected;
}

function bigEndian(word: number): number {
  const view = new DataView(new ArrayBuffer(4));
  view.setInt32(0, word, true);
  return view.getInt32(0);
}
