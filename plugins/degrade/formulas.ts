/**
 * Formulas of the degradation models, as pure functions. docs/degradation.md explains them and lists their sources.
 *
 * @module
 */
import type {
  FailureSettings,
  Step,
  Threshold,
  UslSettings,
} from "./settings.ts";

/** Highest utilisation that a formula with a pole at 1 is given. */
const MAX_UTILISATION = 0.99;

/**
 * Time that processor sharing adds to a service, so that it takes S / (1 − ρ) in all: L. Kleinrock, "Queueing Systems" vol. II
 * (1976), chapter 4.
 *
 * @param service S, in ms
 * @param utilisation ρ, at least 0; values above 0.99 count as 0.99
 * @returns ms
 */
export function processorSharing(service: number, utilisation: number): number {
  return service * odds(utilisation);
}

/**
 * Mean wait of M/M/c divided by the mean service time, C(c, c·ρ) / (c · (1 − ρ)): D. Gross, J. F. Shortle, J. M. Thompson,
 * C. M. Harris, "Fundamentals of Queueing Theory" (4th ed.), section 2.3. C is computed by the recursion of Erlang B, which does
 * not overflow for large c.
 *
 * @param utilisation ρ, at least 0; values above 0.99 count as 0.99
 * @param servers c, at least 1; the wait is 0 for Infinity
 */
export function erlangCFactor(utilisation: number, servers: number): number {
  const rho = Math.min(utilisation, MAX_UTILISATION);
  if (rho === 0 || servers === Infinity) return 0;
  const offered = servers * rho;
  let blocked = 1;
  for (let k = 1; k <= servers; k++) {
    blocked = offered * blocked / (k + offered * blocked);
  }
  return blocked / (1 - rho * (1 - blocked)) / (servers * (1 - rho));
}

/**
 * Time that contention and coherency add to a service, so that N concurrent requests reach a throughput of
 * N / (S · (1 + α(N−1) + βN(N−1))), the Universal Scalability Law: N. J. Gunther, "Guerrilla Capacity Planning" (2007),
 * chapter 4; arXiv:0808.1431.
 *
 * @param service S, in ms
 * @param concurrency N, the request itself included; values below 1 count as 1
 * @param law α and β
 * @returns ms
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
 * Bytes that can be allocated between two garbage collections: R. Jones, A. Hosking, E. Moss, "The Garbage Collection Handbook"
 * (2011), chapter 1.
 *
 * @param heap bytes
 * @param occupied share of the heap that live data takes; values above 0.99 count as 0.99
 */
export function headroom(heap: number, occupied: number): number {
  return heap * (1 - Math.min(occupied, MAX_UTILISATION));
}

/**
 * Time that repeated tracing of live memory adds to a service, S · overhead · ℓ / (1 − ℓ): A. Appel, "Garbage collection can be
 * faster than stack allocation", Information Processing Letters 25 (1987).
 *
 * @param service S, in ms
 * @param level ℓ, share of the limit that is held, at least 0; values above 0.99 count as 0.99
 * @param overhead share of S that is added when half of the limit is held
 * @returns ms
 */
export function tracing(
  service: number,
  level: number,
  overhead: number,
): number {
  return service * overhead * odds(level);
}

/** Share of requests that fail at a level: 0 up to `from`, then linear, `share` at level 1 and above. */
export function failureShare(
  level: number,
  { from, share }: Pick<FailureSettings, "from" | "share">,
): number {
  const way = (Math.min(level, 1) - from) / (1 - from);
  return way > 0 ? share * way : 0;
}

/**
 * Number of the step that a level leads to, 0 for none. Each step is entered at `at` and left below `until`.
 *
 * @param steps in ascending order of `at`
 * @param present number of the present step
 */
export function stepAt(
  steps: readonly Step[],
  present: number,
  level: number,
): number {
  let reached = 0;
  for (let i = 0; i < steps.length; i++) {
    if (holds(steps[i], i < present, level)) reached = i + 1;
  }
  return reached;
}

/**
 * State of a threshold with hysteresis at a level: O. H. Schmitt, "A thermionic trigger" (1938).
 *
 * @param on whether the state was on before
 */
export function holds(
  threshold: Threshold,
  on: boolean,
  level: number,
): boolean {
  return level >= (on ? threshold.until : threshold.at);
}

/** ρ / (1 − ρ). */
function odds(share: number): number {
  const capped = Math.min(share, MAX_UTILISATION);
  return capped / (1 - capped);
}
