import { equal } from "node:assert/strict";
import { MemoryGrowth } from "../../../plugins/resource_stress/memory.ts";
import { signal } from "./_signals.ts";

const CAP = 1e9;

function grow(then: "hold" | "release" | "restart") {
  // 1000 bytes a second up to 5000.
  return new MemoryGrowth(
    { size: signal(5000), growth: signal(1000), then },
    CAP,
  );
}

Deno.test("MemoryGrowth without growth follows the size at once", () => {
  const size = signal({
    steps: [{ at: 0, value: 100 }, { at: "1s", value: 300 }],
  });
  const growth = new MemoryGrowth(
    { size, growth: undefined, then: "hold" },
    CAP,
  );
  equal(growth.target(0, 0), 100);
  equal(growth.target(1000, 100), 300);
  equal(growth.exhausted, false);
});

Deno.test("MemoryGrowth never exceeds its cap", () => {
  const growth = new MemoryGrowth(
    { size: signal(5000), growth: undefined, then: "hold" },
    3000,
  );
  equal(growth.target(0, 0), 3000);
});

Deno.test("MemoryGrowth is never negative", () => {
  const growth = new MemoryGrowth(
    { size: signal(-5), growth: undefined, then: "hold" },
    3000,
  );
  equal(growth.target(0, 0), 0);
});

Deno.test("MemoryGrowth grows at its rate", () => {
  const growth = grow("hold");
  equal(growth.target(0, 0), 0);
  equal(growth.target(1500, 0), 1500);
  equal(growth.target(4000, 3999), 4000);
  equal(growth.exhausted, false);
});

Deno.test("MemoryGrowth follows a rate that changes", () => {
  const growth = new MemoryGrowth({
    size: signal(50_000),
    growth: signal({ ramp: { from: 0, to: 2000, over: "2s" } }),
    then: "hold",
  }, CAP);
  equal(growth.target(2000, 0), 2000);
  equal(growth.target(3000, 0), 4000);
});

Deno.test("MemoryGrowth reaches its limit only when the memory is held", () => {
  const growth = grow("hold");
  equal(growth.target(5000, 4000), 5000);
  equal(growth.exhausted, false);
  equal(growth.target(5050, 4999), 5000);
  equal(growth.exhausted, true);
});

Deno.test("MemoryGrowth with hold stays at its limit, and is exhausted", () => {
  const growth = grow("hold");
  growth.target(6000, 5000);
  equal(growth.target(60_000, 5000), 5000);
  equal(growth.exhausted, true);
  equal(growth.restarts, 0);
});

Deno.test("MemoryGrowth with release stays at 0 after its limit", () => {
  const growth = grow("release");
  equal(growth.target(6000, 5000), 0);
  equal(growth.target(7000, 0), 0);
  equal(growth.exhausted, false);
});

Deno.test("MemoryGrowth with restart empties, counts the restart, and grows again from 0", () => {
  const growth = grow("restart");
  equal(growth.target(6000, 5000), 0);
  equal(growth.restarts, 1);
  // Not everything is released yet.
  equal(growth.target(6050, 1000), 0);
  equal(growth.target(6100, 0), 0);
  equal(growth.target(8100, 1900), 2000);
  equal(growth.target(11_100, 5000), 0);
  equal(growth.restarts, 2);
});

Deno.test("MemoryGrowth towards a size of 0 is not exhausted", () => {
  const growth = new MemoryGrowth(
    { size: signal(0), growth: signal(1000), then: "hold" },
    CAP,
  );
  equal(growth.target(5000, 0), 0);
  equal(growth.exhausted, false);
});
