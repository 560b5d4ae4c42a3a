/** A finder on virtual time, whose page is a function that calls routes. */
import { createTestServer, type TestServer } from "../../../core/testing.ts";
import { nextTurn } from "../../../core/lib/turn.ts";
import type { FindOptions } from "../../../core/find.ts";
import type { Host, Plugin } from "../../../core/plugin.ts";
import type { PerfmockInput } from "../../../mod.ts";
import { Finder } from "../../../plugins/bottleneck_finder/finder.ts";
import { Underway } from "../../../plugins/bottleneck_finder/underway.ts";
import type {
  Conditions,
  Loaded,
  Probe,
} from "../../../plugins/bottleneck_finder/probes/probe.ts";

/** Calls a path of the server and reads the answer; rejects where there is none. */
export type Call = (path: string) => Promise<number>;

/** A page: what happens between its start and its figure. */
export interface FakePage {
  /** Makes the page; the figure is the time that it takes, or what it returns. */
  load(call: Call, conditions: Conditions): Promise<number | Loaded | void>;
}

/** A finder with its server. */
export interface FakeFinder extends AsyncDisposable {
  readonly test: TestServer;
  readonly host: Host;
  readonly finder: Finder;
  readonly underway: Underway;
  /** Number of probes that were started, and disposed. */
  readonly probes: { started: number; disposed: number };
  /** Awaits a promise while virtual time passes. */
  drive<T>(promise: Promise<T>): Promise<T>;
  /** Dials that are not as configured: each shifts the response time of its route. */
  responseTime(path: string): Promise<number>;
}

/** Routes of the tests: /a, /b, … with fixed service times, in ms. */
export function routesOf(
  times: Readonly<Record<string, number>>,
): PerfmockInput["routes"] {
  return Object.entries(times).map(([id, serviceTime]) => ({
    id,
    path: `/${id}`,
    serviceTime,
    response: { json: {} },
  }));
}

/** Makes a finder whose page is a function. */
export async function fakeFinder(
  config: PerfmockInput,
  page: FakePage,
): Promise<FakeFinder> {
  let host: Host | undefined;
  const capture: Plugin = {
    name: "capture",
    version: "1.0.0",
    scope: "server",
    setup(given) {
      host = given;
      return {};
    },
  };
  const test = await createTestServer(config, { plugins: [capture] });
  if (host === undefined) throw new Error("The plugin was not set up");
  const { clock, server } = test;
  const probes = { started: 0, disposed: 0 };
  const call: Call = async (path) => {
    const response = await server.fetch(
      new Request(new URL(path, server.url)),
    );
    await response.body?.cancel();
    return response.status;
  };
  const probe = (): Probe => ({
    figure: "LCP",
    start() {
      probes.started++;
      return Promise.resolve();
    },
    async load(conditions) {
      const start = clock.now();
      const found = await page.load(call, conditions);
      if (typeof found === "object") return found;
      const figure = found ?? clock.now() - start;
      return { figure, requests: [], figures: {} };
    },
    [Symbol.asyncDispose]() {
      probes.disposed++;
      return Promise.resolve();
    },
  });
  const underway = new Underway();
  // A key is computed beside the clock: virtual time stands still meanwhile.
  let computing = 0;
  const { stream } = host;
  const finder = new Finder({
    host: {
      ...host,
      async stream(seed, name) {
        computing++;
        try {
          return await stream(seed, name);
        } finally {
          computing--;
        }
      },
    },
    loadHost: { thread: { json: "{}", folder: import.meta.url, builtin: "" } },
    texts: { read: () => Promise.reject(new Error("No text is read")) },
    underway,
    probe,
  });
  return {
    test,
    host,
    finder,
    underway,
    probes,
    async drive(promise) {
      let settled = false;
      const watched = promise.finally(() => settled = true);
      watched.catch(() => {});
      await nextTurn();
      while (!settled) {
        if (computing === 0) clock.runNext();
        await nextTurn();
      }
      return await watched;
    },
    async responseTime(path) {
      const { response, duration } = await test.request(path);
      await response.body?.cancel();
      return duration;
    },
    async [Symbol.asyncDispose]() {
      await underway[Symbol.asyncDispose]();
      await test[Symbol.asyncDispose]();
    },
  };
}

/** Script of tests, whose page is the fake one. */
export function script(more: Readonly<Record<string, unknown>> = {}) {
  return { page: { url: "/" }, seed: 1, ...more };
}

/** Options that record the progress. */
export function recording(): FindOptions & {
  readonly lines: string[];
  readonly plans: string[];
} {
  const lines: string[] = [];
  const plans: string[] = [];
  return {
    lines,
    plans,
    planned: (line) => void plans.push(line),
    progress: (_, line) => void lines.push(line),
  };
}
