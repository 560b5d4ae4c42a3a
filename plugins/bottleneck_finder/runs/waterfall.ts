/**
 * Waterfall of the load whose figure is nearest to the median.
 *
 * @module
 */
import type { WaterfallRequest } from "../../../core/find.ts";
import type { MadeLoad } from "./loads.ts";

/** Maximum number of requests in a waterfall. */
const MOST_REQUESTS = 200;

/**
 * Returns the requests of the load whose figure is nearest to the median: those that the page was seen to make, or else the
 * exchanges of the journal since the first one.
 */
export function waterfallOf(
  loads: readonly MadeLoad[],
  median: number,
): WaterfallRequest[] {
  const distance = ({ figure }: MadeLoad) => Math.abs(figure - median);
  const [nearest] = loads.toSorted((a, b) => distance(a) - distance(b));
  if (nearest === undefined) return [];
  const { entries, requests } = nearest;
  if (requests.length === 0) {
    const first = Math.min(...entries.map(({ arrivalMs }) => arrivalMs));
    return entries.toSorted((a, b) => a.arrivalMs - b.arrivalMs)
      .slice(0, MOST_REQUESTS)
      .map(({ method, path, pattern, route, arrivalMs, totalMs }) => ({
        url: `${method} ${path ?? pattern}`,
        route,
        start: arrivalMs - first,
        end: arrivalMs - first + totalMs,
      }));
  }
  const routes = new Map(
    entries.map(({ method, path, route }) => [`${method} ${path}`, route]),
  );
  return requests.slice(0, MOST_REQUESTS).map((
    { method, startMs, endMs, url },
  ) => {
    const { pathname, search } = new URL(url);
    return {
      url,
      route: routes.get(`${method} ${pathname}${search}`) ?? null,
      start: startMs,
      end: endMs,
    };
  });
}
