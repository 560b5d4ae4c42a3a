/**
 * One core, shared by all requests alike: L. Kleinrock, "Queueing Systems" vol. II (1976), chapter 4.
 *
 * @module
 */
import { odds } from "./_poles.ts";
import type { Degradation, Reading } from "./parts.ts";

/**
 * What sharing the core adds to a service, so that it takes S / (1 − ρ) in all; ρ from 0.99 on counts as 0.99.
 *
 * @param service S, in milliseconds
 * @param utilisation ρ, at least 0
 * @returns milliseconds
 */
export function processorSharing(service: number, utilisation: number): number {
  return service * odds(utilisation);
}

/** The model on a route. */
export function shareProcessor({ share }: Reading): Degradation {
  return ({ service, start }) => processorSharing(service, share(start));
}
