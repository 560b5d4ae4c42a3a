import { equal, ok } from "node:assert/strict";
import { Lead } from "../../../../core/lib/time/_waker.ts";

const BOUNDS = { least: 0.05, initial: 0.3, most: 2 };

/** Delays spread evenly from 0 to 1 ms, in pseudo-random order. */
function* delays(count: number): Generator<number> {
  let state = 1;
  for (let i = 0; i < count; i++) {
    state = (state * 48_271) % 2_147_483_647;
    yield state / 2_147_483_647;
  }
}

Deno.test("Lead.ms starts at the initial lead", () => {
  equal(new Lead(BOUNDS).ms, 0.3);
});

Deno.test("Lead.record() converges to the 99 % quantile of the delays", () => {
  const lead = new Lead(BOUNDS);
  for (const delay of delays(20_000)) lead.record(delay);
  ok(Math.abs(lead.ms - 0.99) < 0.05, `${lead.ms}`);
});

Deno.test("Lead.record() forgets a burst of late wake-ups", () => {
  const lead = new Lead(BOUNDS);
  for (let i = 0; i < 100; i++) lead.record(1.5);
  ok(lead.ms > 1.2, `${lead.ms}`);
  for (let i = 0; i < 2000; i++) lead.record(0.1);
  ok(lead.ms < 0.15, `${lead.ms}`);
});

Deno.test("Lead.ms stays within its bounds", () => {
  const lead = new Lead(BOUNDS);
  for (let i = 0; i < 100; i++) lead.record(1000);
  equal(lead.ms, 2);
  for (let i = 0; i < 5000; i++) lead.record(0);
  equal(lead.ms, 0.05);
});
