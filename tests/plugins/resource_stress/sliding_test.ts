import { equal, ok } from "node:assert/strict";
import { Sliding, WINDOW } from "../../../plugins/resource_stress/sliding.ts";

Deno.test("Sliding is 0 before its first look", () => {
  equal(new Sliding().rate, 0);
});

Deno.test("Sliding tells the rate since the start while that is short of 5 s", () => {
  const sliding = new Sliding();
  sliding.look(50, 100);
  sliding.look(200, 1000);
  equal(sliding.rate, 0.2);
});

Deno.test("Sliding forgets what is older than 5 s", () => {
  const sliding = new Sliding();
  let amount = 0;
  for (let time = 23; time <= 60_000; time += 23) {
    amount += 23 * (time < 40_000 ? 0.9 : 0.3);
    sliding.look(amount, time);
  }
  ok(Math.abs(sliding.rate - 0.3) < 1e-6, `${sliding.rate}`);
});

Deno.test("Sliding is right however far apart the looks are", () => {
  for (const step of [1, 7, 23, 50, 99, 101, 1000, 7000]) {
    const sliding = new Sliding();
    for (let time = step; time <= 5 * WINDOW; time += step) {
      sliding.look(0.6 * time, time);
    }
    ok(Math.abs(sliding.rate - 0.6) < 1e-9, `${step}: ${sliding.rate}`);
  }
});

Deno.test("Sliding ignores a look at the same time", () => {
  const sliding = new Sliding();
  sliding.look(10, 100);
  sliding.look(99, 100);
  equal(sliding.rate, 0.1);
});
