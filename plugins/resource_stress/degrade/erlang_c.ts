/**
 * The mean wait for one of c cores: D. Gross, J. F. Shortle, J. M. Thompson, C. M. Harris, "Fundamentals of Queueing Theory"
 * (4th ed.), section 2.3.
 *
 * @module
 */
import { HIGHEST } from "./_poles.ts";
import type { Degradation, Reading } from "./parts.ts";

/**
 * The mean wait of M/M/c over the mean service time: C(c, c·ρ) / (c · (1 − ρ)), C by the recursion of Erlang B, which no number
 * of cores makes overflow; ρ from 0.99 on counts as 0.99.
 *
 * @param utilisation ρ, at least 0
 * @param servers c, at least 1; with Infinity nobody waits
 */
export function erlangCFactor(utilisation: number, servers: number): number {
  const rho = Math.min(utilisation, HIGHEST);
  if (rho === 0 || servers === Infinity) return 0;
  const offered = servers * rho;
  let blocked = 1;
  for (let k = 1; k <= servers; k++) {
    blocked = offered * blocked / (k + offered * blocked);
  }
  return blocked / (1 - rho * (1 - blocked)) / (servers * (1 - rho));
}

/** The model on a route; the factor is worked out anew only where the utilisation or the number of cores has changed. */
export function waitForCore({ share, servers }: Reading): Degradation {
  let rho = 0;
  let cores = 1;
  let factor = 0;
  return ({ service, start }) => {
    const utilisation = share(start);
    const present = servers();
    if (utilisation !== rho || present !== cores) {
      rho = utilisation;
      cores = present;
      factor = erlangCFactor(rho, cores);
    }
    return service * factor;
  };
}
