/**
 * What is measured of a run, and how it is told.
 *
 * @module
 */
export { hgrm } from "./hgrm.ts";
export { PartFigures } from "./part_figures.ts";
export {
  type Progress,
  type ScenarioProgress,
  type TickTimes,
  valueCounts,
} from "./progress.ts";
export { type IntervalTimes, ScenarioFigures } from "./scenario_figures.ts";
export {
  type PartSummary,
  type RunOutcome,
  type ScenarioSummary,
  summarize,
  type Summary,
  type Times,
} from "./summary.ts";
export { progressLine, summaryTable } from "./text.ts";
export { judge, type ThresholdResult } from "./threshold_result.ts";
export {
  type Point,
  quantilesOf,
  TimeSeries,
  timeSeriesCsv,
} from "./time_series.ts";
