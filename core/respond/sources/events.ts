/**
 * Server-Sent Events: with the service time as the time to the first and the wire's gap between them, a language model's
 * tokens.
 *
 * Source of the format: WHATWG HTML, section 9.2, server-sent events.
 *
 * @module
 */
import type { EventsSettings } from "../../config/mod.ts";
import type { Body } from "../body.ts";
import { fillJson, parseJsonTemplate } from "../../lib/json_template.ts";
import { type RequestValues, valuesOf } from "../request_values.ts";
import type { Source } from "../source.ts";
import { fill, parseTemplate, type Values } from "../../lib/template.ts";

const encoder = new TextEncoder();

/** Writes one event of a route; undefined past the last. */
type Writer = (values: Values) => string | undefined;

/**
 * Answers with a stream of events, each a piece by itself.
 *
 * @param path the route's, in Hono's syntax
 */
export function eventsSource(settings: EventsSettings, path: string): Source {
  const values = valuesOf(path);
  const write = writer(settings);
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

function writer({ count, data, event, id, last }: EventsSettings): Writer {
  const dataOf = typeof data === "string" ? text(data) : json(data);
  const idOf = id === undefined ? undefined : text(id);
  const lastOf = last === undefined ? undefined : text(last);
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

function text(written: string): (values: Values) => string {
  const template = parseTemplate(written);
  return (values) => fill(template, values);
}

function json(value: unknown): (values: Values) => string {
  const template = parseJsonTemplate(value);
  return (values) => fillJson(template, values);
}

/** Data of several lines takes as many fields. */
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
