/**
 * A cascading failure: memory pressure in one part of a backend takes down another part that does not depend on it, unless a
 * bulkhead prevents that.
 *
 * A shop has twenty workers. Each request needs a worker; each order also needs one of four database connections. For two seconds
 * the heap of the order service is nearly full, so that it pauses for garbage collection again and again. Orders then wait for a
 * connection and occupy a worker meanwhile. The example compares two policies. With the first, orders wait without limit, until
 * they occupy all workers and the catalogue fails too. With the second, orders are refused after a short wait, and the catalogue is
 * not affected. Both recover by themselves afterwards.
 *
 *     deno run -A examples/cascade/main.ts
 *
 * @module
 */
import { createPerfmock } from "@perfmock/perfmock";
import type { PoolReport } from "@perfmock/perfmock/limiter";
import { type Crowd, type Visit, visitAll } from "./visitors.ts";

/** Visitors of the catalogue give up sooner than visitors who order. */
const CATALOGUE: Crowd = { rate: 60, patience: 400 };
const ORDERS: Crowd = { rate: 40, patience: 1500 };

/** Times at which the pressure begins and ends, and after which no more visitors arrive, in ms. */
const PRESSURE = 1500;
const RELEASE = 3500;
const END = 6000;

/** Time after the release during which the backend may still process queued requests, in ms. */
const DRAINING = 1200;

/** Limits on waiting for a database connection. */
export interface DatabasePolicy {
  /** Name of the policy. */
  readonly name: string;
  /** Maximum number of waiting orders. */
  readonly queue: number | "unbounded";
  /** Maximum time that an order waits. Default: unlimited. */
  readonly queueTimeout?: string;
}

/** Orders wait without limit. */
export const patient: DatabasePolicy = { name: "patient", queue: "unbounded" };

/** Few orders may wait, and only for a short time: a bulkhead between the database and the workers. */
export const bulkhead: DatabasePolicy = {
  name: "bulkhead",
  queue: 6,
  queueTimeout: "100ms",
};

/** Experience of one page's visitors in one phase. */
export interface Seen {
  /** Share of visitors who got an answer, 0…1. */
  readonly answered: number;
  /** Share of visitors who were refused, 0…1; the others gave up. */
  readonly refused: number;
  /** Median time to an answer, in ms. */
  readonly median: number;
}

/** Experience of one page's visitors, by phase. */
export interface Experience {
  /** Before the pressure. */
  readonly before: Seen;
  /** During the pressure, from half a second after its start. */
  readonly during: Seen;
  /** After the release, once queued requests have been processed. */
  readonly after: Seen;
}

/** Outcome of one policy. */
export interface Outcome {
  /** Name of the policy. */
  readonly policy: string;
  /** Experience of visitors of the catalogue, which needs no database. */
  readonly catalogue: Experience;
  /** Experience of visitors who ordered. */
  readonly orders: Experience;
  /** Maximum number of workers that were busy at once. */
  readonly peakWorkers: number;
}

/** Runs the scenario with both policies, side by side. */
export function run(): Promise<Outcome[]> {
  return Promise.all([scenario(patient), scenario(bulkhead)]);
}

async function scenario(
  { name, ...waiting }: DatabasePolicy,
): Promise<Outcome> {
  await using server = await createPerfmock({
    seed: 5,
    plugins: {
      limiter: {
        pools: {
          workers: { concurrency: 20, queue: "unbounded" },
          database: { concurrency: 4, ...waiting },
        },
      },
    },
    routes: [{
      id: "catalogue",
      path: "/catalogue",
      limiter: "workers",
      serviceTime: { lognormal: { median: "12ms", p99: "40ms" } },
      response: { json: { items: [] } },
    }, {
      id: "orders",
      path: "/orders",
      limiter: ["workers", "database"],
      serviceTime: { lognormal: { median: "20ms", p99: "60ms" } },
      degrade: {
        model: "gc-pause",
        backend: "orders",
        perRequest: "8MiB",
        heap: "640MiB",
        pause: "80ms",
        input: {
          steps: [
            { at: 0, value: 0.3 },
            { at: PRESSURE, value: 0.99 },
            { at: RELEASE, value: 0.3 },
          ],
        },
      },
      response: { status: 201, json: { order: 1001 } },
    }],
  });
  const pages = {
    catalogue: new URL("/catalogue", server.url),
    orders: new URL("/orders", server.url),
  };
  // Warm up, because the first requests of a process are slow. The reset restarts the timeline of the pressure.
  await visitAll(pages.catalogue, CATALOGUE, 500);
  await visitAll(pages.orders, ORDERS, 500);
  server.reset();
  const [catalogue, orders] = await Promise.all([
    visitAll(pages.catalogue, CATALOGUE, END),
    visitAll(pages.orders, ORDERS, END),
  ]);
  const response = await fetch(
    new URL("/_perfmock/limiter/pools", server.url),
  );
  const { pools }: { pools: PoolReport[] } = await response.json();
  return {
    policy: name,
    catalogue: experience(catalogue),
    orders: experience(orders),
    peakWorkers: pools.find(({ name }) => name === "workers")?.peakBusy ?? NaN,
  };
}

function experience(visits: readonly Visit[]): Experience {
  const seen = (from: number, to: number): Seen => {
    const those = visits.filter(({ at }) => at >= from && at < to);
    const share = (end: Visit["end"]) =>
      those.filter((visit) => visit.end === end).length / those.length;
    const times = those.filter(({ end }) => end === "answered")
      .map(({ took }) => took).sort((a, b) => a - b);
    return {
      answered: share("answered"),
      refused: share("refused"),
      median: times[times.length >> 1] ?? NaN,
    };
  };
  return {
    before: seen(400, PRESSURE - 200),
    during: seen(PRESSURE + 500, RELEASE - 500),
    after: seen(RELEASE + DRAINING, END),
  };
}

if (import.meta.main) {
  const percent = (share: number) => `${Math.round(share * 100)} %`;
  const rows = (await run()).flatMap(({ policy, catalogue, orders }) =>
    Object.entries({ catalogue, orders }).map(([page, experience]) => [
      `${policy}: ${page}`,
      Object.fromEntries(
        Object.entries(experience).map(([phase, { answered, median }]) => [
          phase,
          `${percent(answered)} answered, median ${Math.round(median)} ms`,
        ]),
      ),
    ])
  );
  // deno-lint-ignore no-console -- this is a program
  console.table(Object.fromEntries(rows));
}
