/**
 * Following a server while it runs: `GET stats` and `GET live`.
 *
 * @module
 */
export { LiveFeed, type LiveSource } from "./feed.ts";
export { collected, inSlices } from "./slices.ts";
export { type StatsParts, StatsSource } from "./stats_source.ts";
export {
  type InstrumentFigures,
  LIVE_SCHEMA,
  type LiveEvent,
  type Stats,
  STATS_SCHEMA,
} from "./stats.ts";
