/** Servers whose routes degrade, with a pressure that a test sets: in virtual time, over HTTP or simulated. */
import type { PerfmockInput } from "../../../../core/config/mod.ts";
import type { Plugin } from "../../../../core/plugin.ts";
import {
  createSimulation,
  type Simulation,
} from "../../../../core/simulation/mod.ts";
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
}

function input({ routes, pools, seed = 1 }: Setting): PerfmockInput {
  return {
    seed,
    plugins: {
      resource_stress: false,
      ...(pools !== undefined && { limiter: { pools } }),
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

/** A server for simulations. */
export function simulated(setting: Setting): Promise<Simulation> {
  return createSimulation(input(setting), {
    plugins: [degrading({ ...NO_PRESSURE, ...setting.pressure })],
  });
}

/** What the models say of themselves. */
export function report(
  { server }: Pick<Simulation | TestServer, "server">,
): DegradeReport {
  return server.stats().plugins.degrading as DegradeReport;
}
