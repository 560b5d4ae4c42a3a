/**
 * A failure that spreads: how memory pressure in one part of a backend takes down another that never touches it, and what
 * stops that.
 *
 * A shop has twenty workers. All requests need one; orders need a database connection as well, of which there are four. For two
 * seconds the order service's heap is nearly full, so that it stops for garbage collection again and again. Orders then wait for a
 * connection, and hold a worker while they do. The same two seconds come twice: once orders wait as long as it takes, until
 * all workers wait with them and the catalogue fails too; once they are refused after a short wait, and the catalogue
 * does not notice. Afterwards both recover by themselves.
 *
 *     deno run -A examples/cascade/main.ts
 *
 * @module
 */
import { createPerfmock } from "@perfmock/perfmock";
import type { PoolReport } from "@perfmock/perfmock/limiter";
import { type Crowd, type Visit, visitAll } from "./visitors.ts";

/** Who only looks has no patience; who orders has some. */
const CATALOGUE: Crowd = { rate: 60, patience: 400 };
const ORDERS: Crowd = { rate: 40, patience: 1500 };

/** When the pressure begins and ends, and when visitors stop coming, in milliseconds. */
const PRESSURE = 1500;
const RELEASE = 3500;
const END = 6000;

/** How long after the release the backend may be busy with what has piled up, in milliseconds. */
const DRAINING = 1200;

/** What waits for a database connection, and for how long. */
export interface DatabasePolicy {
  /** What it is called. */
  readonly name: string;
  /** How many orders may wait. */
  readonly queue: number | "unbounded";
  /** How long each waits. */
  readonly queueTimeout?: string;
}

/** Orders wait as long as it takes. */
export const patient: DatabasePolicy = { name: "patient", queue: "unbounded" };

/** Few may wait, and not for long: a bulkhead between the database and the workers. */
export const bulkhead: DatabasePolicy = {
  name: "bulkhead",
  queue: 6,
  queueTimeout: "100ms",
};

/** What visitors of one page saw in one phase. */
export interface Seen {
  /** The share of them that got an answer. */
  readonly answered: number;
  /** The share that was refused; the others gave up. */
  readonly refused: number;
  /** Half of those who got an answer got it within this time, in milliseconds. */
  readonly median: number;
}

/** What visitors of one page saw. */
export interface Experience {
  /** Before the pressure. */
  readonly before: Seen;
  /** Once the pressure has lasted for half a second. */
  readonly during: Seen;
  /** After the release, once what had piled up is gone. */
  readonly after: Seen;
}

/** What one policy led to. */
export interface Outcome {
  /** The policy's name. */
  readonly policy: string;
  /** What visitors of the catalogue saw, which needs no database. */
  readonly catalogue: Experience;
  /** What visitors who ordered saw. */
  readonly orders: Experience;
  /** The most workers that were busy at once. */
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
  // What a process does for the first time is slow. The reset begins the pressure's time again.
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
