/**
 * Requests of a scenario, with templates for their texts, such as `/orders/{{id}}`.
 *
 * @module
 */
import type { z as zod } from "zod";
import {
  type Issue,
  type Kit,
  type Schema,
  toPointer,
  validate,
} from "../../../core/plugin.ts";
import type { RequestPlan, Template, Turn } from "../order.ts";
import type { RecordedRequest } from "./_trace_entries.ts";
import { operationSuffix, operationSuffixIn } from "./_operation_names.ts";

/** Default time until a response must be complete, in ms. */
const TIMEOUT = 30_000;

/** A request as its schema parses it. */
export interface Written {
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

/** Names that thresholds can use have no dots. */
const NAME = /^[\w-]+$/;

/** Headers that the client sets itself. */
export const OWN_HEADERS: ReadonlySet<string> = new Set([
  "host",
  "connection",
  "content-length",
  "transfer-encoding",
  "expect",
  "upgrade",
]);

/** A text of one form. */
interface TextForm {
  /** Form. */
  readonly pattern: RegExp;
  /** Message for another one. */
  readonly error: string;
  /** Texts that are accepted, in words. */
  readonly allowed: string;
  /** True if the JSON Schema has these words too, for a text that is missing. */
  readonly described: boolean;
  /** Corrects a text; the result may still be of another form. */
  suggest(text: string): string;
}

/** Makes the type of texts of one form, which says what it allows and suggests a correction. */
function textLike(
  z: Kit["z"],
  { pattern, error, allowed, described, suggest }: TextForm,
): zod.ZodString {
  return z.string().superRefine((text, context) => {
    if (pattern.test(text)) return;
    const suggestion = suggest(text);
    context.addIssue({
      code: "custom",
      message: error,
      input: text,
      params: {
        allowed,
        ...pattern.test(suggestion) && { suggestion },
      },
    });
  }).meta({
    pattern: pattern.source,
    ...described && { description: allowed },
  });
}

/** Makes the schema of a request. */
export function requestSchema(kit: Kit): Schema<Written> {
  const { z, worded } = kit;
  const name = z.string().regex(NAME, {
    error: "A name is made of letters, digits, _ and -",
  });
  const status = kit.integer({ min: 100, max: 599 });
  return z.strictObject(worded({
    name: name.optional(),
    group: name.optional(),
    method: textLike(z, {
      pattern: /^[A-Z]+$/,
      error: "A method is written in upper case",
      allowed: "a method such as GET or POST",
      described: false,
      suggest: (method) => method.toUpperCase(),
    }).default("GET"),
    path: textLike(z, {
      pattern: /^\/(?:\{\{[^{}]*\}\}|[^\s#])*$/,
      error: "A path begins with a slash and has no spaces",
      allowed: 'a path such as "/orders/{{id}}?page=2"',
      described: true,
      suggest: (path) =>
        path.replace(/^\w+:\/\/[^/]*/, "").replace(/#.*$/, "")
          .replace(/^\/?/, "/").replaceAll(" ", "%20"),
    }),
    query: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()]))
      .optional(),
    headers: z.record(
      z.string().regex(/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/, {
        error: "This is not a valid header name",
      }),
      z.string().regex(/^[^\r\n\0]*$/, {
        error: "A header's value has no line ends",
      }),
    ).optional(),
    json: z.unknown().optional(),
    text: z.string().optional(),
    weight: kit.number({ above: 0 }).default(1),
    check: z.strictObject(worded({
      status: z.union([status, z.array(status).min(1)]).optional(),
      body: z.string().min(1).optional(),
    }, {
      status: "Status of the response, or a list of the possible ones",
      body: "Text that the first MiB of the body contains",
    })).optional(),
    timeout: kit.duration({ above: 0 }).default(TIMEOUT),
    keepAlive: z.boolean().default(true),
  }, {
    name:
      "Name, for thresholds and results. Default: method and path, and the operation of GraphQL",
    group: "Name of the group that the request belongs to, for thresholds",
    method: "Method",
    path:
      "Path, with a query if need be; it may contain placeholders such as {{id}}",
    query: "Query parameters, by name; texts may contain placeholders",
    headers: "Headers, by name; they may contain placeholders",
    json: "Body, sent as JSON; its texts may contain placeholders",
    text: "Body, sent as text; it may contain placeholders",
    weight:
      "Share of the requests, relative to the sum of all weights, with pick: weighted",
    check:
      "Condition on the response, counted by the figure checks. Default: none",
    timeout: "Maximum time until the response is complete",
    keepAlive: "False to close the connection after the response",
  }));
}

/** Place of a scenario's requests, and the values of their templates. */
export interface RequestContext {
  /** Zero-based index of the scenario. */
  readonly scenario: number;
  /** JSON Pointer to the requests. */
  readonly path: string;
  readonly kit: Kit;
  /** Values that templates can use. */
  readonly names: Names;
}

/** Requests of a scenario as they were read. */
export interface RequestReading {
  /** Requests that match their schema. */
  readonly written: readonly Written[];
  readonly issues: readonly Issue[];
}

/** Validates requests and their templates. */
export function readRequests(
  value: readonly unknown[],
  { path, kit, names }: RequestContext,
): RequestReading {
  const type = requestSchema(kit);
  const written: Written[] = [];
  const issues: Issue[] = [];
  value.forEach((item, index) => {
    const at = `${path}/${index}`;
    const read = validate(type, item, at);
    if (read.issues === undefined) {
      const request: Written = read.value;
      written.push(request);
      issues.push(...findContradictions(request, at));
    } else issues.push(...read.issues);
    issues.push(...unknownNames(item, at, names));
  });
  return { written, issues };
}

function findContradictions(request: Written, path: string): Issue[] {
  const issues: Issue[] = [];
  if (request.json !== undefined && request.text !== undefined) {
    issues.push({
      path: `${path}/text`,
      message: "A request has one body",
      allowed: "json or text",
    });
  }
  for (const name of Object.keys(request.headers ?? {})) {
    if (!OWN_HEADERS.has(name.toLowerCase())) continue;
    issues.push({
      path: `${path}/headers${toPointer([name])}`,
      message: `The client writes the header ${name} itself`,
      value: name,
      allowed: name.toLowerCase() === "connection"
        ? "keepAlive: false"
        : "no such header",
    });
  }
  return issues;
}

/** Issues of unknown names in all texts of a request, whatever else is wrong with it. */
function unknownNames(item: unknown, path: string, names: Names): Issue[] {
  if (typeof item === "string") return templateIssues(item, path, names);
  if (typeof item !== "object" || item === null) return [];
  const keys = ["path", "query", "headers", "json", "text"];
  return Object.entries(item).flatMap(([key, inner]) =>
    path.split("/").length === 5 && !keys.includes(key)
      ? []
      : unknownNames(inner, path + toPointer([key]), names)
  );
}

/** Plans requests that have no issues. */
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
    ) => [name.toLowerCase(), template(value, names, forHeader)] as const);
    if (body !== undefined && !headers.some(([name]) => name === CONTENT)) {
      headers.push([CONTENT, constant(body.type)]);
    }
    return {
      scenario,
      index,
      name: request.name ?? `${method} ${path}${operationSuffix(request.json)}`,
      group,
      method,
      path: joined([
        template(outsidePlaceholders(path, forUrl), names, encodeURIComponent),
        ...queryOf(request, names),
      ]),
      headers,
      body: body?.template,
      binary: false,
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

/** Plans the requests of a trace. */
export function recordedRequests(
  recorded: readonly RecordedRequest[],
  scenario: number,
): RequestPlan[] {
  return recorded.map(({ method, path, headers, body }, index) => ({
    scenario,
    index,
    name: `${method} ${path.replace(/\?.*/, "")}${
      body === undefined || body.binary ? "" : operationSuffixIn(body.text)
    }`,
    group: undefined,
    method,
    path: constant(path),
    headers: [
      ...headers.map(([name, value]) => [name, constant(value)] as const),
      ...body === undefined ? [] : [[CONTENT, constant(body.type)] as const],
    ],
    body: body && constant(body.text),
    binary: body?.binary ?? false,
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

/** Percent-encodes characters that must not occur in a URL. */
function forUrl(text: string): string {
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
        outsidePlaceholders(value, encodeURIComponent),
        names,
        encodeURIComponent,
      )
      : constant(`${value}`),
  ]);
}

/** Encodes a text except for its placeholders. */
function outsidePlaceholders(
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
    template: template(JSON.stringify(json), names, forJson),
    type: "application/json",
  };
}

/** A value as a function of the turn. */
export type Value = (turn: Turn) => string;

/** Encoding of a value for the text around it. */
export type Escape = (value: string) => string;

/** Values that templates can use. */
export interface Names {
  /** Values by name. */
  readonly values: ReadonlyMap<string, Value>;
  /** See {@linkcode ScriptTools.suggest}. */
  suggest(name: string, candidates: Iterable<string>): string | undefined;
}

/** A placeholder: two braces, a name, two braces. */
const PLACEHOLDER = /\{\{([^{}]*)\}\}/g;

/** Returns an issue for each unknown name in a text's placeholders. */
export function templateIssues(
  text: string,
  path: string,
  { values, suggest }: Names,
): Issue[] {
  return [...text.matchAll(PLACEHOLDER)].flatMap(([place, inner]) => {
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
 * @param escape encoding of each value; none by default
 */
export function template(
  text: string,
  { values }: Pick<Names, "values">,
  escape: Escape = (value) => value,
): Template {
  const texts: string[] = [];
  const fillers: Value[] = [];
  let from = 0;
  for (const match of text.matchAll(PLACEHOLDER)) {
    const value = values.get(match[1].trim());
    if (value === undefined) continue;
    texts.push(text.slice(from, match.index));
    fillers.push(value);
    from = match.index + match[0].length;
  }
  const rest = text.slice(from);
  if (fillers.length === 0) {
    return { constant: text, render: () => text };
  }
  return {
    constant: undefined,
    render(turn) {
      let rendered = "";
      for (let i = 0; i < fillers.length; i++) {
        rendered += texts[i] + escape(fillers[i](turn));
      }
      return rendered + rest;
    },
  };
}

/** Concatenates texts. */
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

/** Encodes a value for a JSON string. */
export function forJson(value: string): string {
  return JSON.stringify(value).slice(1, -1);
}

/** Encodes a value for a header: a line end would begin another header. */
export function forHeader(value: string): string {
  return value.replaceAll(/[\r\n\0]/g, " ");
}
