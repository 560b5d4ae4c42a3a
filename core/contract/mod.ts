/**
 * The parts of the contract; core/plugin.ts is what plugins see of it.
 *
 * @module
 */
export type {
  Admit,
  Awaitable,
  Exchange,
  Hook,
  Lease,
  Outcome,
  Rejection,
  Route,
  RouteHooks,
  Stream,
  Ticket,
  Waiter,
} from "./exchange.ts";
export type { Distribution, Family, Shape } from "./distribution.ts";
export type { Faults, Kit, KitType, Limits } from "./settings.ts";
export type { Call, Endpoint } from "./control.ts";
export type {
  Counter,
  Exemplar,
  Gauge,
  Metric,
  MetricDefinition,
  Metrics,
  Timing,
} from "./metrics.ts";
export type { Dial, DialAddress, Dials, HeldDial } from "./dial.ts";
export type { HealthReport } from "./health.ts";
export type { Signal, Timeline } from "./signal.ts";
export type { InFlight, VirtualTarget, VirtualWorld } from "./world.ts";
export type {
  LoadEngine,
  LoadOptions,
  LoadPart,
  LoadProgress,
  LoadResult,
  LoadScenario,
  LoadScenarioProgress,
  LoadSummary,
  LoadThreshold,
  LoadTimes,
} from "./load.ts";
