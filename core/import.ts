/**
 * Contract for importers: types of what they return, and values for a plugin that makes settings from what other tools have measured
 * or written.
 *
 * @module
 */
export type * from "./contract/imported.ts";
export type * from "./contract/importer.ts";
export type * from "./contract/recorder.ts";
export type * from "./plugin.ts";
export {
  type DrawingSpec,
  drawSvg,
  htmlPage,
  type Section,
} from "./lib/drawing.ts";
export { HOP_BY_HOP } from "./lib/http.ts";
export { formatDuration, parseDuration } from "./lib/units.ts";
export { alignedLines, oneLine, shortened } from "./lib/terminal_text.ts";
export { openRegular } from "./lib/read_file.ts";
export { IMPORTER } from "./world/service_keys.ts";
