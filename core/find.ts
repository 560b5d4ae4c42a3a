/**
 * Contract for bottleneck finders: types of an experiment, and values for a plugin that finds which route makes a page slow.
 *
 * @module
 */
export { withoutExtensions } from "./config/data.ts";
export { hoistDefinitions, jsonSchemaPart } from "./config/json_schema.ts";
export { isCall, refusalOf } from "./config/powers.ts";
export { finishedSchema } from "./config/schema_document.ts";
export {
  readScript,
  scriptIn,
  type ScriptTexts,
} from "./config/script_text.ts";
export { TextReader } from "./config/text_reader.ts";
export type * from "./contract/finder.ts";
export type {
  LoadHost,
  ThreadInput,
  VirtualRequest,
  VirtualTarget,
  VirtualWorld,
} from "./contract/load.ts";
export type * from "./plugin.ts";
export type {
  FilledText,
  Filling,
  Json,
  JsonSchema,
  PlaceholderNotes,
  Position,
  Refusal,
  Syntax,
  SyntaxIssue,
  TextReaderLimits,
  TextReading,
} from "./config/mod.ts";
export { FINDER, LOAD_HOST } from "./world/service_keys.ts";
export {
  type DrawingSpec,
  drawSvg,
  htmlPage,
  type Section,
} from "./lib/drawing.ts";
export { alignedLines, oneLine, shortened } from "./lib/terminal_text.ts";
export { runEvents, type WatchedRun } from "./lib/run_events.ts";
