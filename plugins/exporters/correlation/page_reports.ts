/**
 * Reports of page loads for other plugins: each beacon is one, with everything that is known of its load.
 *
 * @module
 */
import { type Key, wallTime } from "../../../core/plugin.ts";
import type { KeptPage } from "./page_loads.ts";

/** Reports of page loads. */
export interface PageReports {
  /**
   * Calls a function for each report.
   *
   * @param listen must not throw
   * @returns function that ends the calls
   */
  listen(listen: (report: PageReport) => void): () => void;
}

/** Report of a page. Times are in ms. */
export interface PageReport {
  /** Id of the load. */
  readonly page: string;
  /** URL of the page, without query and fragment. */
  readonly url: string;
  /** Start of the navigation on the clock of the server; undefined as long as no request of the page was joined. */
  readonly began: number | undefined;
  /** Figures by name: TTFB, FCP, LCP, INP, CLS. */
  readonly figures: Readonly<Record<string, number>>;
  /** Requests in the order of their starts. */
  readonly requests: readonly ReportedRequest[];
}

/** Request of a reported page. */
export interface ReportedRequest {
  /** URL without fragment. */
  readonly url: string;
  /** Method; empty where the request was not joined, since browsers do not tell it. */
  readonly method: string;
  /** Cause of the request. */
  readonly initiator: string;
  /** Start, in ms since navigation. */
  readonly startMs: number;
  /** Time from start to the last byte, in ms. */
  readonly totalMs: number;
}

/** Key of the reports. */
export const PAGE_REPORTS: Key<PageReports> = { name: "exporters.pageReports" };

/** Sends reports to those who listen. */
export class ReportSender implements PageReports {
  readonly #listeners = new Set<(report: PageReport) => void>();

  listen(listen: (report: PageReport) => void): () => void {
    // A function of its own, so that one that listens twice is called twice.
    const listener = (report: PageReport) => listen(report);
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  /** Reports a load. */
  send({ began, figures, page, requests, url }: KeptPage): void {
    if (this.#listeners.size === 0) return;
    const report: PageReport = {
      page,
      url,
      began: began === Infinity ? undefined : began,
      figures: Object.fromEntries(
        Object.entries(figures).map(([name, { value }]) => [name, value]),
      ),
      requests: requests.toSorted((a, b) => a.startMs - b.startMs)
        .map(({ url, method, initiator, startMs, totalMs }) => ({
          url,
          method: method ?? "",
          initiator,
          startMs,
          totalMs,
        })),
    };
    for (const listener of this.#listeners) listener(report);
  }
}

/**
 * Start of a navigation on the clock of the server, by one of its requests. It is late by the way of the request to the server: the
 * earliest of several is the best.
 *
 * @param arrival time of arrival, in ISO 8601
 * @param sent time at which the browser sent the request, in ms since navigation
 */
export function navigationStart(arrival: string, sent: number): number {
  return Date.parse(arrival) - wallTime(0) - sent;
}
