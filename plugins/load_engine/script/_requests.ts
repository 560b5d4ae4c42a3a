/**
 * The requests of a scenario.
 *
 * @module
 */
import { toPointer, validate } from "../../../core/load.ts";
import type { Issue, Kit } from "../../../core/plugin.ts";
import {
  inHeader,
  inJson,
  joined,
  type Names,
  template,
  templateFaults,
} from "./_template.ts";
import type { RecordedRequest } from "./_read_trace.ts";
import type { RequestPlan, Template } from "./types.ts";

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
