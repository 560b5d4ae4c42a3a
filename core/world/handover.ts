/**
 * State of a world that another replica of a fleet takes over: a process that takes another's place goes on as the others do.
 *
 * @module
 */
import type { BackendChange } from "../control/backend_control.ts";
import type { World } from "./world.ts";

/** State of a world, as JSON data. */
export interface WorldHandover {
  /** Configuration as written. */
  readonly value: unknown;
  /** URL of the folder that relative paths start from. */
  readonly folder: string;
  /** Number of the revision in force. */
  readonly revision: number;
  /** Values that the control API has set, and the preset. */
  readonly backend: BackendChange;
  /** Sequence number of the next arrival at this replica, by route id. */
  readonly sequences: Readonly<Record<string, number>>;
}

/** Returns the state of a world for another replica. */
export function stateOf(world: World): WorldHandover {
  const { value, folder } = world.revision.input;
  const { preset, ...pace } = world.backend.pace;
  return {
    value,
    folder: folder.href,
    revision: world.number,
    backend: { ...pace, ...preset && { preset: world.preset ?? null } },
    sequences: Object.fromEntries(
      Array.from(world.sequences, ([id, { next }]) => [id, next]),
    ),
  };
}

/**
 * Gives a world the state of another replica, after a start with its configuration. Sequence numbers go on where the other replica is: a
 * process that ended has taken about as many.
 *
 * @throws PerfmockError if a dial cannot be held
 */
export async function takeOver(
  world: World,
  { backend, revision, sequences }: WorldHandover,
): Promise<void> {
  await world.backend.change(backend);
  world.renumber(revision);
  for (const [id, next] of Object.entries(sequences)) {
    world.sequences.get(id)?.skipTo(next);
  }
}
