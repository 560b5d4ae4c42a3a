/**
 * Pages whose dependency graph is known, so that what each route's response time costs them is known too.
 *
 * @module
 */
import type { RouteInput } from "../../../mod.ts";

/**
 * Factor on all times of the pages, 1 to 10, from PERFMOCK_FIND_SCALE. Default 1. A busy machine makes figures noisy by tenths of a
 * second: longer times stand out from that.
 */
export const SCALE: number = Number(Deno.env.get("PERFMOCK_FIND_SCALE") ?? 1);

/** Change of a response time for which the truths of all pages hold, in ms, in both directions. */
export const STEP: number = 100 * SCALE;

/** Response time of documents, in ms. */
export const DOCUMENT: number = 120 * SCALE;

/** Response times by route id, in ms. */
export type Times = Readonly<Record<string, number>>;

/** Truth about a route, in ms of the figure per ms of response time. */
export interface Truth {
  /** Slope where {@linkcode STEP} is added to this route alone. */
  readonly slope: number;
  /** Slope where {@linkcode STEP} is taken away from this route alone. */
  readonly saved: number;
}

/** Page with a known dependency graph. Each route answers after a constant time. */
export interface SamplePage {
  /** Name of the page. */
  readonly name: string;
  /** Dependency graph in words. */
  readonly graph: string;
  /** Figure, as a find script names it. */
  readonly figure: string;
  /** Factor by which the page's processor is slowed, as a further variable. Default none. */
  readonly cpu?: number;
  /** Routes of the server: the document with the id `page`, and all that it calls. */
  readonly routes: readonly RouteInput[];
  /** Response times as configured. */
  readonly times: Times;
  /** Dependency graph as a formula: the figure that follows from response times and a factor of the processor, in ms. */
  readonly model: (times: Times, cpu?: number) => number;
  /** Truth by route, in the order of importance; it follows from the graph, as the page's comment derives. */
  readonly truth: Readonly<Record<string, Truth>>;
  /** Time that the slow processor adds to the cost of a step, in ms, by route. Default none. */
  readonly interactions?: Readonly<Record<string, number>>;
}

/** Multiplies times by {@linkcode SCALE}. */
export function scaled<Id extends string>(
  times: Readonly<Record<Id, number>>,
): Readonly<Record<Id, number>> {
  const entries = Object.entries<number>(times)
    .map(([id, ms]) => [id, ms * SCALE]);
  return Object.fromEntries(entries);
}

/** Truth about a route of which each ms counts `times` times, in both directions. */
export function counts(times: number): Truth {
  return { slope: times, saved: times };
}

/** Truth about a route that something longer hides, in both directions. */
export const HIDDEN: Truth = counts(0);

/** Headers that keep the browser from using an answer twice. */
const FRESH = { "cache-control": "no-store" };

/** Route of a document. Its script has `get(id)`, which fetches from the route of that id, and `ready()`, which ends the figure. */
export function documentRoute(parts: {
  readonly head?: string;
  readonly body?: string;
  readonly script: string;
}): RouteInput {
  const text = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>Sample</title>
<link rel="icon" href="data:,">
<script>
const get = async (id, init) => await (await fetch("/api/" + id, init)).json();
const ready = () => performance.measure("ready", { start: 0 });
</script>
${parts.head ?? ""}
<h1>Sample</h1>
${parts.body ?? ""}
<script>
${parts.script}
</script>
</html>
`;
  return {
    id: "page",
    path: "/",
    serviceTime: DOCUMENT,
    response: { text, headers: { ...FRESH, "content-type": "text/html" } },
  };
}

/** Route of an API call. */
export function apiRoute(
  id: string,
  ms: number,
  more: Partial<RouteInput> = {},
): RouteInput {
  return {
    id,
    path: `/api/${id}`,
    serviceTime: ms,
    response: { json: { id }, headers: FRESH },
    ...more,
  };
}

/** Route of a static file. */
export function assetRoute(
  id: string,
  ms: number,
  path: string,
  type: string,
  text: string,
): RouteInput {
  return {
    id,
    path,
    serviceTime: ms,
    response: { text, headers: { ...FRESH, "content-type": type } },
  };
}

/** Routes of API calls by id and response time. */
export function apiRoutes(times: Times): RouteInput[] {
  return Object.entries(times).map(([id, ms]) => apiRoute(id, ms));
}
