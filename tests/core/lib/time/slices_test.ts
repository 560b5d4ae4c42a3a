import { deepEqual, equal, rejects, throws } from "node:assert/strict";
import { atOnce, inSlices } from "../../../../core/lib/time/mod.ts";
import { nextTurn } from "../../../../core/lib/turn.ts";

function* counted(steps: number, seen: number[]): Generator<void, string> {
  for (let i = 0; i < steps; i++) {
    seen.push(i);
    yield;
  }
  return "done";
}

function* failing(): Generator<void, never> {
  yield;
  throw new Error("It broke");
}

/** Takes about two slices for each step. */
function* slow(steps: number): Generator<void, void> {
  for (let i = 0; i < steps; i++) {
    for (const end = performance.now() + 2; performance.now() < end;);
    yield;
  }
}

Deno.test("inSlices() and atOnce() run all steps in order and return the result", async () => {
  const [sliced, whole]: [number[], number[]] = [[], []];
  equal(await inSlices(counted(1000, sliced)), "done");
  equal(atOnce(counted(1000, whole)), "done");
  deepEqual(sliced, whole);
});

Deno.test("inSlices() and atOnce() pass errors on", async () => {
  await rejects(inSlices(failing()), /It broke/);
  throws(() => atOnce(failing()), /It broke/);
});

Deno.test("inSlices() gives the event loop a turn between two slices", async () => {
  let turns = 0;
  let done = false;
  const working = inSlices(slow(20)).then(() => done = true);
  while (!done) {
    await nextTurn();
    turns++;
  }
  await working;
  equal(turns >= 15, true, `${turns} turns`);
});
