/**
 * Modelled degradation: a route becomes slower and fails as its backend nears its limits, by published formulas. No real resource is
 * used. docs/degradation.md lists models, parameters and sources.
 *
 * ```ts
 * import { createPerfmock } from "@perfmock/perfmock";
 *
 * await using server = await createPerfmock({
 *   routes: [{
 *     path: "/orders",
 *     serviceTime: "10ms",
 *     degrade: { model: "erlang-c", servers: 4, input: 0.75 },
 *   }],
 * });
 * const response = await fetch(new URL("/orders", server.url));
 * // Service takes 10 ms, the mean wait for one of four cores at 75 % is 5.09 ms.
 * console.assert(response.headers.get("server-timing")?.includes("degrade;dur=5.09"));
 * await response.body?.cancel();
 * ```
 *
 * The plugin reads the route key `degrade` and has no options. Pools are read from the plugin `limiter`, real stress from
 * `resource_stress`; without these plugins there are no pools, and stress is 0.
 *
 * @module
 */
import { definePlugin, type Plugin } from "../../core/plugin.ts";
import { DegradedRoutes } from "./degraded_routes.ts";
import { degradeRouteKeys } from "./settings.ts";

export type { BackendReport } from "./backend.ts";
export type { DegradedRouteReport, DegradeReport } from "./degraded_routes.ts";
export { PRESSURE, type PressureSource } from "./input.ts";
export type {
  BrownOutSettings,
  ColdStart,
  Crash,
  CrashSettings,
  DegradeRouteOptions,
  DegradeSettings,
  EdgeOnlySettings,
  ErlangCSettings,
  ExhaustionBase,
  ExhaustionSettings,
  FailureSettings,
  GcPauseSettings,
  InputSettings,
  LeakSettings,
  ModelSettings,
  ProcessorSharingSettings,
  Refuse,
  Reset,
  Step,
  Threshold,
  UslSettings,
} from "./settings.ts";

/** The degradation plugin. */
const plugin: Plugin = definePlugin({
  name: "degrade",
  version: "1.0.0",
  summary:
    "Slowness and failures by models of a backend near its limits; uses no resources",
  routeKeys: degradeRouteKeys,
  setup(host) {
    const routes = new DegradedRoutes(host);
    return {
      route: (route, options) => routes.route(route, options),
      adopt: () => routes.adopt(),
      reset: () => routes.reset(),
      snapshot: () => routes.snapshot(),
      warnings: () => routes.warnings(),
    };
  },
});
export default plugin;
