/**
 * Recording and keeping figures: histograms, the registry of metrics, and the event loop's lag.
 *
 * @module
 */
export { DURATION_BOUNDARIES, LATENESS_BOUNDARIES } from "./boundaries.ts";
export {
  type Figures,
  figures,
  round,
  type RouteFigures,
  type Tallies,
  type WindowFigures,
} from "./figures.ts";
export { Histogram, type HistogramBucket } from "../../lib/histogram.ts";
export { LagSampler } from "./lag_sampler.ts";
export {
  followProcess,
  type ProcessFigures,
  type ProcessReaders,
  readProcessFigures,
} from "./process_figures.ts";
export { RecentHistogram } from "./recent.ts";
export { methodLabel, Recorder, RouteRecorder } from "./recorder.ts";
export {
  MetricRegistry,
  type MetricRegistryOptions,
  seriesLimitFor,
} from "./registry.ts";
