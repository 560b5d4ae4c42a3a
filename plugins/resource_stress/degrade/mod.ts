/**
 * Modelled degradation: how a route gets slower and fails as its backend nears its limits, by published formulas and without
 * using up any resource. docs/degradation.md holds formulas, parameters and sources.
 *
 * @module
 */
export {
  createDegrade,
  type Degrade,
  type DegradedRouteReport,
  type DegradeReport,
} from "./degrade.ts";
export { type BrownOutState, type Step, stepAt } from "./brown_out.ts";
export { erlangCFactor } from "./erlang_c.ts";
export { headroom } from "./gc_pause.ts";
export { type PoolSource, type PoolSources } from "./input.ts";
export { failureShare, tracing } from "./leak.ts";
export { processorSharing } from "./processor_sharing.ts";
export {
  type BrownOutSettings,
  degradeRouteKeys,
  type DegradeRouteOptions,
  type DegradeSettings,
  type EdgeOnlySettings,
  type ErlangCSettings,
  type FailureSettings,
  type GcPauseSettings,
  type LeakSettings,
  type ModelSettings,
  type ProcessorSharingSettings,
  type UslSettings,
} from "./settings.ts";
export { scalability } from "./usl.ts";
