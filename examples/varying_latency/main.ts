/**
 * Critical scenario 1: how does a frontend behave while its backend's response times vary?
 *
 * The same frontend loads the same resource from one backend in three states. All three have nearly the same median: what users
 * see differs all the same, because it is decided in the tail.
 *
 *     deno run -A examples/varying_latency/main.ts
 *
 * @module
 */
import { createPerfmock, type PerfmockInput } from "@perfmock/perfmock";
import { type Experience, load } from "./frontend.ts";

/** How often each state of the backend is asked, and by how many at a time. */
const REQUESTS = 200;
const AT_ONCE = 20;

const RESPONSE = { json: { items: [] } };

/** The backend in its three states. */
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

/** What users saw of one state of the backend, in numbers of requests. */
export interface Observation {
  /** The route's id. */
  readonly backend: string;
  /** How often each experience occurred. */
  readonly seen: Readonly<Record<Experience, number>>;
  /** Half of the answers left within this time, in milliseconds, as the server saw it; clients that gave up left out. */
  readonly median: number | null;
}

/** Runs the scenario: the same figures every time, since the backend's times come from a seed. */
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
