/**
 * Requests of a page load, from the browser's events: those under way, and times of those that ended.
 *
 * @module
 */
import type { Request } from "playwright-core";
import type { Clock } from "../../../core/plugin.ts";
import type { SeenRequest } from "./probe.ts";
import { sleep } from "./waiting.ts";

/** Part of Playwright's request that is used. */
export type BrowserRequest = Pick<
  Request,
  "url" | "method" | "resourceType" | "timing"
>;

/**
 * Kinds of requests that may go on for as long as the page lives, or whose end changes nothing that a user sees: a page settles
 * without them.
 */
const ENDLESS: ReadonlySet<string> = new Set([
  "eventsource",
  "media",
  "ping",
  "websocket",
]);

/**
 * Time without data after which a response counts as read, in ms. The browser does not end a response whose body the page leaves
 * unread, and which it may not store.
 */
const UNREAD = 1000;

/** Number of equal requests from which on a page may ask for something without end. */
const OFTEN = 4;

/** Maximum number of requests that are kept of a load. */
export const MOST_SEEN = 10_000;

interface Tracked {
  readonly request: BrowserRequest;
  /** Time of the event, on the server's clock. */
  readonly at: number;
  /** Time of the response headers; undefined before. */
  responded: number | undefined;
  /** Status of the response; undefined before, and where it is not known. */
  status: number | undefined;
  /** Time of the end; undefined while the request is under way. */
  ended: number | undefined;
  /** True if the page settles no earlier than this request. */
  readonly counts: boolean;
}

/** Follows the requests of one load. */
export class PageRequests {
  readonly #clock: Clock;
  readonly #ignored: readonly URLPattern[];
  readonly #tracked = new Map<BrowserRequest, Tracked>();
  readonly #busy = new Set<Tracked>();
  readonly #watch: () => Promise<void>;
  #watching = false;
  #document: BrowserRequest | undefined;
  #quietSince: number;
  #dataAt = 0;
  #changed = Promise.withResolvers<void>();

  /**
   * Starts with no request.
   *
   * @param ignored requests that a page settles without
   * @param watch asked once, when nothing but bodies of responses is missing: from then on {@linkcode PageRequests.data} is called
   */
  constructor(
    clock: Clock,
    ignored: readonly URLPattern[],
    watch: () => Promise<void>,
  ) {
    this.#clock = clock;
    this.#ignored = ignored;
    this.#watch = watch;
    this.#quietSince = clock.now();
  }

  /** Takes the start of a request. */
  started(request: BrowserRequest): void {
    const url = request.url();
    if (!/^https?:/.test(url) || this.#tracked.size >= MOST_SEEN) return;
    const tracked: Tracked = {
      request,
      at: this.#clock.now(),
      responded: undefined,
      status: undefined,
      ended: undefined,
      counts: !ENDLESS.has(request.resourceType()) &&
        !this.#ignored.some((pattern) => pattern.test(url)),
    };
    this.#tracked.set(request, tracked);
    if (!tracked.counts) return;
    this.#busy.add(tracked);
    this.#change();
  }

  /** Takes the navigation to a document, whose request is the first one from now on. */
  navigated(request: BrowserRequest): void {
    this.#document = request;
  }

  /** Takes the headers of a response. */
  responded(request: BrowserRequest, status?: number): void {
    const tracked = this.#tracked.get(request);
    if (tracked === undefined) return;
    tracked.responded = this.#clock.now();
    tracked.status = status;
    if (tracked.counts) this.#change();
  }

  /** Takes the arrival of data. */
  data(): void {
    this.#dataAt = this.#clock.now();
  }

  /** Takes the end of a request, also of one that failed. */
  ended(request: BrowserRequest): void {
    const tracked = this.#tracked.get(request);
    if (tracked === undefined || tracked.ended !== undefined) return;
    tracked.ended = this.#clock.now();
    if (!this.#busy.delete(tracked)) return;
    this.#quietSince = tracked.ended;
    this.#change();
  }

  /** Begins the quiet time anew, as after an input. */
  restart(): void {
    this.#quietSince = this.#clock.now();
  }

  /** Time for which no request has been under way, in ms; 0 while one is. */
  get idle(): number {
    return this.#busy.size > 0 ? 0 : this.#clock.now() - this.#quietSince;
  }

  /** Requests under way that a page settles after, such as `GET http://…/api/cart`. */
  get underWay(): string[] {
    return [...this.#busy].map(({ request }) =>
      `${request.method()} ${request.url().slice(0, 200)}`
    );
  }

  /** Request that was made most often, if it was made again and again, in words; undefined for none. */
  get repeated(): string | undefined {
    const counts = new Map<string, number>();
    for (const { counts: isAwaited, request } of this.#tracked.values()) {
      if (!isAwaited) continue;
      // Polls often differ in their query alone.
      const [path] = request.url().split(/[?#]/);
      const key = `${request.method()} ${path.slice(0, 200)}`;
      counts.set(key, (counts.get(key) ?? 0) + 1);
    }
    const [most] = [...counts].sort(([, a], [, b]) => b - a);
    return most === undefined || most[1] < OFTEN
      ? undefined
      : `${most[0]} was made ${most[1]} times`;
  }

  /** Waits until no request has been under way for a time, in ms, or a signal is given. */
  async quiet(time: number, signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const changed = this.#changed.promise;
      const left = this.#busy.size > 0
        ? await this.#unread(time)
        : time - this.idle;
      if (left <= 0) return;
      await sleep(this.#clock, left, signal, changed);
    }
  }

  /**
   * Time until requests whose bodies alone are missing count as ended, if no data comes, in ms; Infinity where others are under way.
   *
   * @param time time without a change after which data are watched for
   */
  async #unread(time: number): Promise<number> {
    let last = 0;
    for (const { responded } of this.#busy) {
      if (responded === undefined) return Infinity;
      last = Math.max(last, responded);
    }
    const rest = last + time - this.#clock.now();
    if (rest > 0) return rest;
    if (!this.#watching) {
      this.#watching = true;
      await this.#watch();
      this.data();
    }
    const left = this.#dataAt + UNREAD - this.#clock.now();
    if (left > 0) return left;
    for (const tracked of this.#busy) {
      tracked.ended = tracked.responded;
      this.#quietSince = Math.max(this.#quietSince, last);
    }
    this.#busy.clear();
    return time - this.idle;
  }

  /**
   * Returns the requests so far in the order of their starts, from that of the latest document on. A request that is still under way
   * ends now.
   *
   * @param first start of the request of the document, in ms since navigation
   */
  seen(first: number): SeenRequest[] {
    const now = this.#clock.now();
    const every = [...this.#tracked.values()];
    const place = every.findIndex((one) => one.request === this.#document);
    const all = every.slice(Math.max(0, place));
    if (all.length === 0) return [];
    const [{ at, request }] = all;
    // The browser's own times where it gives them: events are late by the way through its pipe.
    const origin = startOf(request) ?? 0;
    return all.map((tracked) => {
      const { startTime, responseEnd } = tracked.request.timing();
      const known = origin > 0 && startTime > 0;
      const startMs = first +
        Math.max(0, known ? startTime - origin : tracked.at - at);
      const endMs = known && tracked.ended !== undefined && responseEnd >= 0
        ? startMs + responseEnd
        : Math.max(startMs, first + (tracked.ended ?? now) - at);
      return {
        url: tracked.request.url().split("#")[0],
        method: tracked.request.method(),
        startMs,
        endMs,
        type: tracked.request.resourceType(),
        ...tracked.status !== undefined && { status: tracked.status },
      };
    }).sort((a, b) => a.startMs - b.startMs);
  }

  #change(): void {
    this.#changed.resolve();
    this.#changed = Promise.withResolvers();
  }
}

function startOf(request: BrowserRequest): number | undefined {
  const { startTime } = request.timing();
  return startTime > 0 ? startTime : undefined;
}
