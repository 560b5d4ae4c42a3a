/**
 * Effect of configuration changes on active requests.
 *
 * @module
 */
import type { Benchmark, Context, Row } from "./benchmark.ts";
import { LoadDriver } from "./load_driver.ts";
import { type Server, startPerfmock } from "./servers.ts";
import { quantiles } from "./statistics.ts";

/** Service time of the route under load, in ms. */
const SERVICE = 20;

/** Requests per second. */
const RATE = 5000;

/** A configuration of moderate size: ten routes, a pool, a profile. */
const CONFIG = {
  plugins: {
    distributions: { profiles: { slow: "lognormal(median=50ms, p99=400ms)" } },
    limiter: { pools: { db: { concurrency: 100_000 } } },
  },
  routes: Array.from({ length: 10 }, (_, index) => ({
    id: `r${index}`,
    path: `/r/${index}`,
    serviceTime: index === 0 ? SERVICE : "slow",
    limiter: "db",
    response: { json: { index } },
  })),
};

/** Paces of changes: none, ten per second as a script makes them, and without pause. Pauses are in ms. */
const PACES = [
  { what: "no changes", pause: undefined },
  { what: "10 changes/s", pause: 100 },
  { what: "changes without pause", pause: 0 },
] as const;

/** Puts the same load on the server while its configuration changes at several paces. */
export const reload: Benchmark = {
  name: "reload",
  measures:
    `Changes of one route by PATCH while another route of ${SERVICE} ms receives ${RATE} requests/s: number of changes per second, duration of each, and lateness of the answers, in milliseconds`,
  async run(context) {
    const server = await startPerfmock(context.children, { config: CONFIG });
    const driver = new LoadDriver(context.children);
    const rows: Row[] = [];
    for (const pace of PACES) {
      rows.push(await measure(context, { server, driver, ...pace }));
    }
    for (const count of context.quick ? [10] : SIZES) {
      rows.push(...await measureSize(context, count));
    }
    return rows;
  },
};

/** Numbers of routes of a configuration that is replaced and changed. The time must grow no faster than n log n. */
const SIZES = [10, 1000, 10_000];

/** Number of changes of each kind that are measured at each size. */
const REPEATED = 5;

/** Replaces a configuration of many routes, then changes one of them, while another route receives requests. */
async function measureSize(
  { children, quick }: Context,
  count: number,
): Promise<Row[]> {
  const routes = Array.from({ length: count }, (_, index) => ({
    id: `r${index}`,
    path: `/r/${index}/:id`,
    serviceTime: index === 0 ? SERVICE : "5ms",
    response: { json: { index } },
  }));
  const server = await startPerfmock(children, { config: { routes } });
  const control = `${server.url}/_perfmock`;
  const rows: Row[] = [];
  for (
    const { what, url, method, body } of [
      { what: "PUT config", url: "/config", method: "PUT", body: { routes } },
      {
        what: "PATCH of a route",
        url: "/routes/r1",
        method: "PATCH",
        body: { scale: 2 },
      },
    ]
  ) {
    const driver = new LoadDriver(children);
    const duration = quick ? 500 : 12_000;
    const driven = driver.drive({
      url: `${server.url}/r/0/1`,
      rate: quick ? 100 : 500,
      duration,
      warmup: 0,
      totals: true,
    });
    const took: number[] = [];
    for (let i = 0; i < REPEATED; i++) {
      const start = performance.now();
      const response = await fetch(control + url, {
        method,
        body: JSON.stringify(body),
      });
      await response.body?.cancel();
      if (response.status !== 200) throw new Error(`Status ${response.status}`);
      took.push(performance.now() - start);
    }
    const { totals, completed } = await driven;
    const [p50, p99, p999] = quantiles(
      totals.map((total) => total - SERVICE),
      [0.5, 0.99, 0.999],
    );
    const [change50, change99] = quantiles(took, [0.5, 0.99]);
    rows.push({
      what: `${count} routes, ${what}`,
      values: {
        "answers": completed,
        "changes/s": 1000 / change50,
        "change p50": change50,
        "change p99": change99,
        "late p50": p50,
        "late p99": p99,
        "late p99.9": p999,
      },
    });
  }
  return rows;
}

async function measure(
  { quick }: Context,
  { server, driver, what, pause }: {
    readonly server: Server;
    readonly driver: LoadDriver;
    readonly what: string;
    readonly pause: number | undefined;
  },
): Promise<Row> {
  const duration = quick ? 500 : 10_000;
  const changing = pause === undefined
    ? undefined
    : new Changing(server.url, pause);
  const started = performance.now();
  const { totals, completed } = await driver.drive({
    url: `${server.url}/r/0`,
    rate: quick ? 500 : RATE,
    duration,
    warmup: quick ? 0 : 1000,
    totals: true,
  });
  const took = await changing?.stop() ?? [];
  const seconds = (performance.now() - started) / 1000;
  const [p50, p99, p999] = quantiles(
    totals.map((total) => total - SERVICE),
    [0.5, 0.99, 0.999],
  );
  const [change50 = NaN, change99 = NaN] = took.length === 0
    ? []
    : quantiles(took, [0.5, 0.99]);
  return {
    what,
    values: {
      "answers": completed,
      "changes/s": took.length / seconds,
      "change p50": change50,
      "change p99": change99,
      "late p50": p50,
      "late p99": p99,
      "late p99.9": p999,
    },
  };
}

/** Changes a route repeatedly until stopped. */
class Changing {
  readonly #took: number[] = [];
  readonly #ended: Promise<void>;
  #on = true;

  constructor(url: string, pause: number) {
    this.#ended = this.#run(url, pause);
  }

  /** Waits for the active change and ends. Returns the durations of all changes, in ms. */
  async stop(): Promise<readonly number[]> {
    this.#on = false;
    await this.#ended;
    return this.#took;
  }

  async #run(url: string, pause: number): Promise<void> {
    for (let count = 0; this.#on; count++) {
      const start = performance.now();
      const response = await fetch(`${url}/_perfmock/routes/r1`, {
        method: "PATCH",
        body: JSON.stringify({ scale: 1 + count % 10 }),
      });
      await response.body?.cancel();
      if (response.status !== 200) throw new Error(`Status ${response.status}`);
      this.#took.push(performance.now() - start);
      await new Promise((resolve) => setTimeout(resolve, pause));
    }
  }
}
