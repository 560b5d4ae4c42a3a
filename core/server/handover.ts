/**
 * State that a process takes over from another before it listens, when it takes the place of one that has ended.
 *
 * @module
 */
import type { Peers } from "../fleet/peers.ts";
import { takeOver, type WorldHandover } from "../world/handover.ts";
import type { World } from "../world/world.ts";
import type { Sessions, SessionsHandover } from "./sessions.ts";

/** Options of a server that is one of several replicas. */
export interface ReplicaOptions {
  /** Replicas of which this server is one. Default none: it stands alone. */
  readonly peers?: Peers;
  /** Port that this process shares with others, in place of the configuration's; undefined if it shares none. */
  readonly sharedPort?: number;
  /** State of another replica that this one takes over before it listens. Default none. */
  readonly handover?: Handover;
}

/** State of a server, as JSON data. */
export interface Handover {
  /** State of the server itself. */
  readonly main: WorldHandover;
  /** State of its sessions. */
  readonly sessions: SessionsHandover;
}

/**
 * Gives a server the state of another, after a start with its configuration.
 *
 * @param handover undefined for nothing
 * @throws PerfmockError if a part of it cannot be taken over
 */
export async function takeOverAll(
  handover: Handover | undefined,
  { main, makeWorld, sessions }: {
    readonly main: World;
    readonly sessions: Sessions;
    /** Makes the world of a session. */
    readonly makeWorld: (name: string) => World;
  },
): Promise<void> {
  if (handover === undefined) return;
  await takeOver(main, handover.main);
  await sessions.takeOver(handover.sessions, async (name, state) => {
    const world = makeWorld(name);
    await world.start({ ...main.revision.input, value: state.value });
    await takeOver(world, state);
    return world;
  });
}
