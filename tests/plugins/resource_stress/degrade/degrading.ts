/** Servers whose routes degrade, with a pressure that a test sets: in virtual time, over HTTP or simulated. */
import type { PerfmockInput } from "../../../../core/config/mod.ts";
import type { LoadSummary, Plugin } from "../../../../core/load.ts";
import { createTestServer, type TestServer } from "../../../../core/testing.ts";
import {
  createDegrade,
  type DegradeReport,
  degradeRouteKeys,
  type DegradeRouteOptions,
} from "../../../../plugins/resource_stress/degrade/mod.ts";
import {
  NO_PRESSURE,
  type PressureSource,
} from "../../../../plugins/resource_stress/pressure.ts";
import { simulate, type Simulation } from "../../../support/simulation.ts";

/** Degradation as a plugin of its own. */
function degrading(pressure: PressureSource): Plugin {
  const plugin: Plugin<unknown, DegradeRouteOptions> = {
    name: "degrading",
    version: "1.0.0",
    routeKeys: degradeRouteKeys,
    setup: (host) => {
      const degrade = createDegrade(host, pressure);
      return {
        route: (route, options) => degrade.route(route, options),
        adopt: () => degrade.adopt(),
        reset: () => degrade.reset(),
        snapshot: () => degrade.snapshot(),
        warnings: () => degrade.warnings(),
      };
    },
  };
  return plugin as Plugin;
}

/** What a test says of its server. */
export interface Setting {
  readonly routes: NonNullable<PerfmockInput["routes"]>;
  readonly pools?: Readonly<Record<string, unknown>>;
  readonly pressure?: Partial<PressureSource>;
  readonly seed?: number;
  /** False turns the limiter off. */
  readonly limiter?: false;
}

function input({ routes, pools, limiter, seed = 1 }: Setting): PerfmockInput {
  return {
    seed,
    plugins: {
      resource_stress: false,
      ...(pools !== undefined && { limiter: { pools } }),
      ...(limiter === false && { limiter }),
    },
    routes,
  };
}

/** A server for requests. */
export function degraded(setting: Setting): Promise<TestServer> {
  return createTestServer(input(setting), {
    plugins: [degrading({ ...NO_PRESSURE, ...setting.pressure })],
  });
}

/** Runs a load script against such a server in virtual time. */
export function simulated(
  setting: Setting,
  load: Omit<Simulation, "config" | "plugins">,
): Promise<LoadSummary> {
  return simulate({
    ...load,
    config: input(setting),
    plugins: [degrading({ ...NO_PRESSURE, ...setting.pressure })],
  });
}

/** What the models say of themselves. */
export function report(
  { server }: Pick<TestServer, "server">,
): DegradeReport {
  return server.stats().plugins.degrading as DegradeReport;
}

/** What a client and the server's clock saw of one request. */
export interface Seen {
  /** 0 where the connection was reset. */
  readonly status: number;
  /** In milliseconds of virtual time, from being sent to being answered. */
  readonly took: number;
  /** Degradation as Server-Timing tells it, in milliseconds; NaN where it does not. */
  readonly degrade: number;
  readonly retryAfter: string | null;
}

/** Sends a request that is answered at some time; move the clock meanwhile. */
export async function ask(test: TestServer, path: string): Promise<Seen> {
  const start = test.clock.now();
  const response = await test.server.fetch(
    new Request(new URL(path, test.server.url)),
  );
  const timing = response.headers.get("server-timing") ?? "";
  await response.body?.cancel();
  return {
    status: response.status,
    took: test.clock.now() - start,
    degrade: Number(/degrade;dur=([0-9.]+)/.exec(timing)?.[1]),
    retryAfter: response.headers.get("retry-after"),
  };
}

/** Lets time pass, timer by timer, so that each answer sees its own time. */
export async function pass(
  { clock }: TestServer,
  milliseconds: number,
): Promise<void> {
  let over = false;
  clock.at(clock.now() + milliseconds, () => over = true, undefined);
  while (!over) {
    await new Promise((resolve) => setImmediate(resolve));
    clock.runNext();
  }
  await new Promise((resolve) => setImmediate(resolve));
}

/** Sends one request and lets time pass until it is answered. */
export async function askAlone(test: TestServer, path: string): Promise<Seen> {
  let done = false;
  const answer = ask(test, path).finally(() => {
    done = true;
  });
  await new Promise((resolve) => setImmediate(resolve));
  while (!done) {
    test.clock.runNext();
    await new Promise((resolve) => setImmediate(resolve));
  }
  return await answer;
}
