/**
 * Distributions, from their written forms to the functions that draw from them.
 *
 * @module
 */
export { complete } from "./complete.ts";
export {
  DistributionParser,
  type DistributionParserOptions,
  type Findings,
  type ProfileEntry,
} from "./parser.ts";
export { parseTextForm, type TextForm } from "./text_form.ts";
