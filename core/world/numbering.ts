/**
 * Sequence numbers of the routes of one world: its own, those of a segment, or those that replicas share.
 *
 * @module
 */
import type { SequenceCounter } from "../pipeline/exchange.ts";
import { SequenceNumbers } from "../pipeline/sequence.ts";
import type { Clock, SharedStore } from "../plugin.ts";
import type { Segment } from "../scale/segment.ts";
import { SequenceBlocks } from "../shared/sequence_blocks.ts";
import type { Log } from "./state.ts";

/** World whose routes are numbered. */
export interface NumberedWorld {
  /** Clock of the world. */
  readonly clock: Clock;
  /** Name of the session; undefined for the server's own world. */
  readonly session: string | undefined;
  /** Log of the server. */
  readonly log: Log;
  /** Replica that the world is. */
  readonly segment: Segment;
}

/** Sources of the sequence numbers of all routes. */
export class Numbering implements Disposable {
  /** Source of each route's numbers, by its id. */
  readonly sequences = new Map<string, SequenceCounter>();
  readonly #world: NumberedWorld;
  #blocks: SequenceBlocks | undefined;

  constructor(world: NumberedWorld) {
    this.#world = world;
  }

  /** Takes numbers from now on that replicas share; those with segments need to ask nobody. */
  share(store: SharedStore | undefined): void {
    const { clock, session, log, segment } = this.#world;
    if (store === undefined || segment.count > 1) return;
    this.#blocks ??= new SequenceBlocks({
      store,
      clock,
      session,
      log,
      counters: () => this.sequences.values(),
    });
  }

  /** Returns the source of a route's numbers: the one there is, or a new one. */
  of(id: string): SequenceCounter {
    let counter = this.sequences.get(id);
    if (counter === undefined) {
      counter = this.#blocks?.counter(id) ??
        new SequenceNumbers(this.#world.segment);
      this.sequences.set(id, counter);
    }
    return counter;
  }

  /** Makes the sources of routes, and resolves when all have numbers. */
  async ready(ids: readonly string[] = []): Promise<void> {
    if (this.#blocks === undefined) return;
    for (const id of ids) this.of(id);
    await this.#blocks.ready();
  }

  [Symbol.dispose](): void {
    this.#blocks?.[Symbol.dispose]();
  }
}
