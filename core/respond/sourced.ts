/**
 * Answers from a source: headers put together for each exchange, and a body that may flow, at the pace of the route's wire.
 *
 * @module
 */
import type { LiveExchange, Plan } from "../pipeline/exchange.ts";
import { LATENESS_BOUNDARIES } from "../observe/timing.ts";
import { handOver } from "../pipeline/pipeline.ts";
import type { Metrics, Route } from "../plugin.ts";
import { type Body, BytesBody } from "./body.ts";
import { flow, type Pacing } from "./body_stream.ts";
import type { Content, Source } from "./source.ts";
import { CHUNK, wireSchedule, type WireSettings } from "./wire.ts";

/**
 * Makes one exchange's answer.
 *
 * @param headers those of all the route's answers
 * @param cors whether perfmock says which pages may read them
 */
export type Sourced = (
  x: LiveExchange,
  headers: Headers,
  cors: boolean,
) => Response;

/** What a route's answers are made of. */
export interface SourcedParts {
  /** Where they come from. */
  readonly source: Source;
  /** How their bodies leave; undefined where as fast as they can. */
  readonly wire: WireSettings | undefined;
  /** The route itself. */
  readonly route: Pick<Route, "id" | "stream" | "placeOf">;
  /** Where its series are made. */
  readonly metrics: Metrics;
}

/** Statuses that come without a body (RFC 9110). */
export const BODILESS: ReadonlySet<number> = new Set([204, 205, 304]);

const encoder = new TextEncoder();

/** Binds a source and a wire to a route. */
export function createSourced(
  { source, wire, route, metrics }: SourcedParts,
): { readonly sourced: Sourced } & Pick<Plan, "prepare" | "simulate"> {
  const paceOf = wire === undefined ? undefined : pacing(wire, route, metrics);
  return {
    prepare: source.prepare,
    simulate: paceOf === undefined ? undefined : (x) => {
      if (x.outcome === "answered") simulate(x, source, paceOf(x));
    },
    sourced(x, headers, cors) {
      const content = source.content(x);
      x.status = content.status ?? x.status;
      const init = { status: x.status, headers: merge(content, headers, cors) };
      const { body } = content;
      if (body === null || x.method === "HEAD" || BODILESS.has(x.status)) {
        if (typeof body !== "string") body?.close();
        return new Response(null, init);
      }
      if (content.failed || paceOf === undefined && typeof body === "string") {
        return new Response(body as string, init);
      }
      return new Response(flow(x, piecewise(body), paceOf?.(x)), init);
    },
  };
}

function piecewise(body: string | Body): Body {
  return typeof body === "string" ? new BytesBody(encoder.encode(body)) : body;
}

function merge(content: Content, route: Headers, cors: boolean): Headers {
  const headers = new Headers(content.headers);
  if (content.failed) {
    headers.set("timing-allow-origin", "*");
    if (cors) headers.append("vary", "Origin");
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
  route: SourcedParts["route"],
  metrics: Metrics,
): (x: LiveExchange) => Pacing {
  const schedule = wireSchedule(wire, route);
  const lateness = metrics.timing({
    name: "perfmock_wire_lateness_seconds",
    help:
      "How much later than scheduled a piece of a body left that its client was waiting for",
    labels: ["route"],
  }, LATENESS_BOUNDARIES).series(route.id);
  const stalls = metrics.counter({
    name: "perfmock_wire_stalls_total",
    help:
      "Pieces of bodies that their client asked for only after they were due",
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

/** No bytes, but the time they take. */
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
