import { deepEqual, equal, ok } from "node:assert/strict";
import { brotliDecompressSync, gunzipSync } from "node:zlib";
import { coded, coder } from "../../../core/respond/coder.ts";
import {
  codedAtOnce,
  CodedBodies,
  negotiated,
} from "../../../core/respond/coding.ts";

Deno.test("negotiated() chooses the coding that the client prefers, then the first one", () => {
  const table: [string | null, string | undefined][] = [
    [null, "identity"],
    ["", "identity"],
    ["gzip", "gzip"],
    ["GZIP", "gzip"],
    ["br, gzip", "br"],
    ["gzip, br", "br"],
    ["gzip;q=1.0, br;q=0.5", "gzip"],
    ["gzip;q=0.2, br;q=0.1, identity;q=0.1", "gzip"],
    ["identity, gzip;q=0.5", "identity"],
    ["identity;q=0.5, gzip;q=0.5", "gzip"],
    ["gzip;q=0", "identity"],
    ["br;q=0, *", "gzip"],
    ["*", "br"],
    ["*;q=0", undefined],
    ["identity;q=0", undefined],
    ["identity;q=0, gzip;q=0.001", "gzip"],
    ["deflate", "identity"],
    ["deflate, *;q=0", undefined],
    ["gzip;q=0, identity;q=0, br;q=0.3", "br"],
    [" gzip ; q=0.5 ,, br ; q=0.6", "br"],
  ];
  for (const [accepted, coding] of table) {
    equal(negotiated(accepted, ["br", "gzip"]), coding, `${accepted}`);
  }
  equal(negotiated("br", []), "identity");
  equal(negotiated("br, identity;q=0", ["gzip"]), undefined);
});

const TEXT = new TextEncoder().encode("all work and no play ".repeat(500));

Deno.test("coded bytes are those that were coded", async () => {
  const decode = { br: brotliDecompressSync, gzip: gunzipSync };
  for (const coding of ["br", "gzip"] as const) {
    for (
      const bytes of [await coded(TEXT, coding), codedAtOnce(TEXT, coding)]
    ) {
      ok(bytes.length < TEXT.length / 10);
      deepEqual(new Uint8Array(decode[coding](bytes)), TEXT);
    }
  }
});

Deno.test("CodedBodies makes the bytes of a version once, and those of another version anew", async () => {
  const bodies = new CodedBodies(10_000);
  let made = 0;
  const make = (version: string, length = 10) =>
    bodies.make("a", version, () => {
      made++;
      return Promise.resolve(new Uint8Array(length));
    });
  await Promise.all([make("1"), make("1"), make("1")]);
  equal(made, 1);
  equal(bodies.get("a", "1")?.length, 10);
  equal(bodies.get("a", "2"), undefined);
  await make("2", 100);
  equal(made, 2);
  equal(bodies.get("a", "2")?.length, 100);
  equal(bodies.get("a", "1"), undefined);
  await bodies.make("b", "1", () => Promise.reject(new Error("gone")));
  equal(bodies.get("b", "1"), null);
});

Deno.test("CodedBodies forgets what is unused for the longest time beyond its limit", async () => {
  const bodies = new CodedBodies(10_000);
  const make = (key: string, length: number) =>
    bodies.make(key, "1", () => Promise.resolve(new Uint8Array(length)));
  for (const key of ["a", "b", "c"]) await make(key, 3000);
  ok(bodies.get("a", "1"));
  await make("d", 3000);
  deepEqual(
    ["a", "b", "c", "d"].map((key) => bodies.get(key, "1") !== undefined),
    [true, false, true, true],
  );
  await make("huge", 20_000);
  equal(bodies.get("huge", "1"), undefined);
  ok(bodies.get("d", "1"));
  ok(bodies.bytes <= 10_000);
});

/** Counts the threads that are started meanwhile, and those that are ended. */
function countingThreads() {
  const original = globalThis.Worker;
  const count = { started: 0, ended: 0 };
  globalThis.Worker = class extends original {
    constructor(...given: ConstructorParameters<typeof original>) {
      super(...given);
      count.started++;
    }

    override terminate(): void {
      count.ended++;
      super.terminate();
    }
  };
  return {
    count,
    [Symbol.dispose]: () => void (globalThis.Worker = original),
  };
}

Deno.test("as long as there is a server, one thread codes bodies that come one after another", async () => {
  using threads = countingThreads();
  const code = () => coded(new TextEncoder().encode("a".repeat(5000)), "gzip");
  await code();
  await code();
  deepEqual(threads.count, { started: 2, ended: 2 });
  coder.begun();
  coder.begun();
  await code();
  await code();
  coder.ended();
  await code();
  deepEqual(threads.count, { started: 3, ended: 2 });
  coder.ended();
  deepEqual(threads.count, { started: 3, ended: 3 });
});
