/**
 * Configuration: reading files, validating values, and the types and units that settings are made of.
 *
 * @module
 */
export { createKit, DISTRIBUTION_DEFINITION, type KitContext } from "./kit.ts";
export { fromPointer, lookUp, toPointer } from "./pointer.ts";
export { suggest } from "./suggest.ts";
export {
  formatDuration,
  parseDuration,
  parseRate,
  parseSize,
  suggestDuration,
} from "./units.ts";
export { validate, type Validation } from "./validate.ts";
export {
  alternatives,
  kindInWords,
  sentence,
  showable,
  valueInWords,
} from "./words.ts";
