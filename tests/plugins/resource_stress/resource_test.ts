import { equal, ok } from "node:assert/strict";
import {
  SlidingRate,
  WINDOW,
} from "../../../plugins/resource_stress/resource.ts";

Deno.test("SlidingRate is 0 before the first reading", () => {
  equal(new SlidingRate().rate, 0);
});

Deno.test("SlidingRate is the rate since the start during the first 5 s", () => {
  const rate = new SlidingRate();
  rate.add(50, 100);
  rate.add(200, 1000);
  equal(rate.rate, 0.2);
});

Deno.test("SlidingRate ignores readings older than 5 s", () => {
  const rate = new SlidingRate();
  let amount = 0;
  for (let time = 23; time <= 60_000; time += 23) {
    amount += 23 * (time < 40_000 ? 0.9 : 0.3);
    rate.add(amount, time);
  }
  ok(Math.abs(rate.rate - 0.3) < 1e-6, `${rate.rate}`);
});

Deno.test("SlidingRate is right for any time between readings", () => {
  for (const step of [1, 7, 23, 50, 99, 101, 1000, 7000]) {
    const rate = new SlidingRate();
    for (let time = step; time <= 5 * WINDOW; time += step) {
      rate.add(0.6 * time, time);
    }
    ok(Math.abs(rate.rate - 0.6) < 1e-9, `${step}: ${rate.rate}`);
  }
});

Deno.test("SlidingRate ignores a second reading at the same time", () => {
  const rate = new SlidingRate();
  rate.add(10, 100);
  rate.add(99, 100);
  equal(rate.rate, 0.1);
});
