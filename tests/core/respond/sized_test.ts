import { deepEqual, equal, notDeepEqual, ok } from "node:assert/strict";
import { brotliCompressSync, gzipSync } from "node:zlib";
import fc from "fast-check";
import { createStream, streamKey } from "../../../core/lib/random/mod.ts";
import {
  BLOCK,
  bytesOf,
  fillOf,
  sizedSource,
} from "../../../core/respond/sized.ts";
import { exchange, testPlan } from "../../support/plan.ts";

const stream = createStream(await streamKey(42, "r"), "body");

function body(bytes: number, compressible: boolean, of = stream) {
  return bytesOf(
    { bytes, compressible },
    fillOf({ bytes, compressible }, of),
  );
}

Deno.test("a body of a size has it, and depends on the seed and the route alone", async () => {
  const other = createStream(await streamKey(43, "r"), "body");
  for (const compressible of [true, false]) {
    for (const size of [0, 1, BLOCK - 1, BLOCK, 3 * BLOCK + 7]) {
      equal(body(size, compressible).length, size);
    }
    deepEqual(body(BLOCK + 9, compressible), body(BLOCK + 9, compressible));
    notDeepEqual(body(99, compressible), body(99, compressible, other));
  }
});

Deno.test("random bytes do not become smaller, and text does as prose would", () => {
  const size = 8 * BLOCK;
  for (const code of [gzipSync, brotliCompressSync]) {
    ok(code(body(size, false)).length > size);
    const ratio = size / code(body(size, true)).length;
    ok(ratio > 2 && ratio < 5, `${ratio}`);
  }
  ok(/^[a-z \n]+$/.test(new TextDecoder().decode(body(size, true))));
});

Deno.test("a body that is read in pieces of any size is the same body", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 0, max: 3 * BLOCK }),
      fc.integer({ min: 1, max: 2 * BLOCK }),
      fc.boolean(),
      async (bytes, limit, compressible) => {
        fc.pre(bytes / limit < 100);
        const size = { bytes, compressible };
        const source = sizedSource(size, fillOf(size, stream));
        const x = exchange(testPlan());
        const { body: pieces } = source.content(x);
        ok(pieces !== null && typeof pieces === "object" && "read" in pieces);
        const read = new Uint8Array(bytes);
        let at = 0;
        const lengths: number[] = [];
        for (;;) {
          const piece = await pieces.read(limit);
          if (piece === null) break;
          read.set(piece, at);
          at += piece.length;
          lengths.push(piece.length);
        }
        deepEqual([at, read], [bytes, body(bytes, compressible)]);
        deepEqual([...source.pieces?.(x, limit) ?? []], lengths);
      },
    ),
    { numRuns: 30, seed: 1 },
  );
});
