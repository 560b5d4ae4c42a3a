/**
 * Several drafts as one: routes of one file get the times that another one measured.
 *
 * @module
 */
import { Draft, type DraftRoute } from "./draft.ts";

/** Joins drafts, in their order. Routes without a time take that of a later route for the same requests. */
export function combined(drafts: readonly Draft[]): Draft {
  if (drafts.length === 1) return drafts[0];
  const all = new Draft(drafts.map(({ source }) => source).join(", "));
  for (const draft of drafts) {
    all.left.addAll(draft.left);
    all.changed.addAll(draft.changed);
    all.notes.push(...draft.notes);
    all.scenarios.push(...draft.scenarios);
    for (const [name, profile] of draft.profiles) {
      all.profiles.set(name, profile);
    }
    let timed = 0;
    const before = all.routes.length;
    for (const route of draft.routes) {
      const place = placeFor(route, all.routes.slice(0, before));
      const known = place === undefined ? undefined : all.routes[place];
      if (place === undefined || known === undefined) {
        all.routes.push(route);
        continue;
      }
      timed++;
      const { response: _, ...others } = route.settings;
      all.routes[place] = {
        ...known,
        serviceTime: route.serviceTime,
        timeNotes: [
          ...route.timeNotes ?? [],
          `Measured as ${[route.method].flat().join(", ")} ${route.path}.`,
        ],
        settings: { ...known.settings, ...others },
      };
    }
    if (timed > 0) {
      all.notes.push(`${timed} routes have times of the ${draft.source}.`);
    }
  }
  return all;
}

/** Index of the route that answers the same requests and has no time yet; undefined if there is none. */
function placeFor(
  route: DraftRoute,
  routes: readonly DraftRoute[],
): number | undefined {
  if (route.serviceTime === undefined || route.when !== undefined) {
    return undefined;
  }
  let best: { place: number; literal: number } | undefined;
  for (const [place, known] of routes.entries()) {
    if (known.serviceTime !== undefined || known.when !== undefined) continue;
    if (
      ![known.method].flat().some((one) => one === route.method || one === "*")
    ) continue;
    const literal = literalParts(known.path, route.path);
    if (literal !== undefined && literal > (best?.literal ?? -1)) {
      best = { place, literal };
    }
  }
  return best?.place;
}

/** Number of segments that two paths share literally; undefined where they are for different requests. */
function literalParts(known: string, path: string): number | undefined {
  const first = known.slice(1).split("/");
  const second = path.slice(1).split("/");
  if (first.length !== second.length) return undefined;
  let literal = 0;
  for (const [index, segment] of first.entries()) {
    if (segment.startsWith(":")) continue;
    if (segment !== second[index]) return undefined;
    literal++;
  }
  return literal;
}
