/**
 * Names that JSON Schemas of different makers agree on.
 *
 * @module
 */

/** The key under which the JSON Schema of a distribution is kept among a schema's `$defs`. */
export const DISTRIBUTION_DEFINITION = "Distribution";
