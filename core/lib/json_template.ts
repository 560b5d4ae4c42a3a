/**
 * JSON with places for a request's values, written once per route as text with holes.
 *
 * A string that is one place and nothing else becomes its value: a number for `{{sequence}}` and `{{index}}`, a string for
 * path and query values, null where the request has none. Within a longer string every value is text. Keys stay as written.
 *
 * @module
 */
import {
  parseTemplate,
  type Slot,
  type Template,
  valueOf,
  type Values,
} from "./template.ts";

/** A hole: where it stands decides how its value is written. */
interface Hole {
  readonly slot: Slot;
  readonly whole: boolean;
}

/** JSON as text, cut at its holes. */
export type JsonTemplate = readonly (string | Hole)[];

/** Writes a value as JSON with holes; one without holes is a single text. */
export function parseJsonTemplate(value: unknown): JsonTemplate {
  const parts: (string | Hole)[] = [];
  // What has a toJSON of its own is asked first, as JSON.stringify would.
  write(JSON.parse(JSON.stringify(value)), parts);
  return parts.reduce<(string | Hole)[]>((merged, part) => {
    const last = merged.at(-1);
    if (typeof part === "string" && typeof last === "string") {
      merged[merged.length - 1] = last + part;
    } else merged.push(part);
    return merged;
  }, []);
}

/** Fills the holes. */
export function fillJson(template: JsonTemplate, values: Values): string {
  let text = "";
  for (const part of template) {
    if (typeof part === "string") text += part;
    else {
      const value = valueOf(part.slot, values);
      text += part.whole
        ? JSON.stringify(value ?? null)
        : inString(`${value ?? ""}`);
    }
  }
  return text;
}

function write(value: unknown, parts: (string | Hole)[]): void {
  if (typeof value === "string") writeText(parseTemplate(value), parts);
  else if (typeof value !== "object" || value === null) {
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

/** As it is written between the quotes of a JSON string. */
function inString(text: string): string {
  return JSON.stringify(text).slice(1, -1);
}
