/**
 * What a modelled backend does at its edge: it refuses, resets connections, or crashes and starts again, cold.
 *
 * @module
 */
export {
  Backend,
  type BackendReport,
  type ColdStart,
  type CrashSettings,
  LOAD_WINDOW,
} from "./backend.ts";
export {
  type EdgeCounter,
  type EdgeCounters,
  type EdgeParts,
  type EdgeState,
  entrance,
  type Exhaustion,
  type Failing,
  gate,
} from "./gate.ts";
export {
  type Crash,
  type ExhaustionBase,
  type ExhaustionSettings,
  exhaustionType,
  failureStatus,
  type InputSettings,
  inputType,
  levelsOf,
  type Refuse,
  type Reset,
  USUAL_CRASH,
} from "./settings.ts";
export { holds, type Threshold } from "./threshold.ts";
