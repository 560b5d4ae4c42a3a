/**
 * Figures of a fleet for the control API of one replica.
 *
 * @module
 */
import type { PerfmockConfig } from "../config/mod.ts";
import type { FleetFigures, Health } from "../control/builtin_endpoints.ts";
import type { SessionDescription } from "../control/session_endpoints.ts";
import type { LiveFeed } from "../observe/live_feed.ts";
import type {
  Clock,
  Instance,
  JournalEntry,
  ReplicaAnswer,
} from "../plugin.ts";
import type { Fleet } from "./fleet.ts";
import { fleetFeed, statsOf } from "./fleet_feed.ts";
import { mergeHealth } from "./merged_health.ts";
import { mergeRequests } from "./merged_requests.ts";
import type { MergesOf } from "./merged_stats.ts";
import type { FleetCall } from "./peers.ts";

/** Configuration in force of one replica. */
export interface FleetWorld {
  /** Name of the session; undefined for the server itself. */
  readonly session: string | undefined;
  /** Clock. */
  readonly clock: Clock;
  /** Plugins of the revision in force. */
  readonly revision: {
    readonly plugins: readonly {
      readonly plugin: { readonly name: string };
      readonly instance: Pick<Instance, "merge">;
    }[];
  };
  /** Returns the figures of this replica, each histogram with its content where `part` is true. */
  statsText(part: boolean): Promise<BodyInit>;
}

/** Settings of calls to other replicas. */
type CallSettings = Pick<PerfmockConfig, "control" | "sessions">;

const feeds = new WeakMap<FleetWorld, LiveFeed>();

/** Makes the figures of a fleet as the control API of one world shows them. */
export function fleetFigures(
  fleet: Fleet,
  world: FleetWorld,
  config: () => CallSettings,
): FleetFigures {
  const mergesOf: MergesOf = (name) =>
    world.revision.plugins.find(({ plugin }) => plugin.name === name)
      ?.instance.merge;
  return {
    // Revisions share the feed of their world, since its readers outlive them.
    get live() {
      let feed = feeds.get(world);
      if (feed === undefined) {
        feed = fleetFeed({
          fleet,
          clock: world.clock,
          call: () => ownCall("GET", "/stats", config(), world.session),
          own: () => world.statsText(true),
          mergesOf,
        });
        feeds.set(world, feed);
      }
      return feed;
    },
    stats: (answers) => statsOf(answers, mergesOf),
    health: (answers) => healthOf(fleet, answers),
    requests: (answers, limit) =>
      mergeRequests(
        answers.map(({ name, answer }) => ({
          name,
          requests: (answer as { readonly requests: JournalEntry[] }).requests,
        })),
        limit,
      ),
  };
}

/** Ends the feed of a world. */
export function endFeed(world: FleetWorld): void {
  feeds.get(world)?.[Symbol.dispose]();
}

function healthOf(
  { peers }: Fleet,
  answers: readonly ReplicaAnswer[],
): Health {
  const answered = new Set(answers.map(({ name }) => name));
  const missing = peers.list().filter(({ name }) => !answered.has(name))
    .map(({ error = "it did not answer", name }) => `${name}: ${error}`);
  return mergeHealth(
    answers.map(({ name, answer }) => ({ name, health: answer as Health })),
    missing,
    peers.reasons(),
  );
}

/** Makes a call of this replica to the others. */
export function ownCall(
  method: string,
  path: string,
  { control, sessions }: CallSettings,
  session?: string,
): FleetCall {
  return {
    method,
    target: control.path + path,
    headers: {
      ...control.token !== null &&
        { authorization: `Bearer ${control.token}` },
      ...session !== undefined && { [sessions.header]: session },
    },
    body: "",
  };
}

/** Uses of a session on other replicas, and its end on all. */
export function sessionsElsewhere(fleet: Fleet, config: () => CallSettings) {
  const callFor = (method: string, name: string) =>
    ownCall(method, `/sessions/${encodeURIComponent(name)}`, config());
  return {
    async expiresMs(name: string): Promise<number> {
      const { answers } = await fleet.gather(
        callFor("GET", name),
        () => Promise.reject(new Error("it asks the others")),
      );
      return Math.max(
        0,
        ...answers.map(({ answer }) =>
          (answer as SessionDescription).expiresMs
        ),
      );
    },
    end: (name: string) => fleet.peers.change(callFor("DELETE", name)),
  };
}

/** Number of span ids that one call asks for: a longer request line would be refused. */
const SPANS_PER_CALL = 200;

/** Finds exchanges of the other replicas by their span ids. */
export async function spansElsewhere(
  fleet: Pick<Fleet, "gather">,
  config: CallSettings,
  spans: readonly string[],
): Promise<ReadonlyMap<string, JournalEntry>> {
  const found = new Map<string, JournalEntry>();
  for (let from = 0; from < spans.length; from += SPANS_PER_CALL) {
    const some = spans.slice(from, from + SPANS_PER_CALL).join(",");
    const { answers } = await fleet.gather(
      ownCall("GET", `/requests?spans=${some}`, config),
      () => Promise.reject(new Error("it asks the others")),
    );
    for (const { answer } of answers) {
      const { requests } = answer as {
        readonly requests: readonly JournalEntry[];
      };
      for (const entry of requests) found.set(entry.spanId, entry);
    }
  }
  return found;
}
