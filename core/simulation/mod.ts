/**
 * A server in virtual time: the very closures that serve HTTP, run as discrete events under a {@linkcode VirtualClock},
 * without a Request, a Response or a promise. An hour of traffic takes seconds, and equal seeds give equal results.
 *
 * ```ts
 * import { simulate } from "./mod.ts";
 * import { constant } from "../lib/signals/mod.ts";
 *
 * const { sources, routes } = await simulate(
 *   { routes: [{ id: "orders", path: "/orders", serviceTime: "20ms" }] },
 *   {
 *     sources: [{
 *       name: "browse",
 *       arrivals: "poisson",
 *       rate: constant(50),
 *       targets: [{ route: "orders" }],
 *     }],
 *     duration: 60_000,
 *   },
 * );
 * console.assert(routes.orders.responseTime.max === 20);
 * console.assert(Math.abs(sources.browse.meanInFlight - 1) < 0.1); // 50/s · 20 ms, by Little's law
 * ```
 *
 * @module
 */
export {
  createSimulation,
  simulate,
  type Simulation,
  type SimulationOptions,
  type SimulationResult,
} from "./simulation.ts";
export type {
  ClosedSource,
  OpenSource,
  Source,
  SourceBase,
  SourceFigures,
  Target,
  Traffic,
} from "./traffic.ts";
export { createVirtualWorld } from "./virtual_world.ts";
