import { deepEqual, equal, fail, ok } from "node:assert/strict";
import type { Estimate, Verdict } from "../../core/contract/finder.ts";
import { createPerfmock } from "../../mod.ts";
import { required } from "./_software.ts";
import {
  GATE_PAGES,
  SAMPLE_PAGES,
  STEP,
  type Times,
} from "./pages_for_find/mod.ts";

/** The response times, with one of them changed. */
function changed(times: Times, id: string, by: number): Times {
  return { ...times, [id]: times[id] + by };
}

for (const page of SAMPLE_PAGES) {
  Deno.test(`pages for find: the truths of "${page.name}" follow from its graph`, () => {
    const { times, model } = page;
    const base = model(times);
    deepEqual(
      page.truth,
      Object.fromEntries(
        Object.keys(page.truth).map((id) => [id, {
          slope: (model(changed(times, id, STEP)) - base) / STEP,
          saved: (base - model(changed(times, id, -STEP))) / STEP,
        }]),
      ),
    );
    const { cpu, interactions = {} } = page;
    deepEqual(
      interactions,
      Object.fromEntries(
        Object.keys(interactions).map((id) => {
          const both = changed(times, id, STEP);
          return [
            id,
            model(both, cpu) - model(times, cpu) - model(both) + base,
          ];
        }),
      ),
    );
    const ids = page.routes.map(({ id }) => id ?? "").sort();
    deepEqual(Object.keys(page.truth).sort(), ids);
    deepEqual(Object.keys(times).sort(), ids);
    deepEqual(
      page.routes.map(({ id, serviceTime }) => [id, serviceTime]),
      page.routes.map(({ id }) => [id, times[id ?? ""]]),
    );
  });
}

/** Largest difference between a slope and the truth, and largest half-width of its interval. */
const PRECISION = 0.1;

/** Half-width at which the experiments end: an interval that is just narrow enough would be off the truth too often. */
const ASKED = 0.06;

/** True slopes from which on a route is critical. */
const CRITICAL = 0.9;

const pages = Deno.env.get("PERFMOCK_FIND_PAGES") === "all"
  ? SAMPLE_PAGES
  : GATE_PAGES;

for (const page of pages) {
  Deno.test({
    name: `find in Chromium knows the truths of "${page.name}"`,
    ignore: !required,
    // The browser's driver keeps timers and pipes of its own.
    sanitizeOps: false,
    sanitizeResources: false,
    fn: async () => {
      await using server = await createPerfmock({ routes: page.routes });
      const { figure, cpu, interactions = {}, truth } = page;
      const { answer } = await server.find({
        page: { url: "/", figure, quiet: "200ms", cpu },
        perturbation: STEP,
        precision: ASKED,
        loads: 600,
        seed: 1,
      });
      const seen = JSON.stringify(answer, null, 1);
      const routes = answer.routes.filter(({ route }) => route !== "cpu");
      deepEqual(
        routes.map(({ route }) => route).sort(),
        Object.keys(truth).sort(),
      );
      for (const { route, slope, low, high, saved, verdict } of routes) {
        const expected = truth[route];
        close({ value: slope, low, high }, expected.slope, `${route}: ${seen}`);
        if (saved === null) fail(`nothing was taken from ${route}: ${seen}`);
        close(saved, expected.saved, `${route}, saved: ${seen}`);
        equal(verdict, verdictOf(expected.slope), `${route}: ${seen}`);
      }
      const ranked = routes.map(({ route }) => truth[route].slope);
      deepEqual(ranked, ranked.toSorted((a, b) => b - a), seen);
      if (Object.keys(interactions).length === 0) return;
      for (const [route, truth] of Object.entries(interactions)) {
        const found = answer.interactions.find(({ routes, added }) =>
          added && routes.includes("cpu") && routes.includes(route)
        );
        if (found === undefined) fail(`${route} and cpu: nothing: ${seen}`);
        const { value, low, high } = found.effect;
        const half = (high - low) / 2;
        ok(half < STEP, `${route} and cpu: ${seen}`);
        // An interval leaves out the truth in one of twenty cases, this in about one of two hundred.
        ok(Math.abs(value - truth) < 1.5 * half, `${route} and cpu: ${seen}`);
      }
    },
  });
}

/** Verdict on a route with a true slope. */
function verdictOf(slope: number): Verdict {
  return slope === 0 ? "hidden" : slope < CRITICAL ? "partly" : "critical";
}

/** Fails unless an estimate is close to the truth, and its interval is narrow. */
function close({ value, low, high }: Estimate, truth: number, message: string) {
  ok(Math.abs(value - truth) <= PRECISION, message);
  ok((high - low) / 2 <= PRECISION, message);
}
