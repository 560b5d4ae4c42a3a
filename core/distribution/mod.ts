/**
 * Distributions: from what a user writes to what every draw comes from.
 *
 * @module
 */
export { complete } from "./complete.ts";
export {
  DistributionParser,
  type Findings,
  type ParserParts,
  type ProfileEntry,
} from "./parser.ts";
export { parseTextForm, type TextForm } from "./text_form.ts";
