/**
 * Parses a text in any of the syntaxes of a configuration.
 *
 * @module
 */
import { copyData } from "./data.ts";
import { parseJsonText } from "./_json.ts";
import type { Filling } from "./_placeholders.ts";
import type { ParsedText, Position } from "./_syntax.ts";

/** Syntax of a text; `jsonc` is JSON with comments and trailing commas. */
export type Syntax = "json" | "jsonc" | "yaml";

/** Parses a text. The parser of YAML is loaded for the first text in YAML. */
export async function parseText(
  text: string,
  syntax: Syntax,
  filling?: Filling,
): Promise<ParsedText> {
  const parsed = syntax === "yaml"
    ? (await import("./_yaml.ts")).parseYamlText(text, filling)
    : parseJsonText(text, syntax === "jsonc", filling);
  return parsed.issues === undefined
    ? { ...parsed, value: copyData(parsed.value) }
    : parsed;
}

/** Returns the place of a value; of the closest value around it where the path leads nowhere. */
export function placeIn(
  parsed: ParsedText,
  path: readonly string[],
): Position {
  for (let length = path.length; length >= 0; length--) {
    if (parsed.issues !== undefined) break;
    const place = parsed.position(path.slice(0, length));
    if (place !== undefined) return place;
  }
  return { line: 1, column: 1 };
}
