/**
 * Joins what browsers measured with what the server did, request by request, and keeps the figures.
 *
 * @module
 */
import {
  type Counter,
  Histogram,
  type Host,
  type JournalEntry,
  type Metric,
  parseTraceparent,
  type Timing,
  type TraceParent,
  wallTime,
} from "../../../core/plugin.ts";
import {
  type Beacon,
  type BrowserRequest,
  FIGURES,
  type Refusal,
  REFUSALS,
} from "./beacon.ts";
import {
  type KeptPage,
  type PageLoad,
  PageLoads,
  type PageRequest,
  UNJOINED,
  type Unjoined,
} from "./page_loads.ts";
import { navigationStart, ReportSender } from "./page_reports.ts";
import {
  clockJumped,
  type Phase,
  PHASES,
  type Phases,
  phasesOf,
  type ServerTimes,
} from "./phases.ts";

/** Maximum number of routes, by session, that have figures of their own. */
const MOST_GROUPS = 200;

/** Id under which further routes are counted. */
const OVERFLOW = "__overflow__";

/** Quantiles, mean and count of durations, in ms. Null where nothing was recorded. */
export interface Spread {
  /** Number of durations. */
  readonly count: number;
  /** Mean. */
  readonly mean: number | null;
  /** Median. */
  readonly p50: number | null;
  /** 75th percentile, at which page figures are judged. */
  readonly p75: number | null;
  /** 90th percentile. */
  readonly p90: number | null;
  /** 99th percentile. */
  readonly p99: number | null;
}

/** Spread of a phase, and its share of the whole time. */
export interface PhaseSpread extends Spread {
  /** Share of the sum of all phases, 0…1. */
  readonly share: number | null;
}

/** Answer for a route. */
export interface RouteCorrelation {
  /** Id of the route. */
  readonly route: string;
  /** Session; null for the server itself. */
  readonly session: string | null;
  /** Time that browsers waited, from start to the last byte. */
  readonly total: Spread;
  /** Where it went. */
  readonly phases: Readonly<Record<Phase, PhaseSpread>>;
}

/** Answer for the loads of a page. */
export interface PageCorrelation {
  /** URL of the page. */
  readonly url: string;
  /** Number of loads. */
  readonly loads: number;
  /** Id of the latest load. */
  readonly latest: string;
  /** Figures over the loads, by name. */
  readonly figures: Readonly<Record<string, Spread>>;
}

/** Answer to "where did the time go?". */
export interface Correlation {
  /** Number of beacons that were used. */
  readonly beacons: number;
  /** Numbers of beacons that were refused, by reason. */
  readonly refused: Readonly<Record<Refusal, number>>;
  /** Number of requests that were joined. */
  readonly joined: number;
  /** Numbers of requests that were not, by reason. */
  readonly unjoined: Readonly<Record<Unjoined, number>>;
  /** Meaning of the reasons above 0, and remedies. */
  readonly notes: readonly string[];
  /** Routes, the one with the longest total wait first. */
  readonly routes: readonly RouteCorrelation[];
  /** Pages, the one with the most loads first. */
  readonly pages: readonly PageCorrelation[];
}

const NOTES: Readonly<Record<Unjoined, string>> = {
  cached:
    "cached: the response came from the browser's cache, so that the server had no part in the wait",
  service_worker:
    "service_worker: a service worker answered, from a store or by a request of its own. The page's browser does not tell which, so that the trace may be that of an older request",
  no_timing_allowed:
    "no_timing_allowed: the browser hides the times of a response from another origin without Timing-Allow-Origin. perfmock sends it unless the route's headers replace it; a request that failed looks the same where the page may not read its status",
  no_response:
    "no_response: the request failed or was aborted before its response began",
  elsewhere: "elsewhere: the request went to another server",
  no_trace:
    "no_trace: no route answered the request, as often for /favicon.ico; only responses of routes have a trace id",
  unknown_trace:
    "unknown_trace: the journal no longer has the exchange. Raise journal.capacity, or send fewer requests besides",
  clock_jumped:
    "clock_jumped: the times of the request go backwards, or the server needed longer than the browser waited; a clock has jumped, as when a computer sleeps",
};

/** Figures of one route in one session. */
class RouteGroup {
  readonly total = new Histogram();
  readonly phases: Readonly<Record<Phase, Histogram>> = eachPhase(() =>
    new Histogram()
  );
  /** Sums of the durations as they are, so that means add up. */
  readonly #sums: Record<Phase, number> = eachPhase(() => 0);
  readonly #metrics: Readonly<Record<Phase, Timing>>;

  constructor(
    readonly route: string,
    readonly session: string | null,
    metric: Metric<Timing>,
  ) {
    this.#metrics = eachPhase((phase) => metric.series(route, phase));
  }

  record(totalMs: number, phases: Phases): void {
    this.total.record(totalMs);
    for (const phase of PHASES) {
      // A browser's clock is coarse: a difference of two of its times may be a little below 0.
      const milliseconds = Math.max(0, phases[phase]);
      this.#sums[phase] += phases[phase];
      this.phases[phase].record(milliseconds);
      this.#metrics[phase].record(milliseconds);
    }
  }

  answer(): RouteCorrelation {
    const { route, session, total, phases } = this;
    const sums = this.#sums;
    const sum = PHASES.reduce((all, phase) => all + sums[phase], 0);
    return {
      route,
      session,
      total: spreadOf(total),
      phases: eachPhase((phase) => ({
        ...spreadOf(phases[phase]),
        mean: rounded(sums[phase] / total.count),
        share: sum > 0 ? rounded(sums[phase] / sum) : null,
      })),
    };
  }
}

function eachPhase<T>(make: (phase: Phase) => T): Record<Phase, T> {
  return Object.fromEntries(
    PHASES.map((phase) => [phase, make(phase)]),
  ) as Record<Phase, T>;
}

function counts<Name extends string>(
  names: readonly Name[],
): Record<Name, number> {
  return Object.fromEntries(names.map((name) => [name, 0])) as Record<
    Name,
    number
  >;
}

/** Services of the host that correlation uses. */
export type CorrelationHost = Pick<
  Host,
  "clock" | "journal" | "metrics" | "url"
>;

/** Outcome of one beacon. */
export interface Joined {
  /** Number of requests that were joined. */
  readonly joined: number;
  /** Numbers of requests that were not, by reason; reasons with none are left out. */
  readonly unjoined: Readonly<Partial<Record<Unjoined, number>>>;
}

/** Joins requests, and keeps the figures of routes and the latest page loads. */
export class Correlator {
  readonly #host: CorrelationHost;
  readonly #metric: Metric<Timing>;
  readonly #unjoinedMetric: Metric<Counter>;
  readonly #beaconMetric: Metric<Counter>;
  readonly #routes = new Map<string, RouteGroup>();
  /** The latest page loads. */
  readonly pages: PageLoads = new PageLoads();
  /** Reports of page loads for other plugins. */
  readonly reports: ReportSender = new ReportSender();
  #beacons = 0;
  #joined = 0;
  #unjoined = counts(UNJOINED);
  #refused = counts(REFUSALS);

  /** @param host journal to look exchanges up in, and metrics */
  constructor(host: CorrelationHost) {
    this.#host = host;
    const { metrics } = host;
    this.#metric = metrics.timing({
      name: "perfmock_correlation_phase_seconds",
      help: "Time that browsers waited for a route, by phase",
      labels: ["route", "phase"],
    });
    this.#unjoinedMetric = metrics.counter({
      name: "perfmock_correlation_unjoined_total",
      help: "Requests of pages that could not be joined with an exchange",
      labels: ["reason"],
    });
    this.#beaconMetric = metrics.counter({
      name: "perfmock_correlation_beacons_total",
      help: "Beacons of pages",
      labels: ["outcome"],
    });
  }

  /** Span ids of a beacon's requests whose exchanges are not in this server's journal: another replica may have answered them. */
  unknownSpans({ requests }: Beacon): string[] {
    const spans = requests.flatMap((request) => {
      const trace = parseTraceparent(request.traceparent);
      return trace === undefined || notFromServer(request) !== undefined ||
          this.#host.journal.bySpan(trace.span) !== undefined
        ? []
        : [trace.span];
    });
    return [...new Set(spans)];
  }

  /**
   * Takes a beacon.
   *
   * @param elsewhere exchanges of other replicas, by span id. Default none
   */
  take(
    beacon: Beacon,
    elsewhere: ReadonlyMap<string, JournalEntry> = new Map(),
  ): Joined {
    this.#beacons++;
    this.#beaconMetric.series("used").add();
    const now = new Date(wallTime(this.#host.clock.now())).toISOString();
    const kept = this.pages.take(beacon, now);
    let joined = 0;
    const unjoined: Partial<Record<Unjoined, number>> = {};
    for (const request of beacon.requests) {
      const found = this.#join(request, kept, elsewhere);
      if (found.unjoined === null) joined++;
      else unjoined[found.unjoined] = (unjoined[found.unjoined] ?? 0) + 1;
      this.pages.add(kept, found);
    }
    this.#joined += joined;
    this.reports.send(kept);
    for (const [reason, number] of Object.entries(unjoined)) {
      this.#unjoined[reason as Unjoined] += number;
      this.#unjoinedMetric.series(reason).add(number);
    }
    return { joined, unjoined };
  }

  /** Counts a beacon that was refused. */
  refuse(reason: Refusal): void {
    this.#refused[reason]++;
    this.#beaconMetric.series(reason).add();
  }

  /**
   * Answers for everything since the start or the last reset. With a session, routes, pages and the number of joined requests are
   * the session's; beacons and requests that were not joined belong to none.
   *
   * @param session name of the session to answer for, null for the server itself; undefined for all
   */
  answer(session?: string | null): Correlation {
    const routes = [...this.#routes.values()]
      .filter((group) => session === undefined || group.session === session)
      .sort((a, b) => b.total.sum - a.total.sum);
    return {
      beacons: this.#beacons,
      refused: { ...this.#refused },
      joined: session === undefined
        ? this.#joined
        : routes.reduce((sum, { total }) => sum + total.count, 0),
      unjoined: { ...this.#unjoined },
      notes: UNJOINED.filter((reason) => this.#unjoined[reason] > 0)
        .map((reason) => NOTES[reason]),
      routes: routes.map((group) => group.answer()),
      pages: pagesOf(this.#loads(session)),
    };
  }

  /**
   * Returns one page load.
   *
   * @param id id of the load, or `latest`
   * @param session name of the session whose latest load is meant, null for the server itself; undefined for all
   */
  page(id: string, session?: string | null): PageLoad | undefined {
    const kept = id === "latest"
      ? this.#loads(session).at(-1)
      : this.pages.get(id);
    if (kept === undefined) return undefined;
    const {
      began: _began,
      bytes: _bytes,
      sessions: _sessions,
      requests,
      ...load
    } = kept;
    return {
      ...load,
      requests: requests.toSorted((a, b) => a.startMs - b.startMs),
    };
  }

  /** Returns the loads that are kept, of all sessions or of one, in the order of their first beacons. */
  #loads(session: string | null | undefined): KeptPage[] {
    const loads = this.pages.all();
    return session === undefined
      ? loads
      : loads.filter(({ sessions }) => sessions.has(session));
  }

  /** Removes all figures and page loads. */
  reset(): void {
    this.#routes.clear();
    this.pages.clear();
    this.#beacons = this.#joined = 0;
    this.#unjoined = counts(UNJOINED);
    this.#refused = counts(REFUSALS);
  }

  #join(
    request: BrowserRequest,
    page: KeptPage,
    elsewhere: ReadonlyMap<string, JournalEntry>,
  ): PageRequest {
    const trace = parseTraceparent(request.traceparent);
    const { url, initiator, protocol, startTime, responseEnd, status } =
      request;
    const entry = trace === undefined || notFromServer(request) !== undefined
      ? undefined
      : this.#host.journal.bySpan(trace.span) ?? elsewhere.get(trace.span);
    const phases = entry === undefined
      ? undefined
      : phasesOf(request, serverTimes(entry));
    const totalMs = rounded(Math.max(0, responseEnd - startTime));
    const jumped = phases !== undefined && clockJumped(phases);
    const joined = entry !== undefined && phases !== undefined && !jumped;
    if (joined) {
      page.sessions.add(entry.session);
      if (request.requestStart > 0) {
        page.began = Math.min(
          page.began,
          navigationStart(entry.time, request.requestStart),
        );
      }
      this.#group(entry.route, entry.session).record(totalMs, phases);
    }
    return {
      url,
      method: joined ? entry.method : null,
      initiator,
      protocol,
      startMs: rounded(startTime),
      totalMs,
      status,
      route: joined ? entry.route : null,
      sequence: joined ? entry.sequence : null,
      drawnMs: joined ? entry.drawnMs : null,
      traceId: trace?.trace ?? null,
      phases: joined ? eachPhase((phase) => rounded(phases[phase])) : null,
      unjoined: joined
        ? null
        : jumped
        ? "clock_jumped"
        : this.#reason(request, page.url, trace),
    };
  }

  #reason(
    request: BrowserRequest,
    page: string,
    trace: TraceParent | undefined,
  ): Unjoined {
    const place = notFromServer(request);
    if (place !== undefined) return place;
    if (trace !== undefined && request.requestStart > 0) return "unknown_trace";
    if (request.workerStart > 0) return "service_worker";
    const url = URL.parse(request.url);
    const own = this.#host.url;
    if (url === null || own !== undefined && url.port !== own.port) {
      return "elsewhere";
    }
    if (request.responseStart > 0) return "no_trace";
    return request.status > 0 || url.origin !== URL.parse(page)?.origin
      ? "no_timing_allowed"
      : "no_response";
  }

  #group(route: string, session: string | null): RouteGroup {
    const key = `${session ?? ""}\0${route}`;
    let group = this.#routes.get(key);
    if (group === undefined) {
      if (this.#routes.size >= MOST_GROUPS && route !== OVERFLOW) {
        return this.#group(OVERFLOW, null);
      }
      group = new RouteGroup(route, session, this.#metric);
      this.#routes.set(key, group);
    }
    return group;
  }
}

/**
 * Returns the place in the browser that a response came from: its trace may be that of an older request. Undefined for a response
 * of a server. Chromium names the cache for every response of a service worker.
 */
function notFromServer(
  { delivery, transferSize, decodedBodySize, workerStart }: BrowserRequest,
): "cached" | "service_worker" | undefined {
  if (workerStart > 0) {
    return transferSize === 0 ? "service_worker" : undefined;
  }
  return delivery === "cache" || transferSize === 0 && decodedBodySize > 0
    ? "cached"
    : undefined;
}

function serverTimes(entry: JournalEntry): ServerTimes {
  const { queueMs, totalMs, outcome, degradationMs } = entry;
  const degrade = outcome === "answered" ? degradationMs : 0;
  return { queue: queueMs, degrade, service: totalMs - queueMs - degrade };
}

/** Figures of the kept loads of each page. */
function pagesOf(loads: readonly KeptPage[]): PageCorrelation[] {
  const byUrl = Map.groupBy(loads, ({ url }) => url);
  return [...byUrl].map(([url, own]) => ({
    url,
    loads: own.length,
    latest: own[own.length - 1].page,
    figures: Object.fromEntries(FIGURES.flatMap((name) => {
      const values = own.flatMap(({ figures }) => figures[name]?.value ?? []);
      if (values.length === 0) return [];
      const histogram = new Histogram();
      // CLS has no unit, and values far below 1.
      const scale = name === "CLS" ? 1000 : 1;
      for (const value of values) histogram.record(value * scale);
      return [[name, spreadOf(histogram, scale)]];
    })),
  })).sort((a, b) => b.loads - a.loads);
}

function spreadOf(histogram: Histogram, scale = 1): Spread {
  const { count, sum } = histogram;
  const value = (number: number) =>
    count === 0 ? null : rounded(number / scale);
  const [p50, p75, p90, p99] = histogram.quantiles([0.5, 0.75, 0.9, 0.99])
    .map(value);
  return { count, mean: value(sum / count), p50, p75, p90, p99 };
}

function rounded(number: number): number {
  return Math.round(number * 1000) / 1000;
}
