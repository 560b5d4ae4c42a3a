/**
 * Texts with places for a request's values: `{{path.id}}`, `{{query.q}}`, `{{sequence}}`, and `{{index}}` in events. Parsed
 * once per route; `\{{` stands for two braces.
 *
 * @module
 */

/** A place in a text. */
export interface Slot {
  /** Where its value comes from. */
  readonly from: "path" | "query" | "sequence" | "index";
  /** Which of the path's or the query's values; empty for the others. */
  readonly name: string;
}

/** A text, cut at its places. */
export type Template = readonly (string | Slot)[];

/** What places are filled with. */
export interface Values {
  /** The exchange's sequence number. */
  readonly sequence: number;
  /** An event's how-manieth it is, from 0; 0 elsewhere. */
  readonly index: number;
  /** A value of the path, decoded; undefined where the path has not that part. */
  path(name: string): string | undefined;
  /** The first value of that name in the query, decoded; undefined where there is none. */
  query(name: string): string | undefined;
}

/** The names that a template may use. */
export interface KnownNames {
  /** The parameters of the route's path. */
  readonly path: readonly string[];
  /** Whether `index` means something here. */
  readonly index: boolean;
}

const PLACE = /\\\{\{|\{\{([^{}]*)\}\}/g;

/** Cuts a text at its places; one that names nothing stays as it is written: {@linkcode unknownNames} finds it. */
export function parseTemplate(text: string): Template {
  const parts: (string | Slot)[] = [];
  let literal = "";
  let end = 0;
  for (const match of text.matchAll(PLACE)) {
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

/** The names of a text's places that there is no value for, as written. */
export function unknownNames(text: string, known: KnownNames): string[] {
  return [...text.matchAll(PLACE)].flatMap(([, written]) => {
    if (written === undefined) return [];
    const slot = slotOf(written.trim());
    const fits = slot !== undefined &&
      (slot.from !== "path" || known.path.includes(slot.name)) &&
      (slot.from !== "index" || known.index);
    return fits ? [] : [written.trim()];
  });
}

/** All names that may be written, the query's by an example. */
export function nameList({ path, index }: KnownNames): string[] {
  return [
    ...path.map((name) => `path.${name}`),
    "query.NAME",
    "sequence",
    ...index ? ["index"] : [],
  ];
}

/** Whether a template has places at all. */
export function isFixed(template: Template): boolean {
  return template.every((part) => typeof part === "string");
}

/**
 * Fills the places of a template.
 *
 * @param encode what is done to each value; a missing one is an empty text
 */
export function fill(
  template: Template,
  values: Values,
  encode: (value: string) => string = (value) => value,
): string {
  let text = "";
  for (const part of template) {
    text += typeof part === "string"
      ? part
      : encode(`${valueOf(part, values) ?? ""}`);
  }
  return text;
}

/** What stands for a place: a number for sequence and index, else a text, or undefined where the request has none. */
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
  if (written === "sequence" || written === "index") {
    return { from: written, name: "" };
  }
  const [, from, name] = /^(path|query)\.(\S+)$/.exec(written) ?? [];
  return from === undefined ? undefined : { from: from as "path", name };
}
