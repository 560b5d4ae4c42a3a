/**
 * Warnings of counts that several replicas cannot divide: those by a value of the request, which each replica keeps for itself.
 *
 * @module
 */
import type { RouteSettings } from "../config/mod.ts";
import type { Issue } from "../errors.ts";
import type { Segment } from "../scale/segment.ts";

/**
 * Warns of turns and faults that are counted by a value of the request, where the server is one of several replicas.
 *
 * @param routes in the order of the configuration
 * @param places index of each in the configuration as written
 */
export function dividedCounts(
  routes: readonly Pick<RouteSettings, "faults" | "turns">[],
  places: readonly number[],
  { count }: Segment,
): Issue[] {
  if (count === 1) return [];
  const warning = (path: string, of: string): Issue => ({
    path,
    message:
      `Each of ${count} replicas counts requests with the same ${of} by itself: a request that reaches another replica is the first there`,
    suggestion:
      `Let the balancer send requests with the same ${of} to the same replica`,
  });
  return routes.flatMap(({ turns, faults }, index) => [
    ...turns?.per === undefined ? [] : [
      warning(
        `/routes/${places[index]}/turns/per`,
        `${turns.per.from} ${turns.per.name}`,
      ),
    ],
    ...(faults ?? []).flatMap(({ per }, place) =>
      per === undefined ? [] : [
        warning(
          `/routes/${places[index]}/faults/${place}/per`,
          per.replace(":", " "),
        ),
      ]
    ),
  ]);
}
