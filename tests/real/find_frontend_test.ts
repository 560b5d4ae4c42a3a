import { deepEqual, equal, ok } from "node:assert/strict";
import type { FindAnswer } from "../../core/contract/finder.ts";
import { createPerfmock } from "../../mod.ts";
import {
  FRONTEND_FIGURE,
  FRONTEND_TIMES,
  frontendRoutes,
} from "./_frontend.ts";
import { STEP } from "./pages_for_find/mod.ts";
import { temporaryFolder } from "./_packages.ts";
import { required } from "./_software.ts";

/** Largest difference of a slope from what is plausible, and between two runs: twice the half-width that is asked for, and a little more. */
const TOLERANCE = 0.45;

/** Routes on the way to the list of orders, which are asked for after the first session. */
const CRITICAL = ["document", "bundle", "session", "orders"];

/** Routes beside it, and those that its cells ask for. */
const HIDDEN = [
  "permissions",
  "identity",
  "totals",
  "items",
  "customers",
  "stores",
];

/** Seeds of the runs. */
const SEEDS = [1, 2, 3];

/** True to run this test, whose hundreds of page loads take longer than the gate has. */
const chosen = Deno.env.get("PERFMOCK_FIND_PAGES") === "all";

// An ignored test counts as failed where real software is required, so that this one is left out.
if (chosen) {
  Deno.test({
    name:
      "find explains a frontend that nobody here wrote, the same in each run",
    ignore: !required,
    // The browser's driver keeps timers and pipes of its own.
    sanitizeOps: false,
    sanitizeResources: false,
    fn: async () => {
      await using folder = await temporaryFolder();
      await using server = await createPerfmock({
        routes: await frontendRoutes(folder.path),
      });
      const answers: FindAnswer[] = [];
      for (const seed of SEEDS) {
        const { answer } = await server.find({
          page: { url: "/", figure: FRONTEND_FIGURE },
          perturbation: STEP,
          precision: 0.2,
          loads: 300,
          seed,
        });
        answers.push(answer);
      }
      const [first, ...others] = answers.map(slopesOf);
      const seen = JSON.stringify(answers.map(({ routes }) => routes), null, 1);
      deepEqual(Object.keys(first).sort(), Object.keys(FRONTEND_TIMES).sort());
      // The session is asked for before anything is shown, and once more beside the orders.
      const { calls } = answers[0].routes.find(({ route }) =>
        route === "session"
      ) ?? {};
      equal(calls, 2, seen);
      for (const slopes of [first, ...others]) {
        for (const route of CRITICAL) {
          ok(Math.abs(slopes[route] - 1) < TOLERANCE, `${route}: ${seen}`);
        }
        for (const route of HIDDEN) {
          ok(Math.abs(slopes[route]) < TOLERANCE, `${route}: ${seen}`);
        }
      }
      for (const slopes of others) {
        for (const [route, slope] of Object.entries(slopes)) {
          ok(Math.abs(slope - first[route]) < TOLERANCE, `${route}: ${seen}`);
        }
      }
    },
  });
}

/** Slopes by route. */
function slopesOf({ routes }: FindAnswer): Record<string, number> {
  return Object.fromEntries(routes.map(({ route, slope }) => [route, slope]));
}
