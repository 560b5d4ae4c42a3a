/**
 * Prepares the response of a route: from the route's settings to fixed bytes or a source, and from a source to answers whose
 * headers are merged for each exchange and whose bodies follow the route's wire settings.
 *
 * @module
 */
import type { RouteSettings } from "../config/mod.ts";
import { BODILESS, byteLength, type HeaderValues } from "../lib/http.ts";
import { fillJson, parseJsonTemplate } from "../lib/json_template.ts";
import { escapeJson, escapeMarkup, isMarkup } from "../lib/markup.ts";
import { fill, isFixed, parseTemplate } from "../lib/template.ts";
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
import { eventsSource } from "./events.ts";
import { fileSource } from "./file.ts";
import { type ProxyParts, proxySource } from "./proxy.ts";
import { type Body, BytesBody, type Content, type Source } from "./source.ts";
import { fixedSource, templateSource, type TextSource } from "./text.ts";

/** Parts of a route that its response needs. */
type ResponseRoute = Pick<Route, "id" | "stream" | "placeOf">;

/** Prepared response of a route. */
export interface PreparedResponse extends Pick<Plan, "prepare" | "simulate"> {
  /** Line of its bodies, for a dial; undefined where they are not paced. */
  readonly line: Line | undefined;
  /** Settings of the route's answers. */
  readonly answer: AnswerSettings;
}

const encoder = new TextEncoder();

/** Prepares the response of a route, and creates the metrics of its wire and its upstream. */
export function prepareResponse(
  settings: RouteSettings,
  route: ResponseRoute,
  parts: ProxyParts,
): PreparedResponse {
  const { status, headers } = settings.response;
  const { source, body, contentType, write } = kindOf(
    settings,
    route,
    parts,
  );
  const answer = { status, headers, body, contentType, write };
  if (source === undefined) {
    return { answer, line: undefined, prepare: undefined, simulate: undefined };
  }
  const { wire } = settings;
  const line: Line | undefined = wire && { rate: undefined };
  const paceOf = wire === undefined
    ? undefined
    : pacing(wire, route, parts.metrics, line);
  return {
    line,
    answer: { ...answer, create: responder(source, paceOf) },
    prepare: source.prepare,
    simulate: paceOf === undefined ? undefined : (x) => {
      if (x.outcome === "answered") simulate(x, source, paceOf(x));
    },
  };
}

/** Kind of a response: a text, a source, or neither if the response has no body. */
interface ResponseKind {
  /** Content type; undefined if there is no body, or if the source sets the type of each answer. */
  readonly contentType?: string | undefined;
  /** Text of all answers. */
  readonly body?: string | undefined;
  /** Source of the answers. */
  readonly source?: Source | undefined;
  /** Writes the text of each answer, if the source does no more than that. */
  readonly write?: ((x: LiveExchange) => string) | undefined;
}

function kindOf(
  { response, path, wire }: RouteSettings,
  route: ResponseRoute,
  parts: ProxyParts,
): ResponseKind {
  const { json, text, file, proxy, events, status } = response;
  const markup = isMarkupIn(response.headers);
  if (file !== undefined) return { source: fileSource(file, { path, status }) };
  if (proxy !== undefined) {
    return { source: proxySource(proxy, route, parts) };
  }
  if (events !== undefined) {
    return {
      contentType: "text/event-stream",
      source: eventsSource(events, path, markup),
    };
  }
  let body: string | TextSource;
  let contentType: string;
  if (json !== undefined) {
    const template = parseJsonTemplate(json);
    const [first] = template;
    contentType = "application/json";
    body = template.length === 1 && typeof first === "string"
      ? first
      : templateSource(
        (values) => fillJson(template, values, markup ? escapeJson : undefined),
        path,
      );
  } else if (text !== undefined) {
    const template = parseTemplate(text);
    contentType = "text/plain; charset=utf-8";
    body = isFixed(template) ? template.join("") : templateSource(
      (values) => fill(template, values, markup ? escapeMarkup : undefined),
      path,
    );
  } else return {};
  if (typeof body !== "string") {
    const write = wire === undefined ? body.write : undefined;
    return { contentType, source: body, write };
  }
  return wire === undefined
    ? { contentType, body }
    : { contentType, source: fixedSource(body) };
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
    const { body } = content;
    x.status = content.status ?? x.status;
    const headers = merge(content, routeHeaders, cors);
    const init = { status: x.status, headers };
    if (body === null || x.method === "HEAD" || BODILESS.has(x.status)) {
      if (typeof body !== "string") body?.close();
      else if (!BODILESS.has(x.status) && !headers.has("content-length")) {
        headers.set("content-length", `${byteLength(body)}`);
      }
      return new Response(null, init);
    }
    if (content.failed || paceOf === undefined && typeof body === "string") {
      return new Response(body as string, init);
    }
    return new Response(flow(x, inPieces(body), paceOf?.(x)), init);
  };
}

function inPieces(body: string | Body): Body {
  return typeof body === "string" ? new BytesBody(encoder.encode(body)) : body;
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
