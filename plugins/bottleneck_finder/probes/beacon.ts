/**
 * Page figures of any browser: those that pages send to the correlation of the plugin `exporters`. Somebody else loads the page.
 *
 * @module
 */
import { type Clock, type Key, PerfmockError } from "../../../core/plugin.ts";
import type { Conditions, Loaded, Probe } from "./probe.ts";
import { seconds, sleep } from "./waiting.ts";

/** Loads of pages, as the plugin `exporters` reports them. Times are in ms. */
export interface PageReports {
  /** Calls a function for each report; returns one that ends the calls. */
  listen(listen: (report: PageReport) => void): () => void;
}

/** Report of a page, with everything that is known of its load so far. */
export interface PageReport {
  /** Id of the load. */
  readonly page: string;
  /** URL of the page, without query and fragment. */
  readonly url: string;
  /** Start of the navigation on the clock of the server; undefined as long as no request of the page was joined. */
  readonly began: number | undefined;
  /** Figures by name. */
  readonly figures: Readonly<Record<string, number>>;
  /** Requests in the order of their starts. */
  readonly requests: readonly {
    readonly url: string;
    readonly method: string;
    readonly initiator: string;
    readonly startMs: number;
    readonly totalMs: number;
  }[];
}

/** Key of the reports. */
export const PAGE_REPORTS: Key<PageReports> = { name: "exporters.pageReports" };

/** Figures that a page can send, and that are times. */
export const BEACON_FIGURES: readonly string[] = ["LCP", "INP", "TTFB", "FCP"];

/** Settings of a beacon probe. */
export interface BeaconOptions {
  /** Figure: LCP, INP, TTFB or FCP. */
  readonly figure: string;
  /** URL of the page, without query and fragment. Default any page. */
  readonly url?: string | undefined;
  /** Maximum time until a load is reported, in ms. Default 2 minutes. */
  readonly timeout?: number | undefined;
  /** Time without a report after which a load has ended, in ms. Default 2.5 s: pages report a second after new entries. */
  readonly quiet?: number | undefined;
}

/** Parts of a beacon probe. */
export interface BeaconParts {
  /** Clock of the server. */
  readonly clock: Clock;
  /** Reports; undefined where the correlation is off. */
  readonly reports: PageReports | undefined;
}

/**
 * Creates a probe that waits for pages of other browsers.
 *
 * @throws PerfmockError `ARGUMENT_INVALID` for a figure that pages do not send
 */
export function beaconProbe(
  options: BeaconOptions,
  { clock, reports }: BeaconParts,
): Probe {
  const { figure } = options;
  if (!BEACON_FIGURES.includes(figure)) {
    throw new PerfmockError(
      "ARGUMENT_INVALID",
      `Cannot wait for the figure ${figure}: pages send ${
        BEACON_FIGURES.join(", ")
      }`,
    );
  }
  const disposed = new AbortController();
  return {
    figure,
    start() {
      if (reports !== undefined) return Promise.resolve();
      return Promise.reject(
        new PerfmockError(
          "PROBE_UNAVAILABLE",
          "Cannot wait for pages: the correlation is off. Turn it on: plugins: { exporters: { correlation: {} } }",
        ),
      );
    },
    load({ cpu, floors, signal }: Conditions): Promise<Loaded> {
      if (cpu !== 1 || floors.size > 0) {
        return Promise.resolve({
          failure:
            "The processor and the network of other browsers cannot be slowed: that takes a page",
        });
      }
      if (reports === undefined) {
        return Promise.resolve({ failure: "The correlation is off" });
      }
      const ends = AbortSignal.any([signal, disposed.signal]);
      return nextLoad(options, clock, reports, ends);
    },
    [Symbol.asyncDispose]() {
      disposed.abort();
      return Promise.resolve();
    },
  };
}

/** Waits for a load that begins from now on, until it has the figure and sends nothing more. */
async function nextLoad(
  { figure, quiet = 2500, timeout = 120_000, url }: BeaconOptions,
  clock: Clock,
  reports: PageReports,
  signal: AbortSignal,
): Promise<Loaded> {
  const start = clock.now();
  let load: PageReport | undefined;
  let last = start;
  let other: string | undefined;
  let changed = Promise.withResolvers<void>();
  const stop = reports.listen((report) => {
    if (load === undefined) {
      other = unusable(report, url, start);
      if (other !== undefined) return;
    } else if (report.page !== load.page) return;
    load = report;
    last = clock.now();
    changed.resolve();
    changed = Promise.withResolvers();
  });
  try {
    while (!signal.aborted) {
      const now = clock.now();
      if (load !== undefined && Object.hasOwn(load.figures, figure)) {
        if (now - last >= quiet) return read(load, figure);
        await sleep(clock, quiet - (now - last), signal, changed.promise);
      } else if (now - start >= timeout) {
        return { failure: absence(load, other, figure, timeout) };
      } else {
        await sleep(clock, start + timeout - now, signal, changed.promise);
      }
    }
    return { failure: "The load was interrupted" };
  } finally {
    stop();
  }
}

/** Reason why a report does not begin a load; undefined if it does. */
function unusable(
  { began, url }: PageReport,
  wanted: string | undefined,
  start: number,
): string | undefined {
  if (wanted !== undefined && url !== wanted) return `${url} was reported`;
  if (began === undefined) {
    return `${url} was reported, without a request to this server`;
  }
  return began < start
    ? `${url} was reported, but its load began too early`
    : undefined;
}

function absence(
  load: PageReport | undefined,
  other: string | undefined,
  figure: string,
  timeout: number,
): string {
  const within = `within ${seconds(timeout)}`;
  if (load !== undefined) {
    const names = Object.keys(load.figures).join(", ") || "no figure";
    return `${load.url} sent no ${figure} ${within}: it sent ${names}`;
  }
  return `No page load was reported ${within}${
    other === undefined
      ? ": does the page include the script of the correlation?"
      : `: ${other}`
  }`;
}

function read({ figures, requests }: PageReport, figure: string): Loaded {
  const { CLS: _count, ...times } = figures;
  return {
    figure: figures[figure],
    figures: times,
    requests: requests.map(({ initiator, method, startMs, totalMs, url }) => ({
      url,
      method,
      startMs,
      endMs: startMs + totalMs,
      type: initiator,
    })),
  };
}
