/** Queueing systems in virtual time: one route, one pool, and the figures that queueing theory predicts. */
import { equal, ok } from "node:assert/strict";
import type { Clock, Exchange, Key, Plugin } from "../../../core/plugin.ts";
import type { Pools } from "../../../plugins/limiter/mod.ts";
import type { PoolCounts } from "../../../plugins/limiter/figures.ts";
import { Pool } from "../../../plugins/limiter/pool.ts";
import {
  poissonArrivals,
  type Scenario,
  simulate,
} from "../../support/simulation.ts";

/**
 * Factor by which a system runs faster than it is written. Queueing theory knows no unit of time, and recorder and load engine,
 * which work once a second, do so less often. A scenario has to be as much faster; figures are converted back.
 */
export const SPEED = 100;

/** A queueing system. */
export interface System {
  /** Number of servers. */
  readonly c: number;
  /** Number of places in the queue; 0 where absent. */
  readonly queue?: number | "unbounded";
  /** Further settings of the pool. */
  readonly pool?: Readonly<Record<string, unknown>>;
  /** Distribution of service times. */
  readonly serviceTime: unknown;
  /** Load on the path "/", {@linkcode SPEED} times as fast. */
  readonly load: Scenario;
  /** Upper bound of the number of requests. */
  readonly requests: number;
}

/** Figures of a run; times in milliseconds. */
export interface Findings {
  /** Share of requests that were refused. */
  readonly loss: number;
  /** Mean wait of admitted requests. */
  readonly meanWait: number;
  /** 95th percentile of the wait of admitted requests. */
  readonly p95Wait: number;
  /** Share of admitted requests that waited. */
  readonly waited: number;
  /** Mean time from arrival to answer of admitted requests. */
  readonly meanSojourn: number;
  /** Answers per second. */
  readonly throughput: number;
  /** Time-weighted mean share of busy servers. */
  readonly utilisation: number;
}

/** Runs a system and checks Little's law on its figures, for the queue and for the whole system. */
export async function observe(system: System): Promise<Findings> {
  const { c, queue = 0, pool, serviceTime, load, requests } = system;
  const probe = new Probe();
  const waits = new Float64Array(requests);
  let answered = 0;
  let rejected = 0;
  let waited = 0;
  let wait = 0;
  let sojourn = 0;
  const { duration, scenarios } = await simulate({
    config: {
      seed: 1,
      plugins: {
        limiter: { pools: { db: { concurrency: c, queue, ...pool } } },
        probe: {},
      },
      routes: [{
        path: "/",
        serviceTime,
        scale: 1 / SPEED,
        limiter: "db",
      }],
    },
    scenarios: { load },
    plugins: [probe.plugin],
    observe({ outcome, arrival, start, end }: Exchange) {
      if (outcome !== "answered") {
        rejected++;
        return;
      }
      const waiting = (start - arrival) * SPEED;
      waits[answered++] = waiting;
      wait += waiting;
      if (waiting > 0) waited++;
      sojourn += (end - arrival) * SPEED;
    },
  });
  const { started, completed } = scenarios.load;
  equal(started, answered + rejected);
  equal(completed, answered);
  ok(started <= requests);
  const { inFlight, queued, utilisation, meanWait, peakBusy } = probe.means(
    duration,
  );
  const rate = answered / (duration * SPEED);
  const findings = {
    loss: rejected / started,
    meanWait: wait / answered,
    // Sorting takes longer than the rest, and few tests need it.
    get p95Wait() {
      const sorted = waits.subarray(0, answered).sort();
      return sorted[Math.ceil(0.95 * answered) - 1];
    },
    waited: waited / answered,
    meanSojourn: sojourn / answered,
    throughput: rate * 1000,
    utilisation,
  };
  near(queued, rate * findings.meanWait, 1e-6, "Little: queue");
  near(inFlight, rate * findings.meanSojourn, 1e-6, "Little: system");
  near(meanWait * SPEED, findings.meanWait, 1e-9, "the pool's own mean wait");
  ok(peakBusy <= c, `${peakBusy} at once`);
  return findings;
}

const POOLS: Key<Pools> = { name: "limiter.pools" };

/** The plugin `probe`: shows a test the pool "db" of a simulation, and measures how many requests are in flight over time. */
export class Probe {
  /** Integral of the number of requests in flight, in requests · ms, and the time up to which it is known. */
  #area = 0;
  #last = 0;
  #inFlight = 0;
  #clock: Clock | undefined;
  #pool: Pool | undefined;

  readonly plugin: Plugin = {
    name: "probe",
    version: "1.0.0",
    requires: ["limiter"],
    // Called first for the server, which gets no requests, then for its copy in virtual time.
    setup: (host) => {
      const { clock } = host;
      const pool = host.use(POOLS).pool("db");
      ok(pool instanceof Pool);
      const lease = { release: () => this.#move(-1, clock.now()) };
      this.#clock = clock;
      this.#pool = pool;
      return {
        route: () => ({
          admit: {
            order: "pre",
            handler: ({ arrival }) => {
              this.#move(1, arrival);
              return lease;
            },
          },
        }),
      };
    },
  };

  /** Counts of the pool. */
  counts(): PoolCounts {
    ok(this.#clock !== undefined && this.#pool !== undefined);
    return this.#pool.figures.counts(this.#clock.now());
  }

  /** Means over the time until the last request had ended. The clock may be ahead of it; nothing has been in flight since. */
  means(duration: number) {
    equal(this.#inFlight, 0);
    const { meanQueued, utilisation, ...rest } = this.counts();
    const stretch = (this.#clock?.now() ?? NaN) / duration;
    return {
      ...rest,
      inFlight: this.#area / duration,
      queued: meanQueued * stretch,
      utilisation: utilisation * stretch,
    };
  }

  /** Measured at each change, not summed up from response times: so the two can be compared. */
  #move(by: number, now: number): void {
    this.#area += this.#inFlight * (now - this.#last);
    this.#last = now;
    this.#inFlight += by;
  }
}

/** Poisson arrivals with an expected number of requests, and an upper bound of that number: five standard deviations more. */
export function poisson(
  rate: number,
  requests: number,
): Pick<System, "load" | "requests"> {
  return {
    load: poissonArrivals({ rate: rate * SPEED, requests }),
    requests: Math.ceil(requests + 5 * Math.sqrt(requests)),
  };
}

/** Distribution of exponential service or think times. */
export function exponential(mean: number) {
  return { exponential: { mean } };
}

/** Compares two figures, to a relative tolerance. */
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
