/**
 * Factors of an experiment: routes, other origins and the page's processor, with the change of each level.
 *
 * @module
 */
import { inMilliseconds } from "../report/mod.ts";
import { type Issue, PerfmockError, toPointer } from "../../../core/plugin.ts";
import { invalidScript } from "../script/parse.ts";
import type { Script } from "../script/script.ts";
import type { LoadConditions } from "./loads.ts";
import { type Look, median, type SeenRoute } from "./look.ts";
import { listed, unmatchedRequests } from "./page_notes.ts";
import { counted } from "./words.ts";

/** Share of the perturbation below which nothing is taken away: the effect would be lost in noise. */
const LEAST_SHARE = 0.1;

/** Time below which nothing is taken away, in ms. */
const LEAST_TAKEN = 1;

/** Level of a factor: its time taken away, as configured, or its time added. */
export type Level = -1 | 0 | 1;

/** Something whose time is changed. */
export interface PlannedFactor {
  readonly kind: "route" | "origin" | "cpu";
  /** Id of the route, URL pattern, or `cpu`. */
  readonly id: string;
  /** Change at level 1: ms, or percent by which the processor is slower. */
  readonly added: number;
  /** Change at level −1 in ms; 0 where nothing can be taken away. */
  readonly taken: number;
  /** Mean number of requests of a load. */
  readonly calls: number;
  /** Median response time as configured, in ms; null where it was not seen. */
  readonly responseTime: number | null;
}

/** Factors, and sentences about those that were left out. */
export interface Factors {
  readonly factors: readonly PlannedFactor[];
  readonly notes: readonly string[];
}

/** Parts that factors are made from. */
export interface FactorSources {
  readonly script: Pick<
    Script,
    "origins" | "perturbation" | "probe" | "routes"
  >;
  readonly look: Look;
  /** Returns true for a route from whose service time something can be taken. */
  readonly canShorten: (route: string) => boolean;
  /** Delay of a route as configured, in ms, which can be taken away too. */
  readonly delayOf: (route: string) => number;
  /** URL of the server; undefined if it does not listen. */
  readonly url: URL | undefined;
}

/**
 * Makes the factors.
 *
 * @throws PerfmockError `FIND_FAILED` where the page calls none of the routes; `SCRIPT_INVALID` where more is to be taken away than
 * there is, or a pattern fits no request
 */
export function factorsOf(sources: FactorSources): Factors {
  const { script: { origins, probe, routes }, look } = sources;
  const seen = new Map(look.routes.map((route) => [route.id, route]));
  const wanted = routes === undefined
    ? look.routes
    : look.routes.filter(({ id }) => routes.has(id));
  if (wanted.length === 0 && origins.size === 0) throw callsNothing(sources);
  const issues: Issue[] = [];
  const factors: PlannedFactor[] = wanted.map((route) =>
    routeFactor(route, sources, issues)
  );
  for (const [pattern, added] of origins) {
    const factor = originFactor(pattern, added, look);
    if (factor !== undefined) factors.push(factor);
    else {
      issues.push({
        path: `/origins${toPointer([pattern])}`,
        message: "No request of the page fits this pattern",
        value: pattern,
        allowed: originsSeen(look).join(", ") || "nothing: no request was seen",
      });
    }
  }
  if (issues.length > 0) throw invalidScript(issues);
  if (probe.kind === "page" && probe.cpu !== undefined) {
    factors.push({
      kind: "cpu",
      id: "cpu",
      added: 100 * (probe.cpu - 1),
      taken: 0,
      calls: 0,
      responseTime: null,
    });
  }
  const absent = [...routes?.keys() ?? []].filter((id) => !seen.has(id));
  return {
    factors,
    notes: absent.length === 0
      ? []
      : [`The page did not call ${absent.join(", ")}: left out`],
  };
}

function routeFactor(
  { id, calls, responseTime, shortest }: SeenRoute,
  { script: { perturbation, routes }, canShorten, delayOf }: FactorSources,
  issues: Issue[],
): PlannedFactor {
  const { delay, speedup } = routes?.get(id) ?? {};
  // A route that was never answered may have no time to take away.
  const most = Number.isFinite(shortest)
    ? delayOf(id) + (canShorten(id) ? shortest : 0)
    : 0;
  if (speedup !== undefined && speedup > most) {
    issues.push({
      path: `/routes${toPointer([id])}/speedup`,
      message: `Only ${inMilliseconds(most)} can be taken away from this route`,
      value: inMilliseconds(speedup),
      allowed: `at most ${
        inMilliseconds(most)
      }, its shortest service time, with its delay`,
    });
  }
  const taken = Math.min(speedup ?? perturbation, most);
  const added = delay ?? perturbation;
  return {
    kind: "route",
    id,
    added,
    taken: taken < Math.max(LEAST_TAKEN, LEAST_SHARE * added) ? 0 : taken,
    calls,
    responseTime,
  };
}

function originFactor(
  pattern: string,
  added: number,
  { loads }: Look,
): PlannedFactor | undefined {
  const compiled = new URLPattern(pattern);
  const times = loads.flatMap(({ requests }) =>
    requests.filter(({ url }) => compiled.test(url))
      .map(({ startMs, endMs }) => endMs - startMs)
  );
  if (times.length === 0) return undefined;
  return {
    kind: "origin",
    id: pattern,
    added,
    taken: 0,
    calls: times.length / loads.length,
    responseTime: median(times),
  };
}

/** Origins of the requests that were seen. */
function originsSeen({ loads }: Look): string[] {
  return [
    ...new Set(
      loads.flatMap(({ requests }) =>
        requests.flatMap(({ url }) => URL.parse(url)?.origin ?? [])
      ),
    ),
  ];
}

/** The error of a page that calls none of the routes. */
function callsNothing({ script, look, url }: FactorSources): PerfmockError {
  const called = look.routes.map(({ id }) => id);
  const { routes, probe } = script;
  const of = probe.kind === "command" ? "command" : "page";
  return new PerfmockError(
    "FIND_FAILED",
    routes === undefined
      ? `Cannot find the bottleneck: the ${of} calls no route of the configuration`
      : `Cannot find the bottleneck: the ${of} calls none of the routes that the script lists`,
    [{
      path: routes === undefined ? "" : "/routes",
      message: routes === undefined
        ? whereRequestsWent(look, url)
        : "It calls other routes",
      ...routes !== undefined && { value: [...routes.keys()] },
      allowed: routes === undefined
        ? `requests to ${url ?? "this server"} that a route takes`
        : called.join(", ") || "nothing: it called no route",
    }],
  );
}

/** Sentence on the requests of a page that called no route: they matched none, or went elsewhere. */
function whereRequestsWent(look: Look, url: URL | undefined): string {
  const unmatched = unmatchedRequests(look.loads, url);
  if (unmatched.length > 0) {
    return `Its requests reached perfmock, but match no route: ${
      listed(unmatched)
    }`;
  }
  // Those of a page are seen, and browsers ask for an icon by themselves.
  const count = look.loads.reduce(
    (sum, { requests, unmatched = 0 }) =>
      sum + (requests.length === 0 ? unmatched : 0),
    0,
  );
  if (count > 0) {
    return `Its requests reached perfmock, but match no route: ${
      counted(count, "request")
    } in ${counted(look.loads.length, "load")}`;
  }
  const origins = originsSeen(look);
  return `None of its requests reached perfmock${
    origins.length === 0 ? "" : `; they went to ${origins.join(", ")}`
  }`;
}

/** Conditions of a load with the levels of all factors. */
export function conditionsOf(
  factors: readonly PlannedFactor[],
  levels: readonly Level[],
): LoadConditions {
  const shifts = new Map<string, number>();
  const floors = new Map<string, number>();
  let cpu = 1;
  for (const [index, factor] of factors.entries()) {
    const level = levels[index];
    const { id, kind, added, taken, responseTime } = factor;
    if (level === 0) continue;
    if (kind === "route") shifts.set(id, level === 1 ? added : -taken);
    else if (kind === "cpu") cpu = 1 + added / 100;
    // The browser can only make requests take at least as long as a floor.
    else floors.set(id, (responseTime ?? 0) + added);
  }
  return { shifts, floors, cpu };
}
