import { deepEqual, equal, ok } from "node:assert/strict";
import fc from "fast-check";
import {
  createQueue,
  type Discipline,
  DISCIPLINES,
  QueueEntry,
} from "../../../plugins/limiter/queue.ts";
import { SOME_STREAM } from "./_pools.ts";

const KEEPER = { left() {}, expired() {} };

function waiting(priority = 0, number = 0): QueueEntry {
  const made = new QueueEntry(KEEPER, { settle() {} }, 0, priority);
  made.number = number;
  return made;
}

/** Numbers of entries with these priorities, in the order in which they are taken. */
function order(
  discipline: Discipline,
  priorities: readonly number[],
): number[] {
  const queue = createQueue(discipline, SOME_STREAM);
  const all = priorities.map((priority, i) => waiting(priority, i));
  for (const one of all) queue.add(one);
  const taken: number[] = [];
  for (let next = queue.take(); next !== undefined; next = queue.take()) {
    taken.push(all.indexOf(next));
  }
  equal(queue.size, 0);
  return taken;
}

Deno.test("fifo takes the first arrival, lifo the last", () => {
  deepEqual(order("fifo", [3, 1, 2, 0]), [0, 1, 2, 3]);
  deepEqual(order("lifo", [3, 1, 2, 0]), [3, 2, 1, 0]);
});

Deno.test("priority takes the lowest number, the first arrival among equals", () => {
  deepEqual(order("priority", [1, 0, 1, -5, 0, 1, 0.5]), [3, 1, 4, 6, 0, 2, 5]);
});

Deno.test("random follows its stream: the same numbers, the same order", () => {
  const once = order("random", Array(20).fill(0));
  deepEqual(order("random", Array(20).fill(0)), once);
  deepEqual(once.toSorted((a, b) => a - b), [...Array(20).keys()]);
  ok(once.some((n, index) => n !== index));
});

Deno.test("random takes every entry with equal probability", () => {
  const counts = [0, 0, 0, 0];
  let draws = 0;
  const stream = { uniform: () => ((draws++ * 0.618033988749895) % 1) };
  for (let round = 0; round < 10_000; round++) {
    const queue = createQueue("random", stream);
    const all = counts.map((_, i) => waiting(0, i));
    for (const one of all) queue.add(one);
    const next = queue.take();
    counts[all.findIndex((one) => one === next)]++;
  }
  for (const count of counts) ok(Math.abs(count - 2500) < 100, `${counts}`);
});

for (const discipline of DISCIPLINES) {
  Deno.test(`${discipline} holds exactly the entries that were added and not removed`, () => {
    const step = fc.oneof(
      fc.record({ add: fc.integer({ min: 0, max: 3 }) }),
      fc.record({ remove: fc.nat(100) }),
      fc.constant({ take: true as const }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 120 }), (steps) => {
        const queue = createQueue(discipline, SOME_STREAM);
        const model: QueueEntry[] = [];
        let clock = 0;
        for (const step of steps) {
          if ("add" in step) {
            const one = waiting(step.add, clock++);
            queue.add(one);
            model.push(one);
          } else if ("remove" in step) {
            if (model.length === 0) continue;
            const [one] = model.splice(step.remove % model.length, 1);
            queue.remove(one);
          } else {
            const one = queue.take();
            equal(one, expected(discipline, model, one));
            if (one !== undefined) model.splice(model.indexOf(one), 1);
          }
          equal(queue.size, model.length);
          deepEqual(new Set(queue.entries()), new Set(model));
        }
      }),
      { seed: 5, numRuns: 200 },
    );
  });
}

/** Entries that may be next: several where chance decides. */
function expected(
  discipline: Discipline,
  model: readonly QueueEntry[],
  taken: QueueEntry | undefined,
): QueueEntry | undefined {
  switch (discipline) {
    case "fifo":
      return model.at(0);
    case "lifo":
      return model.at(-1);
    case "random":
      return taken === undefined
        ? model.at(0)
        : model.find((one) => one === taken);
    case "priority":
      return model.toSorted((a, b) =>
        a.priority - b.priority || a.entered - b.entered
      ).at(0);
  }
}
