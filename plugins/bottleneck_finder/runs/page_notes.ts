/**
 * Facts about a page's requests that a reader of the figures has to know, from the browser and the journal together: requests that
 * matched no route, and equal ones that the browser's cache lets through one after the other.
 *
 * @module
 */
import type { MadeLoad } from "./loads.ts";

/** Largest number of requests that a sentence names. */
const MOST_NAMED = 5;

/** Time by which an exchange may begin before the one before it has ended, and still is called later, in ms. */
const OVERLAP = 1;

/** Share of the loads in which equal requests must have come one after the other. */
const MOST_LOADS = 0.5;

/** Statuses with which the server answers what no route takes. */
const UNMATCHED: ReadonlySet<number> = new Set([404, 405]);

/** Returns the sentences on loads as configured. */
export function pageNotes(
  loads: readonly MadeLoad[],
  server: URL | undefined,
): string[] {
  const unmatched = unmatchedRequests(loads, server);
  const queued = queuedRequests(loads, server);
  return [
    ...unmatched.length === 0 ? [] : [
      `Requests of the page that reached perfmock and no route: ${
        listed(unmatched)
      }`,
    ],
    ...queued.length === 0 ? [] : [
      `Equal requests that the page makes at once reached perfmock one after the other, since the browser's cache lets one at a time through: ${
        listed(queued)
      }. So it is for users, too: time on the route counts once for each, unless the page asks once, or with cache: "no-store"`,
    ],
  ];
}

/** Lists names, the first of them. */
export function listed(names: readonly string[]): string {
  const more = names.length - MOST_NAMED;
  return names.slice(0, MOST_NAMED).join(", ") +
    (more > 0 ? ` and ${more} more` : "");
}

/** Requests that the server answered without a route, such as `GET /api/crat (404)`, each once. */
export function unmatchedRequests(
  loads: readonly MadeLoad[],
  server: URL | undefined,
): string[] {
  const found = new Set<string>();
  for (const { requests, entries } of loads) {
    const known = new Set(
      entries.map(({ method, path }) => `${method} ${path}`),
    );
    for (const { method, status, url } of requests) {
      if (status === undefined || !UNMATCHED.has(status)) continue;
      const path = pathAt(url, server);
      // Browsers ask for an icon without being told to.
      if (path === undefined || path === "/favicon.ico") continue;
      if (!known.has(`${method} ${path}`)) {
        found.add(`${method} ${path} (${status})`);
      }
    }
  }
  return [...found];
}

/**
 * Paths that a page asks for several times at once, in at least half of the loads, while their exchanges came one after the other:
 * the browser's cache lets one request for a URL through at a time, since the others may be answered by what it brings. An answer that
 * may not be stored lets the next one through.
 */
export function queuedRequests(
  loads: readonly MadeLoad[],
  server: URL | undefined,
): string[] {
  const times = new Map<string, number>();
  for (const { requests, entries } of loads) {
    const asked = Map.groupBy(
      requests.filter(({ method }) => method === "GET"),
      ({ url }) => pathAt(url, server),
    );
    for (const [path, equal] of asked) {
      if (path === undefined || !overlaps(equal)) continue;
      const answered = entries.filter((entry) =>
        entry.method === "GET" && entry.path === path
      ).map(({ arrivalMs, totalMs }) => ({
        startMs: arrivalMs + OVERLAP,
        endMs: arrivalMs + totalMs,
      }));
      if (answered.length < 2 || overlaps(answered)) continue;
      times.set(path, (times.get(path) ?? 0) + 1);
    }
  }
  return [...times].filter(([, count]) => count >= MOST_LOADS * loads.length)
    .map(([path]) => `GET ${path}`);
}

/** Span of time, in ms. */
interface Span {
  readonly startMs: number;
  readonly endMs: number;
}

/** True if one of them begins before the one before it has ended. */
function overlaps(spans: readonly Span[]): boolean {
  const sorted = spans.toSorted((a, b) => a.startMs - b.startMs);
  return sorted.some(({ startMs }, i) =>
    i > 0 && startMs < sorted[i - 1].endMs
  );
}

/** Path and query of a URL of a server; undefined for one of another. */
function pathAt(text: string, server: URL | undefined): string | undefined {
  const url = URL.parse(text);
  if (url === null || server === undefined) return undefined;
  const isThere = portOf(url) === portOf(server) &&
    (url.hostname === server.hostname ||
      isThisMachine(url.hostname) && isThisMachine(server.hostname));
  return isThere ? url.pathname + url.search : undefined;
}

function portOf({ port, protocol }: URL): string {
  return port !== "" ? port : protocol === "https:" ? "443" : "80";
}

/** True for the names of this machine, also for the address that stands for all of its own. */
function isThisMachine(host: string): boolean {
  return /^(.+\.)?localhost$|^127\.|^\[::1\]$|^0\.0\.0\.0$|^\[::\]$/.test(host);
}
