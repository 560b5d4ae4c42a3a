import { deepEqual, equal, ok } from "node:assert/strict";
import { raiseDescriptorLimit } from "../../../core/net/descriptors.ts";
import type { Loop } from "../../../core/net/loop.ts";

/** Returns a loop whose calls know and change limits of a process that does not exist. */
function processWith(
  limits: { soft: number; hard: number },
  { reads = true, writes = true } = {},
): Loop {
  const calls = {
    getrlimit(resource: number, bytes: Uint8Array): number {
      equal(resource, 7);
      if (!reads) return -1;
      new BigUint64Array(bytes.buffer).set([
        BigInt(limits.soft),
        BigInt(limits.hard),
      ]);
      return 0;
    },
    setrlimit(_resource: number, bytes: Uint8Array): number {
      if (!writes) return -1;
      const [soft, hard] = new BigUint64Array(bytes.buffer);
      limits.soft = Number(soft);
      limits.hard = Number(hard);
      return 0;
    },
  };
  return { calls } as unknown as Loop;
}

Deno.test("raiseDescriptorLimit() raises the limit to the hard one", () => {
  const limits = { soft: 1024, hard: 4096 };
  equal(raiseDescriptorLimit(processWith(limits)), 4096);
  deepEqual(limits, { soft: 4096, hard: 4096 });
  equal(raiseDescriptorLimit(processWith(limits)), 4096);
});

Deno.test("raiseDescriptorLimit() returns the limit that stays where it cannot be raised", () => {
  const limits = { soft: 1024, hard: 4096 };
  equal(raiseDescriptorLimit(processWith(limits, { writes: false })), 1024);
});

Deno.test("raiseDescriptorLimit() knows no limit where the system tells none", () => {
  const limit = raiseDescriptorLimit(
    processWith({ soft: 0, hard: 0 }, { reads: false }),
  );
  ok(limit === Infinity);
});
