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
import {
  fill,
  parseTemplate,
  type Template,
  type Values,
} from "../lib/template.ts";
import type { LiveExchange } from "../pipeline/exchange.ts";
import type { Body, Content, Source } from "./source.ts";
import { type RequestValues, type TemplateRoute, valuesOf } from "./text.ts";

const encoder = new TextEncoder();

/** Writes the event with the index in `values`; undefined after the last event. */
type Writer = (values: Values) => string | undefined;

/**
 * Answers with a stream of events. Each event is one piece of the body. A client that names the id of an event as the last one
 * that it has received gets those that follow. If none follows, the answer is 204, which tells it not to connect again.
 *
 * @param markup true if the route sends the events as HTML or XML
 */
export function eventsSource(
  settings: EventsSettings,
  route: TemplateRoute,
  markup = false,
): Source {
  const values = valuesOf(route);
  const write = writer(settings, markup);
  const headers = new Headers({ "cache-control": "no-cache" });
  const after = resumption(settings, markup);
  const retry = settings.retry === undefined
    ? ""
    : `retry: ${Math.round(settings.retry)}\n`;
  return {
    content(x): Content {
      const own = values(x);
      const next = after(x, own);
      own.index = next;
      const body = new EventsBody(write, own, retry);
      return next > 0 && body.ended
        ? { status: 204, headers, body: null }
        : { headers, body };
    },
    *pieces(x) {
      const body = new EventsBody(write, values(x), retry);
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
  const writeId = id === undefined
    ? undefined
    : idOf(parseTemplate(id), markup);
  const lastOf = last === undefined ? undefined : text(last, markup);
  const head = event === undefined ? "" : `event: ${event}\n`;
  return (values) => {
    if (values.index < count) {
      const own = writeId === undefined ? "" : `id: ${writeId(values)}\n`;
      return `${head}${own}${lines(dataOf(values))}\n`;
    }
    return values.index === count && lastOf !== undefined
      ? `${lines(lastOf(values))}\n`
      : undefined;
  };
}

/**
 * Returns the function that finds the index at which a request wants the events to begin: the one after its Last-Event-ID, or 0 if
 * it names none, or one that this stream does not have.
 */
function resumption(
  { count, id }: EventsSettings,
  markup: boolean,
): (x: Pick<LiveExchange, "header">, values: RequestValues) => number {
  if (id === undefined) return () => 0;
  const template = parseTemplate(id);
  const place = template.findIndex((part) =>
    typeof part !== "string" && part.from === "index"
  );
  // Events that share an id cannot be told apart.
  if (place < 0) return () => 0;
  const before = textOf(template.slice(0, place), markup);
  const whole = idOf(template, markup);
  return (x, values) => {
    const last = x.header("last-event-id");
    if (last === null) return 0;
    const start = before(values).length;
    const [digits = ""] = /^\d{0,7}/.exec(last.slice(start)) ?? [];
    // The text after the index may begin with digits, too.
    for (let length = digits.length; length > 0; length--) {
      values.index = Number(digits.slice(0, length));
      if (values.index < count && whole(values) === last) {
        return values.index + 1;
      }
    }
    return 0;
  };
}

function idOf(id: Template, markup: boolean): (values: Values) => string {
  const write = textOf(id, markup);
  return (values) => write(values).replaceAll(/[\r\n\0]/g, "");
}

function text(written: string, markup: boolean): (values: Values) => string {
  return textOf(parseTemplate(written), markup);
}

function textOf(
  template: Template,
  markup: boolean,
): (values: Values) => string {
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

  /**
   * @param values with the index of the first event
   * @param head field before the first event; empty for none
   */
  constructor(write: Writer, values: RequestValues, head: string) {
    this.#write = write;
    this.#values = values;
    const first = write(values);
    this.#next = first === undefined ? undefined : head + first;
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
