/**
 * Bodies that are a list: one item from a template for each index, with JSON around the list.
 *
 * @module
 */
import type { RepeatSettings } from "../config/mod.ts";
import {
  fillJson,
  type JsonTemplate,
  parseJsonTemplate,
} from "../lib/json_template.ts";
import { escapeJson } from "../lib/markup.ts";
import type { Values } from "../lib/template.ts";
import type { Body, Source } from "./source.ts";
import {
  fixedSource,
  type RequestValues,
  type TemplateRoute,
  valuesOf,
} from "./text.ts";

/** Maximum number of items that are written at once. The items of a longer list leave in pieces, so that no other answer waits. */
export const WHOLE = 1000;

/**
 * Length of text from which on a list leaves in pieces too, in characters: values of the request, such as its body, may be much longer
 * than the template.
 */
export const WHOLE_LENGTH: number = 1 << 20;

/** Length of text from which on a piece is long enough, in characters. */
const PIECE = 16 * 1024;

const encoder = new TextEncoder();

/** Writes the parts of a list. */
interface ListWriter {
  /** Text before the first item. */
  start(values: Values): string;
  /** The item of the index in `values`. */
  item(values: Values): string;
  /** Text after the last item. */
  end(values: Values): string;
}

/** A list as the body of a response. */
export interface ListBody {
  /** Text of all answers; undefined if answers differ, or if the list is long. */
  readonly text: string | undefined;
  /** Source of the answers. */
  readonly source: Source;
}

/**
 * Prepares a list.
 *
 * @param markup true if the route sends it as HTML or XML
 */
export function listBody(
  settings: RepeatSettings,
  route: TemplateRoute,
  markup: boolean,
): ListBody {
  const { query, max } = settings;
  const within = parseJsonTemplate(settings.within);
  const item = parseJsonTemplate(settings.item);
  const place = within.findIndex((part) =>
    typeof part !== "string" && part.slot.from === "items"
  );
  const writer = writerOf(
    [within.slice(0, place), item, within.slice(place + 1)],
    markup,
  );
  const valuesFor = valuesOf(route);
  const countOf = (values: RequestValues) =>
    query === undefined
      ? settings.count
      : numberIn(values.query(query), settings.count, max);
  const bodyOf = (values: RequestValues) => {
    values.count = countOf(values);
    return new ListPieces(writer, values);
  };
  if (
    query === undefined && settings.count <= WHOLE &&
    [...within, ...item].every((part) =>
      typeof part === "string" ||
      ["index", "count", "items"].includes(part.slot.from)
    )
  ) {
    const text = textOf(writer, { ...NONE, index: 0, count: settings.count });
    if (text !== undefined) return { text, source: fixedSource(text) };
  }
  return {
    text: undefined,
    source: {
      content(x) {
        const values = valuesFor(x);
        values.count = countOf(values);
        const text = values.count <= WHOLE ? textOf(writer, values) : undefined;
        // From the beginning, so that the values are the same.
        return { body: text ?? bodyOf(valuesFor(x)) };
      },
      *pieces(x, limit) {
        const body = bodyOf(valuesFor(x));
        for (;;) {
          const piece = body.read(limit);
          if (piece === null) return;
          yield piece.length;
        }
      },
    },
  };
}

/** Values of an item, whose index is counted up. */
type ListValues = Values & { index: number };

/** Values that come from no request. */
const NONE: Values = {
  sequence: 0,
  index: 0,
  count: 0,
  path: () => undefined,
  query: () => undefined,
  header: () => undefined,
  cookie: () => undefined,
  body: () => undefined,
  now: () => 0,
  uuid: () => "",
};

function writerOf(
  [before, item, after]: readonly [JsonTemplate, JsonTemplate, JsonTemplate],
  markup: boolean,
): ListWriter {
  const encode = markup ? escapeJson : undefined;
  const write = (template: JsonTemplate) => (values: Values) =>
    fillJson(template, values, encode);
  const [start, end] = [write(before), write(after)];
  return {
    start: (values) => `${start(values)}[`,
    item: write(item),
    end: (values) => `]${end(values)}`,
  };
}

/** Writes a list; undefined if it is longer than {@linkcode WHOLE_LENGTH}. */
function textOf(writer: ListWriter, values: ListValues): string | undefined {
  let text = writer.start(values);
  for (values.index = 0; values.index < values.count; values.index++) {
    if (values.index > 0) text += ",";
    text += writer.item(values);
    if (text.length > WHOLE_LENGTH) return undefined;
  }
  return text + writer.end(values);
}

/** Reads a number of items from a request: the default if there is none that can be read. */
function numberIn(
  written: string | undefined,
  fallback: number,
  max: number,
): number {
  return written !== undefined && /^\d{1,15}$/.test(written)
    ? Math.min(Number(written), max)
    : fallback;
}

/** A long list, whose items are written when they are read. */
class ListPieces implements Body {
  readonly #writer: ListWriter;
  readonly #values: RequestValues;
  /** Bytes that are written and not read. */
  #rest: Uint8Array;
  #complete = false;

  /** @param values with the number of items */
  constructor(writer: ListWriter, values: RequestValues) {
    this.#writer = writer;
    this.#values = values;
    values.index = 0;
    this.#rest = encoder.encode(writer.start(values));
  }

  get ended(): boolean {
    return this.#complete && this.#rest.length === 0;
  }

  read(limit: number): Uint8Array | null {
    while (!this.#complete && this.#rest.length < limit) this.#write(limit);
    if (this.#rest.length === 0) return null;
    const piece = this.#rest.slice(0, limit);
    this.#rest = this.#rest.subarray(limit);
    return piece;
  }

  close(): void {}

  /** Writes items until a piece is long enough, or there are none left. */
  #write(limit: number): void {
    const values = this.#values;
    const enough = Math.min(limit, PIECE);
    let text = "";
    while (values.index < values.count && text.length < enough) {
      text += `${values.index > 0 ? "," : ""}${this.#writer.item(values)}`;
      values.index++;
    }
    if (values.index >= values.count) {
      text += this.#writer.end(values);
      this.#complete = true;
    }
    const written = encoder.encode(text);
    const joined = new Uint8Array(this.#rest.length + written.length);
    joined.set(this.#rest);
    joined.set(written, this.#rest.length);
    this.#rest = joined;
  }
}
