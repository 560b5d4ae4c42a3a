import { deepEqual, equal, ok } from "node:assert/strict";
import { getHeapStatistics } from "node:v8";
import {
  BATCH,
  Garbage,
  Pauses,
  type Profiler,
} from "../../../plugins/resource_stress/allocation.ts";

/** A profiler that reports collections of these lengths, in nanoseconds. */
function reporting(...costs: number[]): Profiler {
  return {
    start() {},
    stop: () => ({ statistics: costs.map((cost) => ({ cost })) }),
  };
}

Deno.test("Pauses adds up the reports of successive profilers", () => {
  const profilers = [reporting(1e6, 3e6), reporting(), reporting(5e6)];
  const pauses = new Pauses(() => profilers.shift() ?? reporting());
  deepEqual(pauses.figures, { count: 0, meanMs: 0, longestMs: 0 });
  pauses.read();
  deepEqual(pauses.figures, { count: 2, meanMs: 2, longestMs: 3 });
  pauses.read();
  pauses.read();
  deepEqual(pauses.figures, { count: 3, meanMs: 3, longestMs: 5 });
  pauses.stop();
});

Deno.test("Pauses are unknown if the engine has no profiler", () => {
  const pauses = new Pauses(() => {
    throw new Error("not implemented");
  });
  pauses.read();
  equal(pauses.figures, undefined);
  pauses.stop();
});

Deno.test("Pauses of real collections are in ms: their sum is at most the time that passed", () => {
  const start = performance.now();
  const pauses = new Pauses();
  const garbage = new Garbage();
  while (garbage.made < 256 * 2 ** 20) garbage.make();
  pauses.read();
  const passed = performance.now() - start;
  const { count = 0, meanMs = 0, longestMs = 0 } = pauses.figures ?? {};
  pauses.stop();
  ok(count > 0);
  ok(longestMs >= meanMs);
  // A wrong unit would be off by 1000 in one of the two directions.
  ok(count * meanMs < passed, `${count} of ${meanMs} ms in ${passed} ms`);
  ok(
    count * meanMs > passed / 1000,
    `${count} of ${meanMs} ms in ${passed} ms`,
  );
});

Deno.test("Garbage makes the number of bytes that it reports", () => {
  const garbage = new Garbage();
  // The first rounds allocate the garbage's own bookkeeping and compiled code.
  for (let i = 0; i < 200; i++) garbage.make();
  const growths: number[] = [];
  for (let i = 0; i < 100; i++) {
    const before = getHeapStatistics().used_heap_size;
    garbage.make();
    growths.push(getHeapStatistics().used_heap_size - before);
  }
  growths.sort((a, b) => a - b);
  const median = growths[50];
  ok(Math.abs(median - BATCH) < 0.1 * BATCH, `${median} instead of ${BATCH}`);
  equal(garbage.made, 300 * BATCH);
  garbage.clear();
});
