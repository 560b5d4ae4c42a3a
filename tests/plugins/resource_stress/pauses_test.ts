import { deepEqual, equal, ok } from "node:assert/strict";
import { getHeapStatistics } from "node:v8";
import { BATCH, Garbage } from "../../../plugins/resource_stress/garbage.ts";
import {
  Pauses,
  type Profiler,
} from "../../../plugins/resource_stress/pauses.ts";

/** A profiler that saw collections of these lengths, in nanoseconds. */
function saw(...costs: number[]): Profiler {
  return {
    start() {},
    stop: () => ({ statistics: costs.map((cost) => ({ cost })) }),
  };
}

Deno.test("Pauses adds up what one profiler after the other saw", () => {
  const profilers = [saw(1e6, 3e6), saw(), saw(5e6)];
  const pauses = new Pauses(() => profilers.shift() ?? saw());
  deepEqual(pauses.figures, { count: 0, meanMs: 0, longestMs: 0 });
  pauses.look();
  deepEqual(pauses.figures, { count: 2, meanMs: 2, longestMs: 3 });
  pauses.look();
  pauses.look();
  deepEqual(pauses.figures, { count: 3, meanMs: 3, longestMs: 5 });
  pauses.stop();
});

Deno.test("Pauses are unknown where the engine cannot tell", () => {
  const pauses = new Pauses(() => {
    throw new Error("not implemented");
  });
  pauses.look();
  equal(pauses.figures, undefined);
  pauses.stop();
});

Deno.test("Pauses of real collections are in milliseconds: together no longer than the time in which they happened", () => {
  const start = performance.now();
  const pauses = new Pauses();
  const garbage = new Garbage();
  while (garbage.made < 256 * 2 ** 20) garbage.make();
  pauses.look();
  const passed = performance.now() - start;
  const { count = 0, meanMs = 0, longestMs = 0 } = pauses.figures ?? {};
  pauses.stop();
  ok(count > 0);
  ok(longestMs >= meanMs);
  // A unit that is wrong by 1000 would show at either end.
  ok(count * meanMs < passed, `${count} of ${meanMs} ms in ${passed} ms`);
  ok(
    count * meanMs > passed / 1000,
    `${count} of ${meanMs} ms in ${passed} ms`,
  );
});

Deno.test("Garbage makes as many bytes as it says", () => {
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
