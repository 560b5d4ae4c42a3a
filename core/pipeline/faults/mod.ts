/**
 * Faults that are injected on purpose: which requests they meet, and what becomes of those.
 *
 * @module
 */
export { inWords } from "./in_words.ts";
export {
  type FaultAction,
  type FaultDecision,
  type Injected,
  resetConnection,
} from "./injected.ts";
export {
  type FaultAnswer,
  type FaultParts,
  injectedBy,
  prepareFaults,
} from "./prepare.ts";
export {
  type FaultRule,
  REMEMBERED_VALUES,
  RouteFaults,
} from "./route_faults.ts";
