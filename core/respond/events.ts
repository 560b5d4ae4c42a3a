/**
 * Server-Sent Events. With the service time as the time to the first event and the wire's gap between events, they imitate the
 * tokens of a language model.
 *
 * Source of the format: WHATWG HTML, section 9.2, server-sent events.
 *
 * @module
 */
import type { EventsSettings } from "../config/mod.ts";
import { fillJson, parseJsonTemplate } from "../lib/json_template.ts";
import { escapeJson, escapeMarkup } from "../lib/markup.ts";
import { fill, parseTemplate, type Values } from "../lib/template.ts";
import type { Body, Source } from "./source.ts";
import { type RequestValues, valuesOf } from "./text.ts";

const encoder = new TextEncoder();

/** Writes the event with the index in `values`; undefined after the last event. */
type Writer = (values: Values) => string | undefined;

/**
 * Answers with a stream of events. Each event is one piece of the body.
 *
 * @param path path of the route, in Hono's syntax
 * @param markup true if the route sends the events as HTML or XML
 */
export function eventsSource(
  settings: EventsSettings,
  path: string,
  markup = false,
): Source {
  const values = valuesOf(path);
  const write = writer(settings, markup);
  const headers = new Headers({ "cache-control": "no-cache" });
  return {
    content: (x) => ({ headers, body: new EventsBody(write, values(x)) }),
    *pieces(x) {
      const body = new EventsBody(write, values(x));
      for (;;) {
        const piece = body.read();
        if (piece === null) return;
        yield piece.length;
      }
    },
  };
}

function writer(
  { count, data, event, id, last }: EventsSettings,
  markup: boolean,
): Writer {
  const dataOf = typeof data === "string"
    ? text(data, markup)
    : json(data, markup);
  const idOf = id === undefined ? undefined : text(id, markup);
  const lastOf = last === undefined ? undefined : text(last, markup);
  const head = event === undefined ? "" : `event: ${event}\n`;
  return (values) => {
    if (values.index < count) {
      const own = idOf === undefined
        ? ""
        : `id: ${idOf(values).replaceAll(/[\r\n\0]/g, "")}\n`;
      return `${head}${own}${lines(dataOf(values))}\n`;
    }
    return values.index === count && lastOf !== undefined
      ? `${lines(lastOf(values))}\n`
      : undefined;
  };
}

function text(written: string, markup: boolean): (values: Values) => string {
  const template = parseTemplate(written);
  const encode = markup ? escapeMarkup : undefined;
  return (values) => fill(template, values, encode);
}

function json(value: unknown, markup: boolean): (values: Values) => string {
  const template = parseJsonTemplate(value);
  const encode = markup ? escapeJson : undefined;
  return (values) => fillJson(template, values, encode);
}

/** Writes data: each line needs a field of its own. */
function lines(data: string): string {
  return data.split(/\r\n|\r|\n/).map((line) => `data: ${line}\n`).join("");
}

class EventsBody implements Body {
  readonly #write: Writer;
  readonly #values: RequestValues;
  #next: string | undefined;

  constructor(write: Writer, values: RequestValues) {
    this.#write = write;
    this.#values = values;
    this.#next = write(values);
  }

  get ended(): boolean {
    return this.#next === undefined;
  }

  read(): Uint8Array | null {
    if (this.#next === undefined) return null;
    const piece = encoder.encode(this.#next);
    this.#values.index++;
    this.#next = this.#write(this.#values);
    return piece;
  }

  close(): void {}
}
