/**
 * The requests of a scenario.
 *
 * @module
 */
import {
  type Issue,
  type Kit,
  toPointer,
  validate,
} from "../../../core/plugin.ts";
import type { RequestPlan, Template, Turn } from "../order.ts";
import type { RecordedRequest } from "./_read_trace.ts";

/** How long an answer may take where a request says nothing, in ms. */
const TIMEOUT = 30_000;

/** What the schema makes of a request. */
interface Written {
  readonly name?: string;
  readonly group?: string;
  readonly method: string;
  readonly path: string;
  readonly query?: Readonly<Record<string, string | number | boolean>>;
  readonly headers?: Readonly<Record<string, string>>;
  readonly json?: unknown;
  readonly text?: string;
  readonly weight: number;
  readonly check?: {
    readonly status?: number | readonly number[];
    readonly body?: string;
  };
  readonly timeout: number;
  readonly keepAlive: boolean;
}

/** A name that thresholds can use: without dots. */
const NAME = /^[\w-]+$/;

/** Headers that the client itself writes. */
const OWN_HEADERS: ReadonlySet<string> = new Set([
  "host",
  "connection",
  "content-length",
  "transfer-encoding",
  "expect",
  "upgrade",
]);

function schema(kit: Kit) {
  const { z } = kit;
  const name = z.string().regex(NAME, {
    error: "A name is made of letters, digits, _ and -",
  });
  const status = kit.integer({ min: 100, max: 599 });
  return z.strictObject({
    name: name.optional(),
    group: name.optional(),
    method: z.string().regex(/^[A-Z]+$/, {
      error: "A method is written in upper case",
    }).default("GET"),
    path: z.string().regex(/^\/(?:\{\{[^{}]*\}\}|[^\s#])*$/, {
      error: "A path begins with a slash and has no spaces",
    }),
    query: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()]))
      .optional(),
    headers: z.record(
      z.string().regex(/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/, {
        error: "This is no name of a header",
      }),
      z.string().regex(/^[^\r\n\0]*$/, {
        error: "A header has no line ends",
      }),
    ).optional(),
    json: z.unknown().optional(),
    text: z.string().optional(),
    weight: kit.number({ above: 0 }).default(1),
    check: z.strictObject({
      status: z.union([status, z.array(status).min(1)]).optional(),
      body: z.string().min(1).optional(),
    }).optional(),
    timeout: kit.duration({ above: 0 }).default(TIMEOUT),
    keepAlive: z.boolean().default(true),
  });
}

/** Where a request stands, and what it is filled with. */
export interface RequestContext {
  /** The scenario's place in the script. */
  readonly scenario: number;
  /** A JSON Pointer to the requests. */
  readonly path: string;
  /** What settings are read with. */
  readonly kit: Kit;
  /** The values there are. */
  readonly names: Names;
}

/** What reading the requests of a scenario comes to. */
export interface RequestReading {
  /** The requests without their own faults. */
  readonly written: readonly Written[];
  /** All of them. */
  readonly faults: readonly Issue[];
}

/** Validates requests, their places for values included. */
export function readRequests(
  value: readonly unknown[],
  { path, kit, names }: RequestContext,
): RequestReading {
  const type = schema(kit);
  const written: Written[] = [];
  const faults: Issue[] = [];
  value.forEach((item, index) => {
    const at = `${path}/${index}`;
    const read = validate(type, item, at);
    if (read.issues === undefined) {
      const request = read.value as Written;
      written.push(request);
      faults.push(...contradictions(request, at));
    } else faults.push(...read.issues);
    faults.push(...placesIn(item, at, names));
  });
  return { written, faults };
}

function contradictions(request: Written, path: string): Issue[] {
  const faults: Issue[] = [];
  if (request.json !== undefined && request.text !== undefined) {
    faults.push({
      path: `${path}/text`,
      message: "A request has one body",
      allowed: "json or text",
    });
  }
  for (const name of Object.keys(request.headers ?? {})) {
    if (!OWN_HEADERS.has(name.toLowerCase())) continue;
    faults.push({
      path: `${path}/headers${toPointer([name])}`,
      message: `The client writes the header ${name} itself`,
      value: name,
      allowed: name.toLowerCase() === "connection"
        ? "keepAlive: false"
        : "no such header",
    });
  }
  return faults;
}

/** The misspelt names in all of a request's texts, whatever else is wrong with it. */
function placesIn(item: unknown, path: string, names: Names): Issue[] {
  if (typeof item === "string") return templateFaults(item, path, names);
  if (typeof item !== "object" || item === null) return [];
  const keys = ["path", "query", "headers", "json", "text"];
  return Object.entries(item).flatMap(([key, inner]) =>
    path.split("/").length === 5 && !keys.includes(key)
      ? []
      : placesIn(inner, path + toPointer([key]), names)
  );
}

/** Puts requests together that have no faults. */
export function planRequests(
  written: readonly Written[],
  { scenario, names }: Pick<RequestContext, "scenario" | "names">,
): RequestPlan[] {
  return written.map((request, index) => {
    const { method, path, group, weight, timeout, keepAlive } = request;
    const status = request.check?.status;
    const body = bodyOf(request, names);
    const headers = Object.entries(request.headers ?? {}).map((
      [name, value],
    ) => [name.toLowerCase(), template(value, names, inHeader)] as const);
    if (body !== undefined && !headers.some(([name]) => name === CONTENT)) {
      headers.push([CONTENT, constant(body.type)]);
    }
    return {
      scenario,
      index,
      name: request.name ?? `${method} ${path}`,
      group,
      method,
      path: joined([
        template(outsidePlaces(path, inUrl), names, encodeURIComponent),
        ...queryOf(request, names),
      ]),
      headers,
      body: body?.template,
      timeout,
      keepAlive,
      check: request.check && {
        status: typeof status === "number" ? [status] : status,
        body: request.check.body,
      },
      weight,
    };
  });
}

/** The requests of a trace. */
export function recordedRequests(
  recorded: readonly RecordedRequest[],
  scenario: number,
): RequestPlan[] {
  return recorded.map(({ method, path, body }, index) => ({
    scenario,
    index,
    name: `${method} ${path.replace(/\?.*/, "")}`,
    group: undefined,
    method,
    path: constant(path),
    headers: body === undefined ? [] : [[CONTENT, constant(body.type)]],
    body: body && constant(body.text),
    timeout: TIMEOUT,
    keepAlive: true,
    check: undefined,
    weight: 1,
  }));
}

const CONTENT = "content-type";

function constant(text: string): Template {
  return { constant: text, render: () => text };
}

/** Percent-encodes what may not stand in a URL. */
function inUrl(text: string): string {
  return text.replaceAll(
    /[^\x21-\x7e]+|["<>\\^`|]/g,
    (odd) => encodeURIComponent(odd),
  );
}

function queryOf({ path, query }: Written, names: Names): Template[] {
  return Object.entries(query ?? {}).flatMap(([key, value], index) => [
    constant(
      `${index > 0 || path.includes("?") ? "&" : "?"}${
        encodeURIComponent(key)
      }=`,
    ),
    typeof value === "string"
      ? template(
        outsidePlaces(value, encodeURIComponent),
        names,
        encodeURIComponent,
      )
      : constant(`${value}`),
  ]);
}

/** Encodes all but the places for values. */
function outsidePlaces(
  text: string,
  encode: (part: string) => string,
): string {
  return text.split(/(\{\{[^{}]*\}\})/).map((part, index) =>
    index % 2 === 1 ? part : encode(part)
  ).join("");
}

function bodyOf({ json, text }: Written, names: Names) {
  if (text !== undefined) {
    return { template: template(text, names), type: "text/plain" };
  }
  if (json === undefined) return undefined;
  return {
    template: template(JSON.stringify(json), names, inJson),
    type: "application/json",
  };
}

/** A value by its name, as a function of the turn. */
export type Value = (turn: Turn) => string;

/** How a value is written into a text. */
export type Escape = (value: string) => string;

/** The values there are, and how to find a misspelt one. */
export interface Names {
  /** By name. */
  readonly values: ReadonlyMap<string, Value>;
  /** See Host.suggest. */
  suggest(name: string, candidates: Iterable<string>): string | undefined;
}

/** A place: two braces, a name, two braces. */
const PLACE = /\{\{([^{}]*)\}\}/g;

/** The names of a text's places that are not among the values. */
export function templateFaults(
  text: string,
  path: string,
  { values, suggest }: Names,
): Issue[] {
  return [...text.matchAll(PLACE)].flatMap(([place, inner]) => {
    const name = inner.trim();
    if (values.has(name)) return [];
    const suggestion = suggest(name, values.keys());
    return [{
      path,
      message: `There is no value ${JSON.stringify(name)}`,
      value: place,
      allowed: [...values.keys()].join(", "),
      ...(suggestion === undefined ? {} : { suggestion }),
    }];
  });
}

/**
 * Compiles a text whose names were checked.
 *
 * @param escape how a value is written into it; as it is where absent
 */
export function template(
  text: string,
  { values }: Pick<Names, "values">,
  escape: Escape = (value) => value,
): Template {
  const texts: string[] = [];
  const places: Value[] = [];
  let from = 0;
  for (const match of text.matchAll(PLACE)) {
    const value = values.get(match[1].trim());
    if (value === undefined) continue;
    texts.push(text.slice(from, match.index));
    places.push(value);
    from = match.index + match[0].length;
  }
  const rest = text.slice(from);
  if (places.length === 0) {
    return { constant: text, render: () => text };
  }
  return {
    constant: undefined,
    render(turn) {
      let rendered = "";
      for (let i = 0; i < places.length; i++) {
        rendered += texts[i] + escape(places[i](turn));
      }
      return rendered + rest;
    },
  };
}

/** Several texts, one after the other. */
export function joined(templates: readonly Template[]): Template {
  if (templates.every(({ constant }) => constant !== undefined)) {
    const constant = templates.map((part) => part.constant).join("");
    return { constant, render: () => constant };
  }
  return {
    constant: undefined,
    render: (turn) => templates.map((part) => part.render(turn)).join(""),
  };
}

/** As a value is written between the quotes of a JSON string. */
export function inJson(value: string): string {
  return JSON.stringify(value).slice(1, -1);
}

/** As a value is written into a header: a line end would begin another. */
export function inHeader(value: string): string {
  return value.replaceAll(/[\r\n\0]/g, " ");
}
