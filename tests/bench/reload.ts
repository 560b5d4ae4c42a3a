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
    rows.push(...await measureRefusals(context));
    return rows;
  },
};

/** Numbers of routes of a configuration that is replaced and changed. The time must grow no faster than n log n. */
const SIZES = [10, 1000, 10_000];

/** Number of changes of each kind that are measured at each size. */
const REPEATED = 5;

/** A call of the control API that is made repeatedly. */
interface Change {
  readonly what: string;
  /** Path below that of the control API. */
  readonly url: string;
  readonly method: string;
  readonly body: unknown;
  /** Expected status of the answer. */
  readonly status: number;
}

/** Replaces a configuration of many routes, then changes one of them, while another route receives requests. */
async function measureSize(context: Context, count: number): Promise<Row[]> {
  const routes = routesOf(count);
  const server = await startPerfmock(context.children, { config: { routes } });
  return await measureChanges(context, server, [
    {
      what: `${count} routes, PUT config`,
      url: "/config",
      method: "PUT",
      body: { routes },
      status: 200,
    },
    {
      what: `${count} routes, PATCH of a route`,
      url: "/routes/r1",
      method: "PATCH",
      body: { scale: 2 },
      status: 200,
    },
  ]);
}

/** Number of unknown keys, and of routes with errors, of changes that are refused: about as many as a call may have. */
const ERRORS = { keys: 9999, routes: 8000 };

/** Makes changes with very many errors, while a route receives requests. */
async function measureRefusals(context: Context): Promise<Row[]> {
  const [{ keys, routes: wrong }, routes] = [
    context.quick ? { keys: 100, routes: 100 } : ERRORS,
    routesOf(10),
  ];
  const server = await startPerfmock(context.children, { config: { routes } });
  const unknown = Object.fromEntries(
    Array.from({ length: keys }, (_, index) => [`key${index}`, index]),
  );
  return await measureChanges(context, server, [
    {
      what: `${keys} unknown keys, PATCH config`,
      url: "/config",
      method: "PATCH",
      body: unknown,
      status: 400,
    },
    {
      what: `${keys} unknown keys, PUT of a route`,
      url: "/routes/r1",
      method: "PUT",
      body: { path: "/x", ...unknown },
      status: 400,
    },
    {
      what: `${wrong} routes with an error, PUT config`,
      url: "/config",
      method: "PUT",
      body: {
        routes: routesOf(wrong).map((route) => ({
          ...route,
          serviceTime: "5mss",
        })),
      },
      status: 400,
    },
  ]);
}

function routesOf(count: number) {
  return Array.from({ length: count }, (_, index) => ({
    id: `r${index}`,
    path: `/r/${index}/:id`,
    serviceTime: index === 0 ? SERVICE : "5ms",
    response: { json: { index } },
  }));
}

/** Makes each change several times, while a route receives requests. */
async function measureChanges(
  { children, quick }: Context,
  server: Server,
  changes: readonly Change[],
): Promise<Row[]> {
  const rows: Row[] = [];
  for (const { what, url, method, body, status } of changes) {
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
      const response = await fetch(`${server.url}/_perfmock${url}`, {
        method,
        body: JSON.stringify(body),
      });
      await response.body?.cancel();
      if (response.status !== status) {
        throw new Error(`Status ${response.status}`);
      }
      took.push(performance.now() - start);
    }
    const { totals, completed } = await driven;
    const [p50, p99, p999, most] = quantiles(
      totals.map((total) => total - SERVICE),
      [0.5, 0.99, 0.999, 1],
    );
    const [change50, change99] = quantiles(took, [0.5, 0.99]);
    rows.push({
      what,
      values: {
        "answers": completed,
        "changes/s": 1000 / change50,
        "change p50": change50,
        "change p99": change99,
        "late p50": p50,
        "late p99": p99,
        "late p99.9": p999,
        "late most": most,
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
