/**
 * A backend that runs out of CPU and memory, for real or by model.
 *
 * For real: a scenario burns cores, holds memory with every page touched, blocks the event loop or makes garbage, for as long as it
 * was told to or its owner renews its lease. Its targets can be signals over time; what it reached is reported beside them.
 *
 * ```ts
 * import { createPerfmock } from "@perfmock/perfmock";
 *
 * await using server = await createPerfmock({ routes: [{ path: "/orders" }] });
 * const started = await fetch(new URL("_perfmock/resource_stress/scenarios", server.url), {
 *   method: "POST",
 *   body: JSON.stringify({ memory: { size: "16MiB" }, duration: "5s" }),
 * });
 * console.assert(started.status === 201);
 * await started.body?.cancel();
 * ```
 *
 * A scenario consists of one or more of
 *
 * - `cpu: { load, workers }`: threads that each take a share of a core, 0…1, held by closed-loop control
 * - `memory: { size, growth, then }`: a size at once, or reached at so many bytes a second; then it is held, released, or the
 *   growth restarts from nothing
 * - `eventLoop: { block, every }` or `{ block, perRequest: true }`: what a synchronous handler does to everyone
 * - `allocation: { rate }`: garbage on the event loop's own heap; the pauses of its collector are measured
 *
 * and `duration`, 60 s where absent, or `lease`, which its owner renews.
 *
 * Options: `maxMemory` and `maxCpu`, the shares of the machine's memory (or the control group's limit) and cores that scenarios
 * may take together, 0.5 and 1 where absent; `spareCore`, true where absent, leaves one core to the event loop: real CPU stress
 * disturbs our own clock otherwise, and a scenario says by how much.
 *
 * By model: a route's `degrade` makes it slower by a published formula, without using anything up; see degrade/mod.ts.
 *
 * @module
 */
import type { Host, Instance, Plugin, RouteHooks } from "../../core/plugin.ts";
import { controlEndpoints, refusingEndpoints } from "./control.ts";
import {
  createDegrade,
  degradeRouteKeys,
  type DegradeRouteOptions,
} from "./degrade/mod.ts";
import { NO_PRESSURE } from "./pressure.ts";
import { createService, SCENARIOS } from "./service.ts";
import { optionsSchema, type StressOptions } from "./settings.ts";
import { Stress } from "./stress.ts";

export type {
  BrownOutSettings,
  DegradeRouteOptions,
  DegradeSettings,
  EdgeOnlySettings,
  ErlangCSettings,
  FailureSettings,
  GcPauseSettings,
  LeakSettings,
  ModelSettings,
  ProcessorSharingSettings,
  Step,
  UslSettings,
} from "./degrade/mod.ts";
export type {
  ColdStart,
  Crash,
  CrashSettings,
  ExhaustionBase,
  ExhaustionSettings,
  InputSettings,
  Refuse,
  Reset,
  Threshold,
} from "./edge/mod.ts";
export type { PressureSource } from "./pressure.ts";
export type { Lateness } from "./lateness.ts";
export type { ScenarioReport } from "./scenario.ts";
export {
  SCENARIOS,
  type StartedScenario,
  type StressScenarios,
} from "./service.ts";
export type { StressOptions } from "./settings.ts";

/** The stress plugin. */
const plugin: Plugin<StressOptions, DegradeRouteOptions> = {
  name: "resource_stress",
  version: "1.0.0",
  options: optionsSchema,
  routeKeys: degradeRouteKeys,
  setup: (host: Host, options: StressOptions): Instance<DegradeRouteOptions> =>
    host.session === undefined
      ? serverInstance(host, options)
      : sessionInstance(host),
};
export default plugin;

function serverInstance(
  host: Host,
  options: StressOptions,
): Instance<DegradeRouteOptions> {
  const stress = host.keep("stress", () => new Stress(host, options));
  const degrade = createDegrade(host, stress);
  host.provide(SCENARIOS, createService(host.kit, stress));
  return {
    route: (route, own) => blocking(stress, degrade.route(route, own)),
    control: controlEndpoints(host.kit, stress),
    adopt: () => {
      stress.adopt(host, options);
      degrade.adopt();
    },
    reset: () => degrade.reset(),
    snapshot: () => ({
      scenarios: Array.from(stress.running, (scenario) => scenario.report()),
      ...degrade.snapshot(),
    }),
    warnings: () => degrade.warnings(),
    health: () => ({
      reasons: [],
      active: {
        stress: Array.from(stress.running, (scenario) => scenario.inWords()),
      },
    }),
  };
}

/** Degradation by model is a session's own; real stress is nobody's. */
function sessionInstance(host: Host): Instance<DegradeRouteOptions> {
  const degrade = createDegrade(host, NO_PRESSURE);
  return {
    route: (route, own) => degrade.route(route, own),
    control: refusingEndpoints(host.kit),
    adopt: () => degrade.adopt(),
    reset: () => degrade.reset(),
    snapshot: () => degrade.snapshot(),
    warnings: () => degrade.warnings(),
  };
}

/** The hooks of a route with the blocks that scenarios put before each request's service. */
function blocking(stress: Stress, hooks: RouteHooks = {}): RouteHooks {
  const { degrade } = hooks;
  const handler = typeof degrade === "function" ? degrade : degrade?.handler;
  const before = handler === undefined
    ? () => stress.block()
    : (exchange: Parameters<typeof handler>[0]) =>
      stress.block() + handler(exchange);
  return {
    ...hooks,
    degrade: typeof degrade === "object"
      ? { order: degrade.order, handler: before }
      : before,
  };
}
