/**
 * A modelled backend process: the state that all routes with this `backend` share.
 *
 * @module
 */
import type { Exchange, InFlight, Lease } from "../../core/plugin.ts";
import type { ColdStart, CrashSettings } from "./settings.ts";

/** Time constant of the exponential average of the load, in ms. */
export const LOAD_WINDOW = 10_000;

/** Shortest time that the load is averaged over, in ms: right after the first request the average would be far too high. */
const SHORTEST_READING = 1000;

/** Figures of a backend. */
export interface BackendReport {
  /** Requests in service. */
  readonly inService: number;
  /** `down` during a restart, then `cold` until the cold start is over, else `up`. */
  readonly state: "up" | "down" | "cold";
  /** Number of crashes. */
  readonly crashes: number;
  /** Bytes allocated since the last collection. */
  readonly heapBytes: number;
  /** Number of garbage collections. */
  readonly collections: number;
  /** Total length of all collections, in ms. */
  readonly pausedMs: number;
  /** Bytes that only a restart frees. */
  readonly leakedBytes: number;
}

const WARM: ColdStart = { factor: 1, over: 0 };

/**
 * A backend process, which is also the lease of every request it has in service. The hooks of its routes write to the public
 * fields.
 */
export class Backend implements Lease {
  /** Requests in service, from admission to the last byte of the answer. */
  inService = 0;
  /** Bytes allocated since the last collection. */
  heapBytes = 0;
  /** Number of garbage collections. */
  collections = 0;
  /** Total length of all collections, in ms. */
  pausedMs = 0;
  /** End of the present or last collection, on the clock. */
  pausedUntil: number = -Infinity;
  /** Bytes that only a restart frees. */
  leakedBytes = 0;
  /** End of the present or last restart, on the clock. */
  downUntil: number = -Infinity;
  /** Number of crashes. */
  crashes = 0;
  /** True if exchanges in service are remembered: a crash, and a pause of this backend alone, have to find them. */
  tracked = false;
  /** True if the load is averaged. */
  measured = false;
  readonly #members = new Set<Exchange>();
  #work = 0;
  #workAt = 0;
  #workSince = NaN;
  #cold = WARM;

  /** Admits an exchange into service. */
  enter(exchange: Exchange): void {
    this.inService++;
    if (this.tracked) this.#members.add(exchange);
  }

  /** Ends the service of an exchange, whatever its outcome. */
  release(exchange: Exchange): void {
    this.inService--;
    this.#members.delete(exchange);
  }

  /** True if an exchange is in service here; always false for a backend that is not tracked. */
  serves(exchange: Exchange): boolean {
    return this.#members.has(exchange);
  }

  /**
   * Adds a service to the average of the load.
   *
   * @param service duration without degradation, in ms
   * @param at start, on the clock
   */
  serve(service: number, at: number): void {
    if (!this.measured) return;
    if (Number.isNaN(this.#workSince)) this.#workSince = this.#workAt = at;
    this.#work = this.#present(at) + service;
    if (at > this.#workAt) this.#workAt = at;
  }

  /**
   * Offered load λ·E[S], ms of service per ms (utilisation law): an exponential average that begins with the first request.
   *
   * @param at the present, on the clock
   */
  load(at: number): number {
    if (Number.isNaN(this.#workSince)) return 0;
    const time = Math.max(SHORTEST_READING, at - this.#workSince);
    return this.#present(at) / LOAD_WINDOW / -Math.expm1(-time / LOAD_WINDOW);
  }

  /**
   * Crashes the process: its heap is empty, and the connections of all exchanges in service are reset.
   *
   * @param at the present, on the clock
   */
  crash(at: number, settings: CrashSettings, inFlight: InFlight): void {
    this.crashes++;
    this.downUntil = at + settings.restart;
    this.#cold = settings.coldStart;
    this.pausedUntil = -Infinity;
    this.heapBytes = 0;
    this.leakedBytes = 0;
    inFlight.reset((exchange) => this.#members.has(exchange));
  }

  /** Share of the service time that a cold start adds; 0 for a warm process. */
  coldness(at: number): number {
    const { factor, over } = this.#cold;
    const left = over - (at - this.downUntil);
    return left > 0 ? (factor - 1) * Math.min(1, left / over) : 0;
  }

  /** Resets all state except the exchanges in service. */
  reset(): void {
    this.heapBytes = 0;
    this.collections = 0;
    this.pausedMs = 0;
    this.pausedUntil = -Infinity;
    this.leakedBytes = 0;
    this.downUntil = -Infinity;
    this.crashes = 0;
    this.#work = 0;
    this.#workSince = NaN;
    this.#cold = WARM;
  }

  /** Present figures. */
  report(at: number): BackendReport {
    return {
      inService: this.inService,
      state: this.downUntil > at
        ? "down"
        : this.coldness(at) > 0
        ? "cold"
        : "up",
      crashes: this.crashes,
      heapBytes: this.heapBytes,
      collections: this.collections,
      pausedMs: this.pausedMs,
      leakedBytes: this.leakedBytes,
    };
  }

  #present(at: number): number {
    return at > this.#workAt
      ? this.#work * Math.exp((this.#workAt - at) / LOAD_WINDOW)
      : this.#work;
  }
}
