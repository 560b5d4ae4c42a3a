/**
 * A route as plugins see it.
 *
 * @module
 */
import type { RouteSettings } from "../config/mod.ts";
import { createStream, hashKey, type StreamKey } from "../lib/random/mod.ts";
import type { SequenceCounter } from "../pipeline/exchange.ts";
import type { Route, Stream } from "../plugin.ts";

/** A route as plugins see it. */
export class RouteView implements Route {
  readonly id: string;
  readonly methods: readonly string[];
  readonly path: string;
  readonly repeatsTurns: boolean;
  readonly #key: StreamKey;
  readonly #sequences: ReadonlyMap<string, SequenceCounter>;

  /**
   * @param identity id, methods, path and turns
   * @param key of the route's random streams
   * @param sequences next sequence number of each route, by id
   */
  constructor(
    { id, methods, path, turns }:
      & Pick<Route, "id" | "methods" | "path">
      & Pick<RouteSettings, "turns">,
    key: StreamKey,
    sequences: ReadonlyMap<string, SequenceCounter>,
  ) {
    this.id = id;
    this.methods = methods;
    this.path = path;
    this.repeatsTurns = turns?.repeats ?? false;
    this.#key = key;
    this.#sequences = sequences;
  }

  get arrivals(): number {
    return this.#sequences.get(this.id)?.next ?? 0;
  }

  stream(purpose: string): Stream {
    return createStream(this.#key, purpose);
  }

  placeOf(text: string): number {
    return hashKey(text);
  }
}
