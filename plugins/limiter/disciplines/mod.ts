/**
 * Queue disciplines: who is next.
 *
 * @module
 */
import type { Stream } from "../../../core/plugin.ts";
import { LinkedQueue } from "./linked.ts";
import { PriorityQueue } from "./priority.ts";
import type { Queue } from "./queue.ts";
import { RandomQueue } from "./random.ts";

export type { Queue } from "./queue.ts";

/** How the next one is chosen among those who wait. */
export type Discipline = "fifo" | "lifo" | "random" | "priority";

/** The disciplines there are. */
export const DISCIPLINES = [
  "fifo",
  "lifo",
  "random",
  "priority",
] as const satisfies readonly Discipline[];

/** An empty queue of a discipline; the stream is for `random`. */
export function createQueue(discipline: Discipline, stream: Stream): Queue {
  switch (discipline) {
    case "fifo":
    case "lifo":
      return new LinkedQueue(discipline);
    case "random":
      return new RandomQueue(stream);
    case "priority":
      return new PriorityQueue();
  }
}
