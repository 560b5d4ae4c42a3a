/**
 * Critical scenario 2: what does an application do while its backend is overloaded?
 *
 * A shop's backend has five database connections and room for ten to wait. Two hundred users click within one second, which is
 * more than it serves in that time. The same crowd comes twice: once with a frontend that retries at once, once with one that
 * reads Retry-After and spreads its retries. The backend serves as many either way: what differs is how many requests it has to
 * turn away to do so, and how long that keeps everybody busy.
 *
 *     deno run -A examples/overload/main.ts
 *
 * @module
 */
import { createPerfmock } from "@perfmock/perfmock";
import type { ClientReport, PoolReport } from "@perfmock/perfmock/limiter";
import {
  type Click,
  click,
  considerate,
  impatient,
  type RetryPolicy,
} from "./client.ts";

/** How many users click, and within how many milliseconds. */
const USERS = 200;
const WITHIN = 1000;

/** What one policy did to the backend, and the backend to its users. */
export interface Outcome {
  /** The policy's name. */
  readonly policy: string;
  /** Clicks that got their answer. */
  readonly served: number;
  /** Requests sent for these and all other clicks. */
  readonly requests: number;
  /** Requests that were refused. */
  readonly refused: number;
  /** Retries that came before Retry-After said. */
  readonly early: number;
  /** Half of those served waited at most so long, in milliseconds. */
  readonly medianWait: number;
  /** The most places that were taken at once. */
  readonly peakBusy: number;
  /** What perfmock says of all clients together. */
  readonly verdict: string;
}

/** Runs the scenario with both policies. */
export async function run(): Promise<Outcome[]> {
  return [await crowd(impatient), await crowd(considerate)];
}

async function crowd(policy: RetryPolicy): Promise<Outcome> {
  await using server = await createPerfmock({
    seed: 11,
    plugins: {
      limiter: {
        client: "header:X-Client-Id",
        pools: {
          db: {
            concurrency: 5,
            queue: 10,
            queueTimeout: "500ms",
            onFull: { status: 503, retryAfter: "1s" },
            onTimeout: { status: 503, retryAfter: "1s" },
          },
        },
      },
    },
    routes: [{
      id: "checkout",
      path: "/checkout",
      limiter: "db",
      serviceTime: { lognormal: { median: "45ms", p99: "120ms" } },
      response: { json: { ok: true } },
    }],
  });
  const url = new URL("/checkout", server.url);
  const clicks = await Promise.all(
    Array.from({ length: USERS }, async (_, user): Promise<Click> => {
      await new Promise((resolve) =>
        setTimeout(resolve, user * WITHIN / USERS)
      );
      return await click(url, policy, {
        id: `user ${user}`,
        chance: chances(user),
      });
    }),
  );
  const control = async <T>(call: string): Promise<T> => {
    const response = await fetch(
      new URL(`/_perfmock/limiter/${call}`, server.url),
    );
    return await response.json();
  };
  const { all } = await control<{ all: ClientReport }>("clients");
  const { pools: [pool] } = await control<{ pools: PoolReport[] }>("pools");
  const waits = clicks.filter(({ served }) => served)
    .map(({ waited }) => waited).sort((a, b) => a - b);
  return {
    policy: policy.name,
    served: waits.length,
    requests: clicks.reduce((sum, { requests }) => sum + requests, 0),
    refused: all.refused,
    early: all.early,
    medianWait: waits[waits.length >> 1] ?? NaN,
    peakBusy: pool.peakBusy,
    verdict: all.verdict,
  };
}

/** A user's own numbers from 0 to 1: the same in every run (the fractional parts of multiples of the golden ratio). */
function chances(user: number): () => number {
  let drawn = user * 7;
  return () => (++drawn * 0.6180339887498949) % 1;
}

if (import.meta.main) {
  // deno-lint-ignore no-console -- this is a program
  console.table(Object.fromEntries(
    (await run()).map(({ policy, verdict, medianWait, ...figures }) => [
      policy,
      { ...figures, "median wait, ms": Math.round(medianWait), verdict },
    ]),
  ));
}
