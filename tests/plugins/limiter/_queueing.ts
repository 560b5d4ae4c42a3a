/** Queueing systems in simulation: one route, one pool, and the figures that theory speaks of. */
import { ok } from "node:assert/strict";
import { createSimulation, type Source } from "../../../core/simulation/mod.ts";
import type { PoolReport } from "../../../plugins/limiter/mod.ts";

/**
 * How much faster a system runs than it is written: queueing knows no unit of time, and the recorder, which looks at every
 * second, has fewer of these to look at. Sources are to be as much faster; figures come out as if nothing were.
 */
export const SPEED = 100;

/** A queueing system. */
export interface System {
  /** Servers. */
  readonly c: number;
  /** Places in the queue; 0 where absent. */
  readonly queue?: number | "unbounded";
  /** Further settings of the pool. */
  readonly pool?: Readonly<Record<string, unknown>>;
  /** What service times are drawn from. */
  readonly serviceTime: unknown;
  /** What sends requests to the route "r", {@linkcode SPEED} times as fast. */
  readonly source: Source;
  /** How many requests are sent. */
  readonly requests: number;
  readonly seed?: number;
}

/** What came of it; times in milliseconds, rates per millisecond. */
export interface Findings {
  /** The share of arrivals that was refused. */
  readonly loss: number;
  /** The mean wait of those admitted. */
  readonly meanWait: number;
  /** The 95th percentile of the wait of those admitted. */
  readonly p95Wait: number;
  /** The share of those admitted that waited. */
  readonly waited: number;
  /** The mean time from arrival to answer. */
  readonly meanSojourn: number;
  /** Requests answered per second. */
  readonly throughput: number;
  readonly pool: PoolReport;
}

/** Lets a system run; Little's law is checked on its own figures, for the queue and for all of it. */
export async function observe(system: System): Promise<Findings> {
  const { c, queue = 0, pool, serviceTime, source, requests } = system;
  await using simulation = await createSimulation({
    seed: system.seed ?? 1,
    plugins: {
      limiter: { pools: { db: { concurrency: c, queue, ...pool } } },
    },
    routes: [{
      id: "r",
      path: "/r",
      serviceTime,
      scale: 1 / SPEED,
      limiter: "db",
    }],
  });
  const waits = new Float64Array(requests);
  let answered = 0;
  let waited = 0;
  let wait = 0;
  let sojourn = 0;
  const run = await simulation.run({
    seed: system.seed ?? 1,
    exchanges: requests,
    sources: [{
      ...source,
      observe(x) {
        if (x.outcome !== "answered") return;
        const waiting = (x.start - x.arrival) * SPEED;
        waits[answered++] = waiting;
        wait += waiting;
        if (waiting > 0) waited++;
        sojourn += (x.end - x.arrival) * SPEED;
      },
    }],
  });
  const { sources, routes } = run;
  const duration = run.duration * SPEED;
  const stats = simulation.server.stats().plugins.limiter as {
    readonly pools: readonly PoolReport[];
  };
  const [report] = stats.pools;
  const findings = {
    loss: routes.r.rejected / routes.r.arrivals,
    meanWait: wait / answered,
    // Sorting takes longer than all the rest, and few ask for it.
    get p95Wait() {
      const sorted = waits.subarray(0, answered).sort();
      return sorted[Math.ceil(0.95 * answered) - 1];
    },
    waited: waited / answered,
    meanSojourn: sojourn / answered,
    throughput: answered / duration * 1000,
    pool: report,
  };
  const rate = answered / duration;
  near(report.meanQueued, rate * findings.meanWait, 1e-6, "Little: queue");
  near(
    sources[source.name].meanInFlight,
    rate * findings.meanSojourn,
    1e-6,
    "Little: system",
  );
  near(
    report.meanWait * SPEED,
    findings.meanWait,
    1e-9,
    "the pool's own mean wait",
  );
  ok(report.peakBusy <= c, `${report.peakBusy} at once`);
  return findings;
}

/** Holds two figures together, to a relative tolerance. */
export function near(
  actual: number,
  expected: number,
  tolerance: number,
  what = "",
): void {
  ok(
    Math.abs(actual - expected) <= tolerance * Math.abs(expected) + 1e-12,
    `${what}: ${actual}, expected ${expected} ± ${tolerance * 100} %`,
  );
}
