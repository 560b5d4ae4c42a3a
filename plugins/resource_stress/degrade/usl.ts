/**
 * The Universal Scalability Law: N. J. Gunther, "Guerrilla Capacity Planning" (2007), chapter 4; arXiv:0808.1431.
 *
 * @module
 */
import type { Degradation } from "./parts.ts";
import type { UslSettings } from "./settings.ts";

/**
 * What contention and coherency add to a service, so that N requests at once reach a throughput of
 * N / (S · (1 + α(N−1) + βN(N−1))).
 *
 * @param service S, in milliseconds
 * @param concurrency N, the request itself included; less than 1 counts as 1
 * @param law α and β
 * @returns milliseconds
 */
export function scalability(
  service: number,
  concurrency: number,
  { contention, coherency }: Pick<UslSettings, "contention" | "coherency">,
): number {
  const n = Math.max(1, concurrency);
  return service * (n - 1) * (contention + coherency * n);
}

/**
 * The model on a route.
 *
 * @param count N at a time on the clock
 */
export function scale(
  settings: UslSettings,
  count: (at: number) => number,
): Degradation {
  return ({ service, start }) => scalability(service, count(start), settings);
}
