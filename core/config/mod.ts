/**
 * Configuration: reading files, validating values, and the types and units that settings are made of.
 *
 * @module
 */
export { createKit, type KitContext } from "./kit.ts";
export { fromPointer, lookUp, toPointer } from "../lib/pointer.ts";
export { suggest } from "../lib/suggest.ts";
export {
  formatDuration,
  parseDuration,
  parseRate,
  parseSize,
  suggestDuration,
} from "../lib/units.ts";
export { invalidConfig, validate, type Validation } from "./validate.ts";
export type {
  EventsSettings,
  ProxySettings,
  ResponseInput,
  ResponseSettings,
} from "./_response.ts";
export type { WireInput, WireSettings } from "./_wire.ts";
export {
  alternatives,
  kindInWords,
  sentence,
  showable,
  valueInWords,
} from "./words.ts";
export { idOf } from "./route_id.ts";
export {
  type ConfigSchemaParts,
  type ControlSettings,
  createConfigSchema,
  type OverrideSettings,
  OWN_ROUTE_KEYS,
  type PerfmockConfig,
  type PerfmockInput,
  type RouteInput,
  type RouteKey,
  type RouteSettings,
  type ServerSettings,
  type SessionSettings,
  type TlsSettings,
  validateConfig,
} from "./schema.ts";
export type { FaultInput, FaultSettings } from "./fault_settings.ts";
export { deepFreeze } from "./freeze.ts";
export {
  configJsonSchema,
  type ConfigJsonSchemaSources,
  DISTRIBUTION_DEFINITION,
  hoistDefinitions,
  jsonSchemaPart,
} from "./json_schema.ts";
export {
  type ConfigFile,
  findConfig,
  type Position,
  readConfig,
} from "./read.ts";
export {
  applyLayers,
  type CommandLine,
  ENVIRONMENT,
  type Environment,
  type Layered,
  requestedFile,
} from "./layers.ts";
