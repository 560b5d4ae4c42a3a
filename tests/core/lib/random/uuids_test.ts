import { deepEqual, equal, match, notEqual } from "node:assert/strict";
import {
  createStream,
  streamKey,
  Uuids,
} from "../../../../core/lib/random/mod.ts";

const key = await streamKey(42, "orders");

function uuids(sequence: number, count: number, seed = key): string[] {
  const source = new Uuids(createStream(seed, "uuid"), sequence);
  return Array.from({ length: count }, () => source.next());
}

Deno.test("Uuids yields UUIDs of version 4, the same for the same seed and exchange", async () => {
  for (const uuid of uuids(0, 1000)) {
    match(
      uuid,
      /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/,
    );
  }
  deepEqual(uuids(3, 10), uuids(3, 10));
  notEqual(uuids(3, 1)[0], uuids(3, 1, await streamKey(43, "orders"))[0]);
});

Deno.test("Uuids of one exchange and of many exchanges all differ", () => {
  const all = [
    ...uuids(0, 50_000),
    ...Array.from({ length: 5000 }, (_, n) => uuids(n + 1, 10)).flat(),
  ];
  equal(new Set(all).size, all.length);
});

Deno.test("each free bit of Uuids is set about as often as not", () => {
  const count = 4000;
  const set = new Array<number>(128).fill(0);
  for (let n = 0; n < count; n++) {
    const digits = uuids(n, 1)[0].replaceAll("-", "");
    const value = BigInt(`0x${digits}`);
    for (let bit = 0; bit < 128; bit++) {
      if (value >> BigInt(bit) & 1n) set[bit]++;
    }
  }
  // Six standard deviations of a binomial distribution; the six bits of version and variant are fixed.
  const bound = 6 * Math.sqrt(count / 4);
  const fixed = set.filter((number) => Math.abs(number - count / 2) > bound);
  deepEqual(
    fixed.toSorted((a, b) => a - b),
    [0, 0, 0, 0, count, count]
      .filter((number) => fixed.includes(number)).slice(0, fixed.length),
  );
  equal(fixed.length, 6);
});
