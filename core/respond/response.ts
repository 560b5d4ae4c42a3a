/**
 * Prepares the response of a route: from the route's settings to fixed bytes or a source, and from a source to answers whose
 * headers are merged for each exchange and whose bodies follow the route's wire settings.
 *
 * @module
 */
import type { RouteSettings, SizeSettings } from "../config/mod.ts";
import { BODILESS, headersOf, type HeaderValues } from "../lib/http.ts";
import { fillJson, parseJsonTemplate } from "../lib/json_template.ts";
import { escapeJson, escapeMarkup, isMarkup } from "../lib/markup.ts";
import {
  fill,
  isFixed,
  parseTemplate,
  usesBody,
  type Values,
} from "../lib/template.ts";
import { LATENESS_BOUNDARIES } from "../observe/timing.ts";
import type { LiveExchange, Plan } from "../pipeline/exchange.ts";
import { handOver } from "../pipeline/pipeline.ts";
import type { Metrics, Route } from "../plugin.ts";
import type { AnswerSettings, CreateResponse } from "./answer.ts";
import {
  CHUNK,
  flow,
  type Line,
  type Pacing,
  wireSchedule,
  type WireSettings,
} from "./body_stream.ts";
import {
  eachCoded,
  type SharedBytes,
  sharedBytes,
  sharedCoded,
} from "./coded_body.ts";
import { isCompressible } from "./coding.ts";
import { eventsSource } from "./events.ts";
import { fileSource } from "./file.ts";
import { folderSource } from "./folder.ts";
import { type ProxyParts, proxySource } from "./proxy.ts";
import { divideHeaders } from "./own_headers.ts";
import { listBody } from "./repeat.ts";
import { BLOCK, bytesOf, fillOf, sizedSource, typeOfSized } from "./sized.ts";
import {
  BytesBody,
  type Content,
  type FixedBody,
  type Source,
} from "./source.ts";
import { fixedSource, type TemplateRoute, templateSource } from "./text.ts";

/** Parts of a route that its response needs. */
type ResponseRoute = Pick<Route, "id" | "stream" | "placeOf">;

/** Parts of a server that responses need. */
export interface ResponseParts extends ProxyParts {
  /** Makes an example of a JSON Schema, as JSON. Must not throw. */
  readonly example: (schema: object) => string;
}

/** Prepared response of a route. */
export interface PreparedResponse extends Pick<Plan, "prepare" | "simulate"> {
  /** Line of its bodies, for a dial; undefined where they are not paced. */
  readonly line: Line | undefined;
  /** Settings of the route's answers. */
  readonly answer: AnswerSettings;
  /** True if answers contain values of the request's body, `x.incoming.body`, which is read before the exchange begins. Default false. */
  readonly readsBody?: boolean;
}

const encoder = new TextEncoder();

/** Prepares the response of a route, and creates the metrics of its wire and its upstream. */
export function prepareResponse(
  settings: RouteSettings,
  route: ResponseRoute,
  parts: ResponseParts,
): PreparedResponse {
  const { status } = settings.response;
  const { fixed: headers, own } = divideHeaders(settings.response.headers, {
    path: settings.path,
    stream: (purpose) => route.stream(purpose),
  });
  const { source, body, contentType, write } = inCodings(
    kindOf(settings, route, parts),
    settings,
  );
  const answer = { status, headers, own, body, contentType, write };
  if (source === undefined) {
    return {
      answer,
      line: undefined,
      readsBody: readsBody(settings.response),
      prepare: undefined,
      simulate: undefined,
    };
  }
  const { wire } = settings;
  const line: Line | undefined = wire && { rate: undefined };
  const paceOf = wire === undefined
    ? undefined
    : pacing(wire, route, parts.metrics, line);
  return {
    line,
    answer: { ...answer, create: responder(source, paceOf) },
    readsBody: readsBody(settings.response),
    prepare: source.prepare,
    simulate: paceOf === undefined ? undefined : (x) => {
      if (x.outcome === "answered") simulate(x, source, paceOf(x));
    },
  };
}

/** Returns true if answers contain values of the request's body. */
function readsBody(
  { headers, json, text, file, repeat, events }: RouteSettings["response"],
): boolean {
  return [headers, json, text, file, repeat, events].some(usesBody);
}

/** Kind of a response: a fixed body, a source, or neither if the response has no body. */
interface ResponseKind {
  /** Content type; undefined if there is no body, or if the source sets the type of each answer. */
  readonly contentType?: string | undefined;
  /** Body of all answers. */
  readonly body?: FixedBody | undefined;
  /** Source of the answers. */
  readonly source?: Source | undefined;
  /** Writes the text of each answer, if the source does no more than that. */
  readonly write?: ((x: LiveExchange) => string) | undefined;
  /** Body of all answers, if it is made anew for each. */
  readonly shared?: SharedBytes | undefined;
}

/** Adds the content codings of a body in memory. Files have their own way. */
function inCodings(
  kind: ResponseKind,
  { response: { compress = [], headers, file, folder } }: RouteSettings,
): ResponseKind {
  const { body, contentType } = kind;
  const source = kind.source ??
    (body === undefined ? undefined : fixedSource(body));
  const type = headersOf(headers).get("content-type") ?? contentType ?? "";
  if (
    compress.length === 0 || source === undefined || file !== undefined ||
    folder !== undefined || !isCompressible(type)
  ) return kind;
  const shared = kind.shared ??
    (body === undefined ? undefined : sharedBytes(body));
  return {
    contentType,
    source: shared === undefined
      ? eachCoded(source, compress)
      : sharedCoded(source, shared, compress),
  };
}

function kindOf(
  { response, path, wire }: RouteSettings,
  route: ResponseRoute,
  parts: ResponseParts,
): ResponseKind {
  const { json, text, file, folder, proxy, events, repeat, size, schema } =
    response;
  const markup = isMarkupIn(response.headers);
  const own = { path, stream: route.stream.bind(route) };
  if (file !== undefined) {
    const { compress: codings = [], status } = response;
    return { source: fileSource(file, { ...own, codings, status }) };
  }
  if (folder !== undefined) {
    return {
      source: folderSource(folder, {
        ...own,
        codings: response.compress ?? [],
      }),
    };
  }
  if (proxy !== undefined) {
    return { source: proxySource(proxy, route, parts) };
  }
  if (events !== undefined) {
    return {
      contentType: "text/event-stream",
      source: eventsSource(events, own, markup),
    };
  }
  const paced = wire !== undefined;
  if (size !== undefined) return sized(size, route, paced);
  const contentType = "application/json";
  if (schema !== undefined) {
    return { contentType, ...fixed(parts.example(schema), paced) };
  }
  if (repeat !== undefined) {
    const { text, source } = listBody(repeat, own, markup);
    return {
      contentType,
      ...text === undefined ? { source } : fixed(text, paced),
    };
  }
  if (json !== undefined) {
    const template = parseJsonTemplate(json);
    const [first] = template;
    const encode = markup ? escapeJson : undefined;
    const kind = template.length === 1 && typeof first === "string"
      ? fixed(first, paced)
      : filled((values) => fillJson(template, values, encode), own, paced);
    return { contentType, ...kind };
  }
  if (text !== undefined) {
    const template = parseTemplate(text);
    const encode = markup ? escapeMarkup : undefined;
    const kind = isFixed(template)
      ? fixed(template.join(""), paced)
      : filled((values) => fill(template, values, encode), own, paced);
    return { contentType: "text/plain; charset=utf-8", ...kind };
  }
  return {};
}

/** A body that is the same for all answers. Only one that is paced needs a source. */
function fixed(body: FixedBody, paced: boolean): ResponseKind {
  return paced
    ? { source: fixedSource(body), shared: sharedBytes(body) }
    : { body };
}

/** A body with values of the request. */
function filled(
  write: (values: Values) => string,
  route: TemplateRoute,
  paced: boolean,
): ResponseKind {
  const source = templateSource(write, route);
  return { source, write: paced ? undefined : source.write };
}

function sized(
  size: SizeSettings,
  route: ResponseRoute,
  paced: boolean,
): ResponseKind {
  const fill = fillOf(size, route.stream("body"));
  const kind = size.bytes <= BLOCK ? fixed(bytesOf(size, fill), paced) : {
    source: sizedSource(size, fill),
    shared: { size: size.bytes, bytes: () => bytesOf(size, fill) },
  };
  return { contentType: typeOfSized(size), ...kind };
}

/** Returns true if the headers of a route make its body HTML or XML; without a content type of their own, no body is. */
function isMarkupIn(headers: HeaderValues): boolean {
  return Object.entries(headers).some(([name, values]) =>
    name.toLowerCase() === "content-type" && [values].flat().some(isMarkup)
  );
}

function responder(
  source: Source,
  paceOf: ((x: LiveExchange) => Pacing) | undefined,
): CreateResponse {
  return (x, routeHeaders, cors) => {
    const content = source.content(x);
    x.status = content.status ?? x.status;
    const headers = merge(content, routeHeaders, cors);
    const init = { status: x.status, headers };
    const silent = BODILESS.has(x.status);
    const body = typeof content.body === "string"
      ? encoder.encode(content.body)
      : content.body;
    if (body === null || silent || x.method === "HEAD") {
      if (!(body instanceof Uint8Array)) body?.close();
      else if (!silent && !headers.has("content-length")) {
        headers.set("content-length", `${body.length}`);
      }
      return new Response(null, init);
    }
    if (
      body instanceof Uint8Array && (content.failed || paceOf === undefined)
    ) {
      x.sent = body.length;
      return new Response(body, init);
    }
    const pieces = body instanceof Uint8Array ? new BytesBody(body) : body;
    const pace = content.failed ? undefined : paceOf?.(x);
    return new Response(flow(x, pieces, pace), init);
  };
}

function merge(content: Content, route: Headers, cors: boolean): Headers {
  const headers = new Headers(content.headers);
  if (content.failed) {
    headers.set("timing-allow-origin", "*");
    if (cors) headers.append("vary", "Origin");
    if (route.has("connection")) headers.set("connection", "close");
    return headers;
  }
  if (cors) {
    for (const name of [...headers.keys()]) {
      if (name.startsWith("access-control-")) headers.delete(name);
    }
  }
  const vary = headers.get("vary");
  for (const [name, value] of route) {
    if (name === "set-cookie") headers.append(name, value);
    else headers.set(name, value);
  }
  if (vary !== null && route.has("vary")) headers.append("vary", vary);
  return headers;
}

function pacing(
  wire: WireSettings,
  route: ResponseRoute,
  metrics: Metrics,
  line: Line | undefined,
): (x: LiveExchange) => Pacing {
  const schedule = wireSchedule(wire, route, line);
  const lateness = metrics.timing({
    name: "perfmock_wire_lateness_seconds",
    help:
      "Lateness of pieces of bodies, relative to their schedule, for which clients were waiting",
    labels: ["route"],
  }, LATENESS_BOUNDARIES).series(route.id);
  const stalls = metrics.counter({
    name: "perfmock_wire_stalls_total",
    help: "Pieces of bodies that clients requested only after they were due",
    labels: ["route"],
  }).series(route.id);
  const { chunk = CHUNK } = wire;
  return (x) => ({
    schedule: schedule(x.sequence, x.end),
    chunk,
    lateness,
    stalled: () => stalls.add(),
  });
}

/** Lets a simulated exchange last as long as its body would flow. No bytes are sent. */
function simulate(
  x: LiveExchange,
  { pieces }: Source,
  { schedule, chunk }: Pacing,
): void {
  if (pieces === undefined || x.method === "HEAD") return;
  let end = x.end;
  for (const size of pieces(x, chunk)) end = schedule.next(size);
  if (end <= x.end) return;
  const timer = x.plan.clock.at(end, handOver, x);
  x.flowing = true;
  x.stop = () => x.plan.clock.cancel(timer);
}
