/**
 * Routes of a recording: exchanges of one method, template and operation, with what the mock and the comparison need of them.
 *
 * @module
 */
import { DurationList } from "../mocks/durations.ts";
import { StatusCounts } from "../mocks/statuses.ts";
import { PathTree } from "../logs/templates.ts";
import type { Reader } from "../reading/reader.ts";
import type { AnswerLine, ExchangeLine, StopLine } from "./format.ts";
import { readRecording } from "./read_recording.ts";
import { REMOVED } from "./secret_values.ts";

/** Greatest number of queries of one route that are kept apart. */
const MOST_QUERIES = 50;

/** Key of the queries beyond the most. */
export const OTHER_QUERIES = "*";

/** Exchanges of one status and query. */
export interface Variant {
  /** Number of the first answer that was recorded; undefined for none. */
  answer: number | undefined;
  /** Number of exchanges. */
  count: number;
}

/** Exchanges of one route. */
export interface RecordedRoute {
  readonly method: string;
  readonly template: string;
  /** GraphQL operation; undefined for none. */
  readonly operation: string | undefined;
  /** First target that was recorded. */
  readonly sample: string;
  /** Place of the first exchange. */
  readonly place: string;
  readonly statuses: StatusCounts;
  /** Times until the first byte of answers below 400, and of the others. */
  readonly waits: DurationList;
  readonly failedWaits: DurationList;
  /** Times from the first byte to the last, of answers below 400. */
  readonly receives: DurationList;
  /** Sizes of their bodies as they were sent. */
  readonly sizes: DurationList;
  /** Times between pieces of streams. */
  readonly gaps: DurationList;
  /** Numbers of pieces of streams. */
  readonly pieces: DurationList;
  /** Waits of requests that arrived while no other was under way, and while others were. */
  readonly alone: DurationList;
  readonly together: DurationList;
  /** Greatest number of other requests under way at an arrival. */
  mostInFlight: number;
  /** Exchanges by query and status. */
  readonly variants: Map<string, Map<number, Variant>>;
  /** Number of exchanges whose answer was another one than the one that was recorded. */
  differing: number;
}

/** Everything in a recording that is not kept exchange by exchange. */
export interface RecordedRoutes {
  readonly routes: readonly RecordedRoute[];
  readonly answers: ReadonlyMap<string, AnswerLine>;
  /** Sums of the stops. */
  readonly stops: readonly StopLine[];
  /** Upstreams. */
  readonly upstreams: readonly string[];
  readonly exchanges: number;
}

/** Receives what happens while a recording is read. */
export interface RouteReading {
  readonly reader?: Reader;
  /** Receives each exchange with the key of its route. */
  readonly exchange?: (line: ExchangeLine, key: string) => void;
  /** Receives an exchange of which there can be no route, or a line that cannot be read. */
  readonly left?: (reason: string, place: string, name?: string) => void;
  /** Returns the place of a line in a file. */
  readonly placeIn?: (file: string, place: string) => string;
}

/**
 * Finds the templates of the paths, and gathers the exchanges of each route.
 *
 * @param files recordings; of several, the templates are those of all
 * @returns the routes of each file
 * @throws as {@linkcode readRecording}
 */
export async function routesIn(
  files: readonly string[],
  reading: RouteReading = {},
): Promise<RecordedRoutes[]> {
  const tree = await templatesOf(files, reading.reader);
  const recorded: RecordedRoutes[] = [];
  for (const file of files) {
    recorded.push(await routesOfFile(file, tree, reading));
  }
  return recorded;
}

/** Finds the templates of all paths. */
async function templatesOf(
  files: readonly string[],
  reader: Reader | undefined,
): Promise<PathTree> {
  const tree = new PathTree();
  for (const file of files) {
    await readRecording(file, {
      exchange: ({ target }) => tree.add(pathOf(target)),
    }, reader);
  }
  tree.settle();
  return tree;
}

async function routesOfFile(
  file: string,
  tree: PathTree,
  { reader, exchange, left, placeIn = (_, place) => place }: RouteReading,
): Promise<RecordedRoutes> {
  const routes = new Map<string, RecordedRoute>();
  const answers = new Map<string, AnswerLine>();
  const stops: StopLine[] = [];
  const upstreams: string[] = [];
  let exchanges = 0;
  await readRecording(file, {
    head: ({ upstream }) => void upstreams.push(upstream),
    answer: (line) => void answers.set(`${line.id}`, line),
    stopped: (line) => void stops.push(line),
    wrong: (place, isLast) =>
      left?.(
        isLast
          ? "a line that was not written to its end"
          : "lines that cannot be read",
        placeIn(file, place),
      ),
    exchange(line, at) {
      const place = placeIn(file, at);
      const reason = reasonAgainst(line);
      if (reason !== undefined) {
        left?.(reason, place, `${line.method} ${pathOf(line.target)}`);
        return;
      }
      exchanges++;
      const template = tree.templateOf(pathOf(line.target));
      const key = keyOf(line, template);
      let route = routes.get(key);
      if (route === undefined) {
        routes.set(key, route = newRoute(line, template, place));
      }
      add(route, line);
      exchange?.(line, key);
    },
  }, reader);
  return {
    routes: [...routes.values()],
    answers,
    stops,
    upstreams,
    exchanges,
  };
}

/** Returns why there can be no route for an exchange; undefined where there can. */
function reasonAgainst(
  { method, target, batch }: ExchangeLine,
): string | undefined {
  if (method === "OPTIONS") {
    return "preflights, which the server answers itself";
  }
  if (batch === true) return "batches of GraphQL operations";
  return /\/{2}/.test(pathOf(target))
    ? "paths with an empty segment, for which there can be no route"
    : undefined;
}

/** Path of a target. */
export function pathOf(target: string): string {
  return target.split(/[?#]/, 1)[0];
}

function keyOf({ method, operation }: ExchangeLine, template: string): string {
  return `${method} ${template}${
    operation === undefined ? "" : ` ${operation || "(no name)"}`
  }`;
}

/** Name of a route: method, template and operation. */
export function nameOf(
  { method, template, operation }: Pick<
    RecordedRoute,
    "method" | "operation" | "template"
  >,
): string {
  return `${method} ${template}${
    operation === undefined ? "" : ` ${operation || "(no name)"}`
  }`;
}

function newRoute(
  { method, operation, target }: ExchangeLine,
  template: string,
  place: string,
): RecordedRoute {
  return {
    method,
    template,
    operation,
    sample: target,
    place,
    statuses: new StatusCounts(),
    waits: new DurationList(),
    failedWaits: new DurationList(),
    receives: new DurationList(),
    sizes: new DurationList(),
    gaps: new DurationList(),
    pieces: new DurationList(),
    alone: new DurationList(),
    together: new DurationList(),
    mostInFlight: 0,
    variants: new Map(),
    differing: 0,
  };
}

function add(route: RecordedRoute, line: ExchangeLine): void {
  const { status, wait, total, inFlight } = line;
  route.statuses.add(status);
  route.mostInFlight = Math.max(route.mostInFlight, inFlight);
  if (line.differs === true) route.differing++;
  if (status >= 400) route.failedWaits.add(wait);
  else {
    route.waits.add(wait);
    route.receives.add(Math.max(0, total - wait));
    route.sizes.add(line.bytes);
    if (inFlight === 0) route.alone.add(wait);
    else route.together.add(wait);
    if (line.gaps !== undefined) {
      route.pieces.add(line.pieces ?? 1);
      for (const gap of line.gaps) route.gaps.add(gap);
    }
  }
  // The variables of a GraphQL operation are in the query of a GET.
  const search = route.operation === undefined ? searchOf(line.target) : "";
  const key = route.variants.has(search) || route.variants.size < MOST_QUERIES
    ? search
    : OTHER_QUERIES;
  let variants = route.variants.get(key);
  if (variants === undefined) {
    route.variants.set(key, variants = new Map());
  }
  const known = variants.get(status);
  if (known === undefined) {
    variants.set(status, { answer: line.answer, count: 1 });
  } else {
    known.count++;
    known.answer ??= line.answer;
  }
}

/** Query with its parameters in the order of their names, without those whose values were removed. */
function searchOf(target: string): string {
  const at = target.indexOf("?");
  return at < 0
    ? ""
    : target.slice(at + 1).split("&").filter((part) =>
      part !== "" && !part.endsWith(`=${REMOVED}`)
    ).sort().join("&");
}
