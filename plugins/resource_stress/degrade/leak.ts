/**
 * Memory that is never freed: A. Appel, "Garbage collection can be faster than stack allocation", Information Processing
 * Letters 25 (1987).
 *
 * @module
 */
import type { Backend } from "../edge/mod.ts";
import { odds } from "./_poles.ts";
import type { Degradation } from "./parts.ts";
import type { FailureSettings, LeakSettings } from "./settings.ts";

/**
 * What tracing live memory over and over adds to a service: S · overhead · ℓ / (1 − ℓ); ℓ from 0.99 on counts as 0.99.
 *
 * @param service S, in milliseconds
 * @param level ℓ, the share of the limit that is held, at least 0
 * @param overhead the share of S added where half is held
 * @returns milliseconds
 */
export function tracing(
  service: number,
  level: number,
  overhead: number,
): number {
  return service * overhead * odds(level);
}

/** The share of requests that fail at a level: from `from` on it rises in a straight line to `share` at 1. */
export function failureShare(
  level: number,
  { from, share }: Pick<FailureSettings, "from" | "share">,
): number {
  const way = (Math.min(level, 1) - from) / (1 - from);
  return way > 0 ? share * way : 0;
}

/**
 * The model on a route.
 *
 * @param level ℓ at a time on the clock
 */
export function leak(
  { overhead, perRequest }: LeakSettings,
  backend: Backend,
  level: (at: number) => number,
): Degradation {
  return ({ service, start }) => {
    const extra = tracing(service, level(start), overhead);
    backend.leakedBytes += perRequest;
    return extra;
  };
}
