/**
 * A request taken apart: where the time went that a browser waited for it.
 *
 * A browser's times (Resource Timing) divide the time from `startTime` to `responseEnd` without a gap; the part between
 * `requestStart` and `responseStart` is divided further by what the server measured:
 *
 *     redirect · stall · dns · connect · ( queue · service · degrade · gap ) · download
 *
 * @see https://www.w3.org/TR/resource-timing/
 * @module
 */

/** Names of the phases, in the order in which a request meets them. */
export const PHASES = [
  "redirect",
  "stall",
  "dns",
  "connect",
  "queue",
  "service",
  "degrade",
  "gap",
  "download",
] as const;

/** Name of a phase. */
export type Phase = typeof PHASES[number];

/** Times of a request as its browser sees them, in ms since the page's time origin; 0 where the browser does not tell. */
export interface BrowserTimes {
  /** Time at which the fetch began, redirects included. */
  readonly startTime: number;
  /** End of the last redirect; 0 without one. */
  readonly redirectEnd: number;
  /** Start of the fetch of the final URL. */
  readonly fetchStart: number;
  /** Start of the name's lookup. */
  readonly domainLookupStart: number;
  /** End of the name's lookup. */
  readonly domainLookupEnd: number;
  /** Start of the connection. */
  readonly connectStart: number;
  /** End of the connection, TLS included. */
  readonly connectEnd: number;
  /** Time at which the request began to be sent. */
  readonly requestStart: number;
  /** Time of the first byte of the response. */
  readonly responseStart: number;
  /** Time of the last byte of the response. */
  readonly responseEnd: number;
}

/** Times of the same request in the server, in ms. */
export interface ServerTimes {
  /** Time in queues. */
  readonly queue: number;
  /** Service time, lateness included. */
  readonly service: number;
  /** Time added by degradation. */
  readonly degrade: number;
}

/**
 * Step of the coarsest clock that a browser gives to pages, in ms: that of Firefox where it resists fingerprinting. A difference of
 * two times may be too small by this much.
 */
const COARSEST_CLOCK = 100;

/** Durations of the phases of a request, in ms. Their sum is the time from its start to the last byte of its response. */
export type Phases = Readonly<Record<Phase, number>>;

/**
 * Divides the time of a request into phases.
 *
 * - `redirect`: from the start to the fetch of the final URL
 * - `stall`: time in the browser before anything was sent that is neither lookup nor connection, such as the wait for one of the six
 *   connections that it opens to a host over HTTP/1.1
 * - `dns`, `connect`: lookup of the name; connection, TLS included
 * - `queue`, `service`, `degrade`: as the server measured them, from arrival to headers
 * - `gap`: the rest of the time from the start of the request to the first byte of the response: network, kernels, and the browser's
 *   own delays. Below 0 where the browser reported the first byte too early
 * - `download`: from the first to the last byte of the response
 *
 * @returns undefined if the browser tells nothing between the start and the end of the request
 */
export function phasesOf(
  browser: BrowserTimes,
  server: ServerTimes,
): Phases | undefined {
  const { startTime, fetchStart, requestStart, responseStart, responseEnd } =
    browser;
  if (requestStart === 0 || responseStart === 0) return undefined;
  const redirect = browser.redirectEnd > 0 ? fetchStart - startTime : 0;
  const dns = browser.domainLookupEnd - browser.domainLookupStart;
  const connect = browser.connectEnd - browser.connectStart;
  const { queue, service, degrade } = server;
  return {
    redirect,
    stall: requestStart - startTime - redirect - dns - connect,
    dns,
    connect,
    queue,
    service,
    degrade,
    gap: responseStart - requestStart - queue - service - degrade,
    download: responseEnd - responseStart,
  };
}

/**
 * Returns true if a phase is shorter than any clock can make it: a clock has jumped in between, as over a suspension, or the times
 * are those of another exchange.
 */
export function clockJumped(phases: Phases): boolean {
  return PHASES.some((phase) => phases[phase] < -COARSEST_CLOCK);
}
