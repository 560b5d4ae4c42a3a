/** Servers with degraded routes and a pressure that the test sets: in virtual time, over HTTP or simulated. */
import type { PerfmockInput } from "../../../core/config/mod.ts";
import type { LoadSummary, Plugin } from "../../../core/load.ts";
import { createTestServer, type TestServer } from "../../../core/testing.ts";
import {
  type DegradeReport,
  PRESSURE,
  type PressureSource,
} from "../../../plugins/degrade/mod.ts";
import { simulate, type Simulation } from "../../support/simulation.ts";

const NONE: PressureSource = {
  cpu: () => 0,
  memory: () => 0,
  exhausted: () => false,
  restarts: () => 0,
};

/** A plugin that provides pressure in place of resource_stress. */
function providing(pressure: Partial<PressureSource>): Plugin {
  return {
    name: "pressure",
    version: "1.0.0",
    setup(host) {
      host.provide(PRESSURE, { ...NONE, ...pressure });
      return {};
    },
  };
}

/** Settings of a test's server. */
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
    plugins: [providing(setting.pressure ?? {})],
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
    plugins: [providing(setting.pressure ?? {})],
  });
}

/** Figures of the models. */
export function report(
  { server }: Pick<TestServer, "server">,
): DegradeReport {
  return server.stats().plugins.degrade as DegradeReport;
}

/** One request as the client and the server's clock saw it. */
export interface Seen {
  /** HTTP status; 0 if the connection was reset. */
  readonly status: number;
  /** Time from request to answer, in ms of virtual time. */
  readonly took: number;
  /** Degradation in the Server-Timing header, in ms; NaN without one. */
  readonly degrade: number;
  readonly retryAfter: string | null;
}

/** Sends a request. The caller has to move the clock until it is answered. */
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

/** Lets time pass, timer by timer, so that each answer leaves at its own time. */
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
