/**
 * A heap that requests fill until a collection stops everything: R. Jones, A. Hosking, E. Moss, "The Garbage Collection
 * Handbook" (2011), chapter 1.
 *
 * @module
 */
import type { Exchange, InFlight, Stream } from "../../../core/plugin.ts";
import type { Backend } from "../edge/mod.ts";
import { HIGHEST } from "./_poles.ts";
import type { Degradation } from "./parts.ts";
import type { GcPauseSettings } from "./settings.ts";

/** What collections are made of. */
export interface Collector {
  /** Whose heap it is. */
  readonly backend: Backend;
  /** Whether it stops its own requests alone, not all of the server. */
  readonly apart: boolean;
  /** Whom it stops. */
  readonly inFlight: InFlight;
  /** What pauses are drawn from, by the sequence number of the exchange that fills the heap. */
  readonly stream: Stream;
  /** The share of the heap that live data occupies, at a time on the clock. */
  readonly occupied: (at: number) => number;
}

/**
 * How many bytes can be allocated between two collections.
 *
 * @param heap bytes
 * @param occupied the share that live data takes; from 0.99 on it counts as 0.99
 */
export function headroom(heap: number, occupied: number): number {
  return heap * (1 - Math.min(occupied, HIGHEST));
}

/**
 * The model on a route: it adds the pause to the exchange that fills the heap and postpones all others. Who comes during the
 * pause waits for its end, on whichever route of the backend: {@linkcode stopped}.
 */
export function collect(
  { perRequest, heap, pause }: GcPauseSettings,
  { backend, apart, inFlight, stream, occupied }: Collector,
): Degradation {
  return (exchange) => {
    const { start, sequence } = exchange;
    backend.heapBytes += perRequest;
    // Who comes during a pause runs after it: only then can it bring about the next.
    if (start < backend.pausedUntil) return 0;
    if (backend.heapBytes < headroom(heap, occupied(start))) return 0;
    backend.heapBytes = 0;
    backend.collections++;
    const duration = pause.draw(stream, sequence);
    if (duration > 0) {
      backend.pausedMs += duration;
      backend.pausedUntil = start + duration;
      const others = (other: Exchange) =>
        other !== exchange && (!apart || backend.serves(other));
      inFlight.postpone(duration, others);
    }
    return duration;
  };
}

/**
 * How long a service that begins now waits for the end of the present pause.
 *
 * @param at the start of service, on the clock
 * @returns milliseconds
 */
export function stopped(backend: Backend, at: number): number {
  return Math.max(0, backend.pausedUntil - at);
}
