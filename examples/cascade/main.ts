/**
 * A failure that spreads: memory pressure in one part of a backend takes down another part that does not use it, and a bulkhead
 * prevents that.
 *
 * A shop has twenty workers. Every request needs one; an order also needs one of four database connections. For two seconds the heap
 * of the order service is nearly full, so that it often stops for garbage collection. Orders then wait for a connection, and each holds
 * a worker while it waits. The example runs twice. With the policy "patient" orders wait without a limit, until they hold all workers
 * and the catalogue fails too. With the policy "bulkhead" orders are refused after a short wait, and the catalogue is not affected.
 * After the pressure both recover by themselves.
 *
 *     deno run -A examples/cascade/main.ts
 *
 * @module
 */
import { createPerfmock } from "@perfmock/perfmock";
import type { PoolReport } from "@perfmock/perfmock/limiter";
import { type Crowd, type Visit, visitAll } from "./visitors.ts";

/** Visitors of the catalogue give up early, customers who order later. */
const CATALOGUE: Crowd = { rate: 60, patience: 400 };
const ORDERS: Crowd = { rate: 40, patience: 1500 };

/** Start and end of the pressure, and end of the arrivals, in ms. */
const PRESSURE = 1500;
const RELEASE = 3500;
const END = 6000;

/** Time after the pressure in which the backlog may still be served, in ms. */
const DRAINING = 1200;

/** Queue for the database connections. */
export interface DatabasePolicy {
  /** Name of the policy. */
  readonly name: string;
  /** Maximum number of orders in the queue. */
  readonly queue: number | "unbounded";
  /** Maximum wait of an order; absent: unlimited. */
  readonly queueTimeout?: string;
}

/** Orders wait without a limit. */
export const patient: DatabasePolicy = { name: "patient", queue: "unbounded" };

/** A short queue with a short timeout: a bulkhead between the database and the workers. */
export const bulkhead: DatabasePolicy = {
  name: "bulkhead",
  queue: 6,
  queueTimeout: "100ms",
};

/** Results of one page in one phase. */
export interface Seen {
  /** Share of requests that were answered. */
  readonly answered: number;
  /** Share of requests that were refused; the clients of the others gave up. */
  readonly refused: number;
  /** Median response time of answered requests, in ms. */
  readonly median: number;
}

/** Results of one page. */
export interface Experience {
  /** Before the pressure. */
  readonly before: Seen;
  /** From half a second after the start of the pressure. */
  readonly during: Seen;
  /** After the backlog has been served. */
  readonly after: Seen;
}

/** Results of one policy. */
export interface Outcome {
  /** Name of the policy. */
  readonly policy: string;
  /** Results of the catalogue, which needs no database. */
  readonly catalogue: Experience;
  /** Results of orders. */
  readonly orders: Experience;
  /** Maximum number of busy workers. */
  readonly peakWorkers: number;
}

/** Runs the scenario with both policies, concurrently. */
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
  // Warm-up: first calls in a process are slow. The reset restarts the signal of the pressure.
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
