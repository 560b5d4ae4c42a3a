/**
 * `GET live` of a fleet: the figures of all replicas, asked for once per interval.
 *
 * @module
 */
import { LiveFeed } from "../observe/live_feed.ts";
import { inSlices } from "../observe/sliced_json.ts";
import type { Stats } from "../observe/stats.ts";
import type { Clock } from "../plugin.ts";
import type { Fleet } from "./fleet.ts";
import { type MergesOf, mergeStats } from "./merged_stats.ts";
import type { FleetCall } from "./peers.ts";

/** Sources of the figures of a fleet. */
export interface FleetFeedOptions {
  /** Replicas. */
  readonly fleet: Pick<Fleet, "gather">;
  /** Clock of this replica. */
  readonly clock: Clock;
  /** Returns the call that asks another replica for its figures. */
  readonly call: () => FleetCall;
  /** Returns the figures of this replica, each histogram with its content, as JSON. */
  readonly own: () => Promise<BodyInit>;
  /** Merges the reports of plugins. */
  readonly mergesOf: MergesOf;
}

/** Makes the feed of a fleet. */
export function fleetFeed(options: FleetFeedOptions): LiveFeed {
  return new LiveFeed({
    clock: options.clock,
    run: crypto.randomUUID().slice(0, 8),
    async snapshot() {
      const { routes, ...head } = await fleetStats(options);
      return inSlices(head, "routes", Object.entries(routes));
    },
  });
}

/** Asks all replicas for their figures, and merges them. */
export async function fleetStats(
  { call, fleet, mergesOf, own }: Omit<FleetFeedOptions, "clock">,
): Promise<Stats> {
  const { answers, complete, replicas } = await fleet.gather(
    call(),
    async () => ({
      status: 200,
      headers: {},
      body: await new Response(await own()).text(),
    }),
  );
  return { ...statsOf(answers, mergesOf), replicas, complete };
}

/** Merges answers of `GET stats` to other replicas. */
export function statsOf(
  answers: readonly { readonly name: string; readonly answer: unknown }[],
  mergesOf: MergesOf,
): Stats {
  return mergeStats(
    answers.map(({ name, answer }) => ({ name, stats: answer as Stats })),
    mergesOf,
  );
}
