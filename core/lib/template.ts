/**
 * Text templates with placeholders for values of a request and of its answer: `{{path.id}}`, `{{query.q}}`, `{{header.x-tenant}}`,
 * `{{cookie.sid}}`, `{{body.items.0}}`, `{{sequence}}`, `{{now}}`, `{{uuid}}`; `{{index}}` in events and lists; `{{items}}` and `{{count}}` around a
 * list. `\{{` stands for two literal braces. Each template is parsed once per route.
 *
 * In HTML and XML, values are escaped: `{{raw query.q}}` puts one in as it is. Elsewhere `raw` changes nothing.
 *
 * @module
 */
import { WrittenNumber } from "./written_number.ts";

/** Sources of values that have a name after a dot. */
const NAMED = ["path", "query", "header", "cookie", "body"] as const;

/** Sources of values that have no name. */
const PLAIN = ["sequence", "index", "count", "items", "now", "uuid"] as const;

/** Forms in which the present time is written: ISO 8601, a date of HTTP, and numbers of ms and of s since 1970. */
export const TIME_FORMS = ["iso", "http", "ms", "seconds"] as const;

/** A form of {@linkcode TIME_FORMS}. */
export type TimeForm = typeof TIME_FORMS[number];

/** A placeholder. */
export interface Slot {
  /** Source of the value. */
  readonly from: typeof NAMED[number] | typeof PLAIN[number];
  /** Name of the parameter, header or cookie; path in the body, empty for all of it; form of the time of `now`; empty for the other sources. */
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
  /** Zero-based index of the event or of the item; 0 outside of events and lists. */
  readonly index: number;
  /** Number of items of the list; 0 outside of lists. */
  readonly count: number;
  /** Decoded path parameter; undefined if the path has no such parameter. */
  path(name: string): string | undefined;
  /** First decoded query parameter of that name; undefined if there is none. */
  query(name: string): string | undefined;
  /** Header of the request; undefined if there is none. */
  header(name: string): string | undefined;
  /** Decoded cookie; undefined if there is none. */
  cookie(name: string): string | undefined;
  /**
   * Value in the body of the request: of JSON by its path, of a form by its name.
   *
   * @param path names and indices with dots between them, or a JSON Pointer; empty for the whole body
   * @returns value of JSON; undefined if there is none
   */
  body(path: string): unknown;
  /** Present time by the clock on the wall: a number, or a text. */
  now(form: TimeForm): string | number;
  /** UUID, another one for each call. */
  uuid(): string;
}

/** Names that a template may use. */
export interface KnownNames {
  /** Names of the route's path parameters. */
  readonly path: readonly string[];
  /** Names without a dot beside those that are always known: `index`, `count`, `items`. Default none. */
  readonly more?: readonly ("index" | "count" | "items")[];
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
    return slot !== undefined && isKnown(slot, known) ? [] : [written.trim()];
  });
}

function isKnown(
  { from, name }: Slot,
  { path, more = [] }: KnownNames,
): boolean {
  switch (from) {
    case "path":
      return path.includes(name);
    case "index":
    case "count":
    case "items":
      return more.includes(from);
    default:
      return true;
  }
}

/** All names that a template may use, with NAME for those of the request. */
export function nameList({ path, more = [] }: KnownNames): string[] {
  return [
    ...path.map((name) => `path.${name}`),
    "query.NAME",
    "header.NAME",
    "cookie.NAME",
    "body",
    "body.NAME",
    "sequence",
    "now",
    ...TIME_FORMS.map((form) => `now.${form}`),
    "uuid",
    ...more,
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
  const value = inText(valueOf(slot, values));
  return slot.raw ? value : encode(value);
}

/** Writes a value as text: a string as it is, and nothing for a missing one. */
export function inText(value: unknown): string {
  return value === undefined
    ? ""
    : typeof value === "object" && !(value instanceof WrittenNumber)
    ? JSON.stringify(value)
    : `${value}`;
}

/** Returns true if a text or a part of a value has a placeholder for the body of the request. */
export function usesBody(written: unknown): boolean {
  if (typeof written === "string") {
    return written.includes("{{") &&
      parseTemplate(written).some((part) =>
        typeof part !== "string" && part.from === "body"
      );
  }
  return typeof written === "object" && written !== null &&
    Object.values(written).some(usesBody);
}

/** Value of a placeholder, such as JSON can hold; undefined if the request has no such value. */
export function valueOf({ from, name }: Slot, values: Values): unknown {
  switch (from) {
    case "path":
    case "query":
    case "header":
    case "cookie":
    case "body":
      return values[from](name);
    case "now":
      return values.now(name as TimeForm);
    case "uuid":
      return values.uuid();
    case "items":
      // Only the text around a list has it, which is split there and never filled as a whole.
      return undefined;
    default:
      return values[from];
  }
}

const OF_TIME = new RegExp(`^now(?:\\.(${TIME_FORMS.join("|")}))?$`);
const OF_NAME = new RegExp(`^(${NAMED.join("|")})\\.(\\S+)$`);

function slotOf(written: string): Slot | undefined {
  const [, mark, named = ""] = /^(raw\s+)?(\S+)$/.exec(written) ?? [];
  const raw = mark !== undefined;
  const time = OF_TIME.exec(named);
  if (time !== null) return { from: "now", name: time[1] ?? "iso", raw };
  if (named === "body") return { from: "body", name: "", raw };
  const plain = PLAIN.find((from) => from === named);
  if (plain !== undefined) return { from: plain, name: "", raw };
  const [, from, name] = OF_NAME.exec(named) ?? [];
  return from === undefined
    ? undefined
    : { from: from as Slot["from"], name, raw };
}
