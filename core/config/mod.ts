/**
 * Configuration: reading files, combining layers, validation, the types that settings are made of, and JSON Schemas.
 *
 * @module
 */
export { fromPointer, lookUp, toPointer } from "../lib/pointer.ts";
export { suggest } from "../lib/suggest.ts";
export {
  formatDuration,
  parseDuration,
  parseRate,
  parseSize,
  suggestDuration,
  suggestDurationUnits,
} from "../lib/units.ts";
export type {
  BackendSettings,
  ControlSettings,
  OverrideSettings,
  PerfmockConfig,
  PerfmockInput,
  PresetInput,
  RouteInput,
  RouteSettings,
  SessionSettings,
} from "./config_types.ts";
export {
  type ConfigSchemaOptions,
  type ConfigSchemas,
  createConfigSchema,
  createConfigSchemas,
  deepFreeze,
  freezingSteps,
  OWN_ROUTE_KEYS,
  type RouteKey,
  validateConfig,
  validationSteps,
} from "./schema.ts";
export { idOf, writtenIds } from "./_route_ids.ts";
export type { HeaderValues } from "../lib/http.ts";
export {
  bandwidthType,
  type EventsSettings,
  type ProxySettings,
  type ResponseInput,
  type ResponseSettings,
  type TurnResponseInput,
  type WireInput,
  type WireSettings,
} from "./response_settings.ts";
export {
  type Coding,
  CODINGS,
  type FolderSettings,
  MOST_ITEMS,
  type RepeatInput,
  type RepeatSettings,
  type SizeSettings,
} from "./body_settings.ts";
export {
  ALL_IN_TURN,
  type TurnKey,
  type TurnsInput,
  type TurnsSettings,
} from "./turn_settings.ts";
export {
  type BodyConditionInput,
  type Condition,
  type ConditionPart,
  LONGEST_MATCHED,
  type PlacedCondition,
  type TextConditionInput,
  type WhenInput,
  type WhenSettings,
  wholeMatch,
} from "./when_settings.ts";
export type {
  MessageInput,
  MessageSettings,
  TimedMessage,
  WebSocketInput,
  WebSocketSettings,
} from "./websocket_settings.ts";
export type { FaultInput, FaultSettings } from "./fault_settings.ts";
export {
  type CorsInput,
  type CorsSettings,
  type EngineName,
  FIXED_SETTINGS,
  type ServerInput,
  type ServerLimits,
  type ServerLimitsInput,
  type ServerSettings,
  type TlsSettings,
} from "./server_settings.ts";
export type { SharedInput, SharedSettings } from "./shared_settings.ts";
export { copyData, readJson, withoutExtensions } from "./data.ts";
export { excessOf, MAX_DEPTH, MAX_KEYS } from "./depth.ts";
export { bareNumberIssues } from "./bare_numbers.ts";
export type { JsonSchema } from "./_schema_lookup.ts";
export type { PlaceholderNotes } from "./_syntax.ts";
export type { Syntax } from "./_parse_text.ts";
export { meant } from "./_foreign_words.ts";
export { Corrected } from "./_misspellings.ts";
export {
  type FilledText,
  type Filling,
  mayBeTyped,
  typedBySchema,
  type Variables,
} from "./_placeholders.ts";
export { type PartSchemas, warningSteps } from "./warnings.ts";
export {
  FILE_READER_LIMITS,
  TEXT_READER_LIMITS,
  TextReader,
  type TextReaderLimits,
  type TextReading,
} from "./text_reader.ts";
export {
  readScript,
  SCRIPT_LIMIT,
  scriptIn,
  type ScriptTexts,
} from "./script_text.ts";
export { createKit, type KitContext } from "./kit.ts";
export { invalidConfig, validate, type Validation } from "./validate.ts";
export {
  alternatives,
  kindInWords,
  sentence,
  showable,
  valueInWords,
} from "./words.ts";
export {
  configJsonSchema,
  type ConfigJsonSchemaSources,
  DISTRIBUTION_DEFINITION,
  hoistDefinitions,
  type Json,
  jsonSchemaOf,
  jsonSchemaPart,
  schemaDocument,
} from "./json_schema.ts";
export { finishedSchema } from "./schema_document.ts";
export { worded } from "./worded.ts";
export {
  grantFile,
  isCall,
  POWERS,
  Powers,
  type Refusal,
  refusalOf,
  wasRefused,
} from "./powers.ts";
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
export type { SyntaxIssue } from "./_syntax.ts";
