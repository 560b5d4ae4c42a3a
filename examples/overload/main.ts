/**
 * Critical scenario 2: behaviour of an application while its backend is overloaded.
 *
 * A shop's backend has five database connections and a queue of ten. Two hundred users click within one second, which is more
 * than it can serve in that time. They do so twice: once with a frontend that retries at once, once with one that reads
 * Retry-After and spreads its retries. The backend serves as many either way; the number of refused requests differs, and so does
 * the time until all users are done.
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

/** Number of users. */
const USERS = 200;

/** Time within which all of them click, in ms. */
const WITHIN = 1000;

/** Outcome of one policy. */
export interface Outcome {
  /** Name of the policy. */
  readonly policy: string;
  /** Number of clicks that got an answer. */
  readonly served: number;
  /** Number of requests sent for all clicks. */
  readonly requests: number;
  /** Number of refused requests. */
  readonly refused: number;
  /** Number of retries before the time that Retry-After had named. */
  readonly early: number;
  /** Median wait of served clicks, in ms. */
  readonly medianWait: number;
  /** Maximum number of places taken at once. */
  readonly peakBusy: number;
  /** perfmock's verdict on all clients together. */
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

/** Creates a reproducible source of numbers from 0 to 1 for a user: fractional parts of multiples of the golden ratio. */
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
