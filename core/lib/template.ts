/**
 * Text templates with placeholders for values of a request: `{{path.id}}`, `{{query.q}}`, `{{sequence}}`, and `{{index}}` in
 * events. `\{{` stands for two literal braces. Each template is parsed once per route.
 *
 * In HTML and XML, values are escaped: `{{raw query.q}}` puts one in as it is. Elsewhere `raw` changes nothing.
 *
 * @module
 */

/** A placeholder. */
export interface Slot {
  /** Source of the value. */
  readonly from: "path" | "query" | "sequence" | "index";
  /** Name of the path or query parameter; empty for the other sources. */
  readonly name: string;
  /** True to leave the value as it is where others are escaped. */
  readonly raw: boolean;
}

/** A text, split at its placeholders. */
export type Template = readonly (string | Slot)[];

/** Values of the placeholders. */
export interface Values {
  /** Sequence number of the exchange. */
  readonly sequence: number;
  /** Zero-based index of the event; 0 outside of events. */
  readonly index: number;
  /** Decoded path parameter; undefined if the path has no such parameter. */
  path(name: string): string | undefined;
  /** First decoded query parameter of that name; undefined if there is none. */
  query(name: string): string | undefined;
}

/** Names that a template may use. */
export interface KnownNames {
  /** Names of the route's path parameters. */
  readonly path: readonly string[];
  /** True if `index` is available. */
  readonly index: boolean;
}

const PLACEHOLDER = /\\\{\{|\{\{([^{}]*)\}\}/g;

/** Parses a template. An invalid placeholder remains as literal text; {@linkcode unknownNames} reports it. */
export function parseTemplate(text: string): Template {
  const parts: (string | Slot)[] = [];
  let literal = "";
  let end = 0;
  for (const match of text.matchAll(PLACEHOLDER)) {
    literal += text.slice(end, match.index);
    end = match.index + match[0].length;
    const slot = match[1] === undefined ? "{{" : slotOf(match[1].trim());
    if (slot === undefined) literal += match[0];
    else if (typeof slot === "string") literal += slot;
    else {
      if (literal !== "") parts.push(literal);
      literal = "";
      parts.push(slot);
    }
  }
  literal += text.slice(end);
  if (literal !== "" || parts.length === 0) parts.push(literal);
  return parts;
}

/** Names in a text's placeholders, as written, that have no value. */
export function unknownNames(text: string, known: KnownNames): string[] {
  return [...text.matchAll(PLACEHOLDER)].flatMap(([, written]) => {
    if (written === undefined) return [];
    const slot = slotOf(written.trim());
    const fits = slot !== undefined &&
      (slot.from !== "path" || known.path.includes(slot.name)) &&
      (slot.from !== "index" || known.index);
    return fits ? [] : [written.trim()];
  });
}

/** All names that a template may use, with `query.NAME` for the query parameters. */
export function nameList({ path, index }: KnownNames): string[] {
  return [
    ...path.map((name) => `path.${name}`),
    "query.NAME",
    "sequence",
    ...index ? ["index"] : [],
  ];
}

/** Returns true if a template has no placeholders. */
export function isFixed(template: Template): boolean {
  return template.every((part) => typeof part === "string");
}

/**
 * Replaces the placeholders of a template by their values.
 *
 * @param encode applied to each value that is not raw; a missing value is an empty string. Default: no change
 */
export function fill(
  template: Template,
  values: Values,
  encode: (value: string) => string = (value) => value,
): string {
  let text = "";
  for (const part of template) {
    text += typeof part === "string" ? part : written(part, values, encode);
  }
  return text;
}

function written(
  slot: Slot,
  values: Values,
  encode: (value: string) => string,
): string {
  const value = `${valueOf(slot, values) ?? ""}`;
  return slot.raw ? value : encode(value);
}

/** Value of a placeholder: a number for sequence and index, else a string, or undefined if the request has no such value. */
export function valueOf(
  { from, name }: Slot,
  values: Values,
): string | number | undefined {
  switch (from) {
    case "path":
      return values.path(name);
    case "query":
      return values.query(name);
    default:
      return values[from];
  }
}

function slotOf(written: string): Slot | undefined {
  const [, mark, named] = /^(raw\s+)?(\S+)$/.exec(written) ?? [];
  const raw = mark !== undefined;
  if (named === "sequence" || named === "index") {
    return { from: named, name: "", raw };
  }
  const [, from, name] = /^(path|query)\.(\S+)$/.exec(named ?? "") ?? [];
  return from === undefined ? undefined : { from: from as "path", name, raw };
}
