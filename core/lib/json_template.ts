/**
 * JSON templates with placeholders for values of a request. Each template is prepared once per route, as text with holes.
 *
 * A string that consists of one placeholder becomes its value: a number for `{{sequence}}`, `{{index}}` and times in numbers, a
 * string for most others, null if the request has no such value. Within a longer string, each value is text. Placeholders in keys
 * are not replaced.
 *
 * @module
 */
import {
  inText,
  parseTemplate,
  type Slot,
  type Template,
  valueOf,
  type Values,
} from "./template.ts";
import { parseJson, WrittenNumber } from "./written_number.ts";

/** A placeholder in JSON text. */
export interface Hole {
  readonly slot: Slot;
  /** True if the placeholder is a whole JSON string, so that its value keeps its type. */
  readonly whole: boolean;
}

/** JSON text, split at its placeholders. */
export type JsonTemplate = readonly (string | Hole)[];

/** Parses the strings in a value as templates. The result is a single text if there are no placeholders. */
export function parseJsonTemplate(value: unknown): JsonTemplate {
  const parts: (string | Hole)[] = [];
  // Applies toJSON() methods, as JSON.stringify does.
  write(parseJson(JSON.stringify(value)), parts);
  return parts.reduce<(string | Hole)[]>((merged, part) => {
    const last = merged.at(-1);
    if (typeof part === "string" && typeof last === "string") {
      merged[merged.length - 1] = last + part;
    } else merged.push(part);
    return merged;
  }, []);
}

/**
 * Replaces the placeholders by their values.
 *
 * @param encode applied to the JSON text of each value that is not raw. Default: no change
 */
export function fillJson(
  template: JsonTemplate,
  values: Values,
  encode: (json: string) => string = (json) => json,
): string {
  let text = "";
  for (const part of template) {
    if (typeof part === "string") text += part;
    else {
      const value = valueOf(part.slot, values);
      const json = part.whole
        ? JSON.stringify(value ?? null)
        : inString(inText(value));
      text += part.slot.raw ? json : encode(json);
    }
  }
  return text;
}

function write(value: unknown, parts: (string | Hole)[]): void {
  if (typeof value === "string") writeText(parseTemplate(value), parts);
  else if (
    typeof value !== "object" || value === null ||
    value instanceof WrittenNumber
  ) {
    parts.push(JSON.stringify(value));
  } else if (Array.isArray(value)) {
    parts.push("[");
    value.forEach((item, index) => {
      if (index > 0) parts.push(",");
      write(item, parts);
    });
    parts.push("]");
  } else {
    parts.push("{");
    Object.entries(value).forEach(([key, item], index) => {
      parts.push(`${index > 0 ? "," : ""}${JSON.stringify(key)}:`);
      write(item, parts);
    });
    parts.push("}");
  }
}

function writeText(text: Template, parts: (string | Hole)[]): void {
  const [first] = text;
  if (text.length === 1 && typeof first !== "string") {
    parts.push({ slot: first, whole: true });
    return;
  }
  parts.push('"');
  for (const part of text) {
    parts.push(
      typeof part === "string" ? inString(part) : { slot: part, whole: false },
    );
  }
  parts.push('"');
}

/** Escapes a text as in a JSON string, without the quotes. */
function inString(text: string): string {
  return JSON.stringify(text).slice(1, -1);
}
