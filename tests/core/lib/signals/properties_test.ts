/** Properties of all signals, including nested ones. */
import { ok } from "node:assert/strict";
import fc from "fast-check";
import { written } from "../../../support/signals.ts";
import { signal } from "./_signals.ts";

const RUNS = { seed: 42, numRuns: 300 };

Deno.test("The integral of any signal never decreases, and grows by the values", () => {
  fc.assert(
    fc.property(
      written,
      fc.double({ min: 1, max: 200, noNaN: true }),
      (w, t) => {
        const s = signal(w);
        const steps = 2000;
        let sum = 0;
        let top = 0;
        let last = 0;
        for (let i = 0; i < steps; i++) {
          const here = Math.max(0, s.at((i + 0.5) * t / steps));
          sum += here * t / steps;
          top = Math.max(top, here);
          if (i % 100 === 0) {
            const integral = s.integral(i * t / steps);
            ok(integral >= last * (1 - 1e-12));
            last = integral;
          }
        }
        // Each jump may cost half a rectangle; there are fewer than 400 in any of these.
        ok(Math.abs(s.integral(t) - sum) <= 200 * top * t / steps + 1e-9);
      },
    ),
    RUNS,
  );
});

Deno.test("Any signal's inverse is the earliest time at which the integral is reached", () => {
  fc.assert(
    fc.property(
      written,
      fc.double({ min: 0.001, max: 1, noNaN: true }),
      (w, u) => {
        const s = signal(w);
        const area = u * s.integral(400);
        if (area < 1e-6) return;
        const time = s.inverse(area);
        ok(time >= 0 && time <= 400 * (1 + 1e-12));
        ok(Math.abs(s.integral(time) - area) <= 1e-9 * area);
        ok(s.integral(time * (1 - 1e-6)) <= area * (1 + 1e-12));
      },
    ),
    RUNS,
  );
});

Deno.test("Any signal holds its last value after its end", () => {
  fc.assert(
    fc.property(
      written,
      fc.double({ min: 0, max: 1e6, noNaN: true }),
      (w, more) => {
        const s = signal(w);
        if (s.end === Infinity) return;
        ok(s.at(s.end + more) === s.at(s.end));
        ok(!s.constant || s.at(0) === s.at(s.end));
      },
    ),
    RUNS,
  );
});
