/**
 * The latest page loads with their requests, bounded in number and in bytes.
 *
 * @module
 */
import { ENTRY_BYTES } from "../../../core/plugin.ts";
import type { Beacon, PageFigure } from "./beacon.ts";
import type { Phases } from "./phases.ts";

/** Maximum number of requests that a page load keeps. */
export const MOST_REQUESTS = 300;

/** Maximum number of bytes of all page loads. */
export const PAGES_BYTES: number = 32 * 1024 * 1024;

/** Bytes of a kept request beside its texts: its members and phases. */
const REQUEST_BYTES = 640;

/**
 * Reasons why a request could not be joined:
 *
 * - `cached`: the response came from the browser's cache
 * - `service_worker`: a service worker answered it, from a store or by a request of its own
 * - `no_timing_allowed`: the browser hides the times, since the response has no Timing-Allow-Origin for this page
 * - `no_response`: it failed or was aborted
 * - `elsewhere`: it went to another server
 * - `no_trace`: the response has no trace id, as those of unmatched paths
 * - `unknown_trace`: the journal no longer has the exchange, or never had it
 * - `clock_jumped`: its times go backwards
 */
export const UNJOINED = [
  "cached",
  "service_worker",
  "no_timing_allowed",
  "no_response",
  "elsewhere",
  "no_trace",
  "unknown_trace",
  "clock_jumped",
] as const;

/** Reason why a request could not be joined. */
export type Unjoined = typeof UNJOINED[number];

/** Request of a page, joined as far as possible. */
export interface PageRequest {
  /** URL without fragment. */
  readonly url: string;
  /** Method; null where the request was not joined. */
  readonly method: string | null;
  /** Cause of the request. */
  readonly initiator: string;
  /** Protocol. */
  readonly protocol: string;
  /** Start, in ms since the page's time origin. */
  readonly startMs: number;
  /** Time from start to the last byte, in ms. */
  readonly totalMs: number;
  /** Status; 0 where the browser does not tell. */
  readonly status: number;
  /** Id of the route; null where the request was not joined. */
  readonly route: string | null;
  /** Sequence number on the route; null where the request was not joined. */
  readonly sequence: number | null;
  /** Service time that the server drew, in ms; null where the request was not joined. */
  readonly drawnMs: number | null;
  /** Trace id; null where the browser saw none. */
  readonly traceId: string | null;
  /** Durations of the phases, in ms; null where the request was not joined. */
  readonly phases: Phases | null;
  /** Reason why the request was not joined; null where it was. */
  readonly unjoined: Unjoined | null;
}

/** One load of a page. */
export interface PageLoad {
  /** Id of the page load. */
  readonly page: string;
  /** URL of the page. */
  readonly url: string;
  /** Time of its first beacon, in ISO 8601. */
  readonly time: string;
  /** Figures by name. */
  readonly figures: Readonly<Record<string, PageFigure>>;
  /** Requests in the order of their starts. */
  readonly requests: readonly PageRequest[];
  /** Number of requests that are not kept: beyond the limit, or lost by the browser. */
  readonly dropped: number;
}

/** A page load that is kept. */
export interface KeptPage {
  /** Id of the page load. */
  readonly page: string;
  /** URL of the page. */
  readonly url: string;
  /** Time of its first beacon, in ISO 8601. */
  readonly time: string;
  /** Figures by name. */
  readonly figures: Record<string, PageFigure>;
  /** Requests in the order of their beacons. */
  readonly requests: PageRequest[];
  /** Number of requests that are not kept. */
  dropped: number;
  /** Names of the sessions that its joined requests went to; null for the server itself. */
  readonly sessions: Set<string | null>;
  /** Start of the navigation on the clock of the server, in ms; Infinity as long as no request was joined. */
  began: number;
  /** Number of bytes that it takes. */
  bytes: number;
}

/** Keeps the latest page loads. */
export class PageLoads {
  /** Maximum number of page loads. */
  capacity = 100;
  readonly #loads = new Map<string, KeptPage>();
  #bytes = 0;

  /** Number of bytes that the loads take at most. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Returns a load by its id. */
  get(id: string): KeptPage | undefined {
    return this.#loads.get(id);
  }

  /** Returns all loads, in the order of their first beacons. */
  all(): KeptPage[] {
    return [...this.#loads.values()];
  }

  /**
   * Returns the load of a beacon, and takes its figures.
   *
   * @param time present time in ISO 8601
   */
  take({ page, url, figures, dropped }: Beacon, time: string): KeptPage {
    let kept = this.#loads.get(page);
    if (kept === undefined) {
      kept = {
        page,
        url,
        time,
        figures: {},
        requests: [],
        dropped: 0,
        sessions: new Set(),
        began: Infinity,
        bytes: 0,
      };
      this.#loads.set(page, kept);
      this.#grow(kept, ENTRY_BYTES + 2 * (page.length + url.length));
    }
    kept.dropped += dropped;
    for (const [name, figure] of Object.entries(figures)) {
      const before = kept.figures[name];
      this.#grow(
        kept,
        figureBytes(figure) - (before === undefined ? 0 : figureBytes(before)),
      );
      kept.figures[name] = figure;
    }
    this.#makeRoom(kept);
    return kept;
  }

  /** Adds a request to a load. */
  add(kept: KeptPage, request: PageRequest): void {
    if (kept.requests.length >= MOST_REQUESTS) {
      kept.dropped++;
      return;
    }
    kept.requests.push(request);
    const { initiator, method, protocol, url } = request;
    const texts = url.length + initiator.length + protocol.length +
      (method?.length ?? 0);
    this.#grow(kept, REQUEST_BYTES + 2 * texts);
    this.#makeRoom(kept);
  }

  /** Removes all loads. */
  clear(): void {
    this.#loads.clear();
    this.#bytes = 0;
  }

  #grow(kept: KeptPage, bytes: number): void {
    kept.bytes += bytes;
    this.#bytes += bytes;
  }

  /** Removes the oldest loads beyond the bounds. One load never takes all the bytes. */
  #makeRoom(current: KeptPage): void {
    for (const [id, { bytes }] of this.#loads) {
      if (this.#loads.size <= this.capacity && this.#bytes <= PAGES_BYTES) {
        return;
      }
      if (id === current.page) continue;
      this.#loads.delete(id);
      this.#bytes -= bytes;
    }
  }
}

function figureBytes({ attribution, rating }: PageFigure): number {
  let bytes = ENTRY_BYTES + 2 * rating.length;
  for (const [name, part] of Object.entries(attribution)) {
    bytes += ENTRY_BYTES +
      2 * (name.length + (typeof part === "string" ? part.length : 0));
  }
  return bytes;
}
