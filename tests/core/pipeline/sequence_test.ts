import { deepEqual } from "node:assert/strict";
import { SequenceNumbers } from "../../../core/pipeline/sequence.ts";
import { TurnCounts } from "../../../core/pipeline/turns.ts";

Deno.test("SequenceNumbers counts from 0, and as replica i of n takes every n-th number from i", () => {
  const whole = new SequenceNumbers();
  deepEqual([whole.take(), whole.take(), whole.next], [0, 1, 2]);
  const part = new SequenceNumbers({ index: 2, count: 5 });
  deepEqual([part.take(), part.take(), part.next], [2, 7, 12]);
});

Deno.test("SequenceNumbers.restart() begins again with the replica's first number and empty counts", () => {
  const part = new SequenceNumbers({ index: 1, count: 3 });
  part.restart();
  part.take();
  const counts = part.turns = new TurnCounts("header:a");
  counts.next("x");
  part.restart();
  deepEqual([part.take(), counts.next("x")], [1, 0]);
});

Deno.test("SequenceNumbers.skipTo() moves on to the replica's first number from there on, and never back", () => {
  const part = new SequenceNumbers({ index: 1, count: 3 });
  part.skipTo(5);
  deepEqual(part.next, 7);
  part.skipTo(7);
  deepEqual(part.next, 7);
  part.skipTo(2);
  deepEqual([part.take(), part.next], [7, 10]);
});
