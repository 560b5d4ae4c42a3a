import { deepEqual, equal, ok } from "node:assert/strict";
import fc from "fast-check";
import {
  erlangCFactor,
  failureShare,
  headroom,
  processorSharing,
  scalability,
  stepAt,
  tracing,
} from "../../../plugins/degrade/formulas.ts";
import type { Step } from "../../../plugins/degrade/mod.ts";
import queueing from "../../reference/queueing.json" with { type: "json" };

function near(actual: number, expected: number, relative = 1e-6): void {
  ok(
    Math.abs(actual - expected) <= relative * Math.abs(expected),
    `${actual} is not ${expected}`,
  );
}

Deno.test("processorSharing() extends a service time S to S / (1 − ρ)", () => {
  for (const rho of [0, 0.1, 0.5, 0.75, 0.9, 0.98]) {
    near(50 + processorSharing(50, rho), 50 / (1 - rho));
  }
});

Deno.test("processorSharing() caps the utilisation at 0.99", () => {
  for (const rho of [0.99, 0.999, 1, 7]) near(processorSharing(10, rho), 990);
});

Deno.test("erlangCFactor() matches the mean waits of the reference", () => {
  for (const { c, lambda, mu, meanWaitMs } of queueing.mmc) {
    near(erlangCFactor(lambda / (c * mu), c) * 1000 / mu, meanWaitMs);
  }
});

Deno.test("erlangCFactor() equals processor sharing for one core", () => {
  for (const rho of [0.05, 0.4, 0.95]) {
    near(erlangCFactor(rho, 1), processorSharing(1, rho));
  }
});

Deno.test("erlangCFactor() is 0 without load, and with an unlimited number of cores", () => {
  deepEqual([erlangCFactor(0, 4), erlangCFactor(0.9, Infinity)], [0, 0]);
});

Deno.test("erlangCFactor() stays finite with a thousand cores and at the pole", () => {
  const factor = erlangCFactor(1, 1000);
  ok(factor > 0 && factor < 0.1, `${factor}`);
});

Deno.test("scalability() matches the response times of the reference", () => {
  for (
    const { gamma, alpha, beta, N, responseMs, throughput } of queueing.usl
  ) {
    const law = { contention: alpha, coherency: beta };
    const response = 1000 / gamma + scalability(1000 / gamma, N, law);
    near(response, responseMs);
    near(N / response * 1000, throughput);
  }
});

Deno.test("scalability() is 0 for a single request", () => {
  const law = { contention: 0.5, coherency: 0.5 };
  deepEqual([scalability(10, 1, law), scalability(10, 0, law)], [0, 0]);
});

Deno.test("headroom() is the heap without live data, and never 0", () => {
  equal(headroom(1000, 0), 1000);
  near(headroom(1000, 0.75), 250);
  near(headroom(1000, 5), 10);
});

Deno.test("tracing() adds the overhead when half is held, and 99 times the overhead at the limit", () => {
  near(tracing(100, 0.5, 0.1), 10);
  near(tracing(100, 1, 0.1), 990);
  equal(tracing(100, 0, 0.1), 0);
});

Deno.test("failureShare() is linear from its first level to 1", () => {
  const failures = { from: 0.8, share: 0.5 };
  equal(failureShare(0.8, failures), 0);
  equal(failureShare(0.2, failures), 0);
  near(failureShare(0.9, failures), 0.25);
  near(failureShare(1, failures), 0.5);
  near(failureShare(3, failures), 0.5);
});

function step(at: number, until: number): Step {
  return { at, until, factor: 1, delay: 0, failures: 0 };
}

Deno.test("stepAt() enters a step at one level and leaves it below another", () => {
  const steps = [step(0.5, 0.4), step(0.8, 0.6)];
  const levels = [0.3, 0.5, 0.45, 0.39, 0.85, 0.7, 0.59, 0.41, 0.2, 0.9, 0.1];
  const seen: number[] = [];
  levels.reduce((present, level) => {
    seen.push(stepAt(steps, present, level));
    return seen[seen.length - 1];
  }, 0);
  deepEqual(seen, [0, 1, 1, 0, 2, 2, 1, 1, 0, 2, 0]);
});

Deno.test("for all parameters degradation is finite, not negative, and does not fall as pressure rises", () => {
  const share = fc.double({ min: 0, max: 1, noNaN: true });
  fc.assert(
    fc.property(
      fc.double({ min: 0, max: 1e6, noNaN: true }),
      share,
      share,
      fc.integer({ min: 1, max: 200 }),
      fc.record({ contention: share, coherency: share }),
      (service, a, b, n, law) => {
        const [low, high] = [Math.min(a, b), Math.max(a, b)];
        const pairs: readonly (readonly [number, number])[] = [
          [processorSharing(service, low), processorSharing(service, high)],
          [erlangCFactor(low, n), erlangCFactor(high, n) * (1 + 1e-12)],
          [scalability(service, n, law), scalability(service, n + 1, law)],
          [tracing(service, low, 0.1), tracing(service, high, 0.1)],
          [
            failureShare(low, { from: 0.3, share: 0.9 }),
            failureShare(high, { from: 0.3, share: 0.9 }),
          ],
        ];
        for (const [less, more] of pairs) {
          ok(less >= 0 && less <= more && Number.isFinite(more));
        }
      },
    ),
    { seed: 7 },
  );
});

Deno.test("stepAt() lies between the steps that a level enters and those that it has not left", () => {
  const level = fc.double({ min: 0, max: 1.2, noNaN: true });
  fc.assert(
    fc.property(fc.array(level, { maxLength: 40 }), (levels) => {
      const steps = [step(0.4, 0.2), step(0.7, 0.5), step(1, 0.9)];
      levels.reduce((present, now) => {
        const next = stepAt(steps, present, now);
        ok(next >= stepAt(steps, 0, now));
        ok(next <= stepAt(steps, steps.length, now));
        return next;
      }, 0);
    }),
    { seed: 7 },
  );
});
