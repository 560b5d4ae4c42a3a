import { equal } from "node:assert/strict";
import { Leak } from "../../../plugins/resource_stress/leak.ts";
import { signal } from "./_signals.ts";

const CAP = 1e9;

function grow(then: "hold" | "release" | "restart") {
  // 1000 bytes a second up to 5000.
  return new Leak({ size: signal(5000), growth: signal(1000), then }, CAP);
}

Deno.test("Leak without growth wants the size at once, over time", () => {
  const size = signal({
    steps: [{ at: 0, value: 100 }, { at: "1s", value: 300 }],
  });
  const leak = new Leak({ size, growth: undefined, then: "hold" }, CAP);
  equal(leak.target(0, 0), 100);
  equal(leak.target(1000, 100), 300);
  equal(leak.exhausted, false);
});

Deno.test("Leak never wants more than it was granted", () => {
  const leak = new Leak(
    { size: signal(5000), growth: undefined, then: "hold" },
    3000,
  );
  equal(leak.target(0, 0), 3000);
});

Deno.test("Leak wants no less than nothing", () => {
  const leak = new Leak(
    { size: signal(-5), growth: undefined, then: "hold" },
    3000,
  );
  equal(leak.target(0, 0), 0);
});

Deno.test("Leak grows at its rate", () => {
  const leak = grow("hold");
  equal(leak.target(0, 0), 0);
  equal(leak.target(1500, 0), 1500);
  equal(leak.target(4000, 3999), 4000);
  equal(leak.exhausted, false);
});

Deno.test("Leak follows a rate that changes", () => {
  const leak = new Leak({
    size: signal(50_000),
    growth: signal({ ramp: { from: 0, to: 2000, over: "2s" } }),
    then: "hold",
  }, CAP);
  equal(leak.target(2000, 0), 2000);
  equal(leak.target(3000, 0), 4000);
});

Deno.test("Leak reaches its limit only once the memory is really held", () => {
  const leak = grow("hold");
  equal(leak.target(5000, 4000), 5000);
  equal(leak.exhausted, false);
  equal(leak.target(5050, 4999), 5000);
  equal(leak.exhausted, true);
});

Deno.test("Leak that holds stays at its limit, and is exhausted", () => {
  const leak = grow("hold");
  leak.target(6000, 5000);
  equal(leak.target(60_000, 5000), 5000);
  equal(leak.exhausted, true);
  equal(leak.restarts, 0);
});

Deno.test("Leak that releases wants nothing any more", () => {
  const leak = grow("release");
  equal(leak.target(6000, 5000), 0);
  equal(leak.target(7000, 0), 0);
  equal(leak.exhausted, false);
});

Deno.test("Leak that restarts empties, counts, and grows from nothing", () => {
  const leak = grow("restart");
  equal(leak.target(6000, 5000), 0);
  equal(leak.restarts, 1);
  // Not all is given back yet: it goes on emptying.
  equal(leak.target(6050, 1000), 0);
  equal(leak.target(6100, 0), 0);
  equal(leak.target(8100, 1900), 2000);
  equal(leak.target(11_100, 5000), 0);
  equal(leak.restarts, 2);
});

Deno.test("Leak towards a size of nothing is not exhausted", () => {
  const leak = new Leak(
    { size: signal(0), growth: signal(1000), then: "hold" },
    CAP,
  );
  equal(leak.target(5000, 0), 0);
  equal(leak.exhausted, false);
});
