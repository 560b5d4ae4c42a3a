/**
 * Behaviour of a frontend while the response times of its backend vary.
 *
 * The same frontend loads the same resource from a backend in three states. All three have nearly the same median, but users'
 * experiences differ, since the tail decides them.
 *
 *     deno run -A examples/varying_latency/main.ts
 *
 * @module
 */
import { createPerfmock, type PerfmockInput } from "@perfmock/perfmock";
import { type Experience, load } from "./frontend.ts";

/** Number of requests to each state of the backend. */
const REQUESTS = 200;

/** Number of requests at a time. */
const AT_ONCE = 20;

const RESPONSE = { json: { items: [] } };

/** The backend, with a route for each of its three states. */
export const CONFIG: PerfmockInput = {
  seed: 7,
  routes: [{
    id: "healthy",
    path: "/healthy",
    serviceTime: { lognormal: { median: "40ms", p99: "90ms" } },
    response: RESPONSE,
  }, {
    id: "long tail",
    path: "/long-tail",
    serviceTime: { lognormal: { median: "40ms", p99: "900ms" } },
    response: RESPONSE,
  }, {
    id: "one slow replica",
    path: "/slow-replica",
    serviceTime: {
      bimodal: {
        fast: { lognormal: { median: "40ms", p99: "90ms" } },
        slow: { normal: { mean: "1.5s", sd: "150ms" } },
        slowShare: 0.1,
      },
    },
    response: RESPONSE,
  }],
};

/** Experiences of users with one state of the backend. */
export interface Observation {
  /** Id of the route. */
  readonly backend: string;
  /** Number of requests with each experience. */
  readonly seen: Readonly<Record<Experience, number>>;
  /** Median response time in milliseconds, measured by the server; null if there was none. Requests that were given up do not count. */
  readonly median: number | null;
}

/** Runs the scenario. The backend's times come from a seed, so the figures are the same each time. */
export async function run(): Promise<Observation[]> {
  await using server = await createPerfmock(CONFIG);
  const observations: Observation[] = [];
  for (const { id, path } of server.routes) {
    const seen = { instant: 0, spinner: 0, "gave up": 0 };
    let left = REQUESTS;
    await Promise.all(Array.from({ length: AT_ONCE }, async () => {
      while (left-- > 0) seen[await load(new URL(path, server.url))]++;
    }));
    const median = server.stats().routes[id].responseTime.p50;
    observations.push({ backend: id, seen, median });
  }
  return observations;
}

if (import.meta.main) {
  // deno-lint-ignore no-console -- this is a program
  console.table(Object.fromEntries(
    (await run()).map(({ backend, seen, median }) => [backend, {
      ...seen,
      "median, ms": median,
    }]),
  ));
}
