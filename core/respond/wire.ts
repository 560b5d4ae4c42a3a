/**
 * When each piece of a body may leave: gaps between pieces, and a bandwidth with a burst. Absolute: a piece that leaves late
 * does not make the next one late.
 *
 * @module
 */
import type { Distribution, Route } from "../plugin.ts";

/** A line's capacity. */
export interface Bandwidth {
  /** In bytes a second, above 0. */
  readonly rate: number;
  /** How many bytes may leave at once after a rest; 0 for an even flow. */
  readonly burst: number;
}

/** How a body leaves, after the headers. */
export interface WireSettings {
  /** The time between one piece and the next. */
  readonly gap?: Distribution | undefined;
  /** The size of a piece, in bytes. */
  readonly chunk?: number | undefined;
  /** The line's capacity. */
  readonly bandwidth?: Bandwidth | undefined;
}

/** The size of a piece where none is given, in bytes. */
export const CHUNK = 16 * 1024;

/** The schedule of one body. */
export interface Schedule {
  /** When the next piece, of so many bytes, is to be handed over, on the clock; at least the time before it. */
  next(bytes: number): number;
}

/**
 * Binds the wire of a route to its stream "wire". The first piece follows the headers at once, unless the bandwidth holds it;
 * gap i of exchange n is drawn at the place that the text "n/i" stands for, since a body has more pieces than an exchange
 * has draws.
 *
 * The bandwidth is a token bucket, full at the start, in its virtual-time form (ITU-T I.371, the generic cell rate
 * algorithm): a piece leaves when its last byte has passed the line.
 */
export function wireSchedule(
  { gap, bandwidth }: WireSettings,
  route: Pick<Route, "stream" | "placeOf">,
): (sequence: number, start: number) => Schedule {
  const stream = route.stream("wire");
  const perByte = bandwidth === undefined ? 0 : 1000 / bandwidth.rate;
  const rest = bandwidth === undefined ? 0 : bandwidth.burst * perByte;
  return (sequence, start) => {
    let due = start;
    let clear = -Infinity;
    let piece = 0;
    return {
      next(bytes) {
        if (piece > 0 && gap !== undefined) {
          due += gap.draw(stream, route.placeOf(`${sequence}/${piece}`));
        }
        piece++;
        if (bandwidth !== undefined) {
          clear = Math.max(clear, due - rest) + bytes * perByte;
          due = Math.max(due, clear);
        }
        return due;
      },
    };
  };
}
