/**
 * A modelled backend process: what the routes that name it share.
 *
 * @module
 */
import type { Exchange, InFlight, Lease } from "../../../core/plugin.ts";

/** The time constant over which the load is averaged, in milliseconds. */
export const LOAD_WINDOW = 10_000;

/** How slow a process is that has just started. */
export interface ColdStart {
  /** How many times as long a service takes right after the restart, at least 1. */
  readonly factor: number;
  /** In how many milliseconds that falls to 1. */
  readonly over: number;
}

/** The load counts as one of this time at least, in milliseconds, however short ago the first request came. */
const SHORTEST_READING = 1000;

/** What a crash brings. */
export interface CrashSettings {
  /** For how many milliseconds nothing is served. */
  readonly restart: number;
  /** How it starts again. */
  readonly coldStart: ColdStart;
}

/** A backend in figures. */
export interface BackendReport {
  /** Requests in service. */
  readonly inService: number;
  /** Down while it restarts, cold until it has warmed up again. */
  readonly state: "up" | "down" | "cold";
  /** How often it crashed. */
  readonly crashes: number;
  /** Bytes allocated since the last collection. */
  readonly heapBytes: number;
  /** How often the heap was collected. */
  readonly collections: number;
  /** For how long that stopped everything, in milliseconds. */
  readonly pausedMs: number;
  /** Bytes that will never be freed but by a restart. */
  readonly leakedBytes: number;
}

const WARM: ColdStart = { factor: 1, over: 0 };

/**
 * A backend process. It is the lease of each request that it has in service. Its fields are written on the way of a request,
 * in the hooks of its routes.
 */
export class Backend implements Lease {
  /** Requests in service, from admission to the last byte. */
  inService = 0;
  /** Bytes allocated since the last collection. */
  heapBytes = 0;
  /** How often the heap was collected. */
  collections = 0;
  /** For how long that stopped everything, in milliseconds. */
  pausedMs = 0;
  /** Until when a collection stops everything, on the clock. */
  pausedUntil: number = -Infinity;
  /** Bytes that will never be freed but by a restart. */
  leakedBytes = 0;
  /** Until when it restarts, on the clock. */
  downUntil: number = -Infinity;
  /** How often it crashed. */
  crashes = 0;
  /** Whether it remembers who is in service: a crash, and a pause of this backend alone, must find them. */
  tracked = false;
  /** Whether it averages its load. */
  measured = false;
  readonly #members = new Set<Exchange>();
  #work = 0;
  #workAt = 0;
  #workSince = NaN;
  #cold = WARM;

  /** An exchange is admitted. */
  enter(exchange: Exchange): void {
    this.inService++;
    if (this.tracked) this.#members.add(exchange);
  }

  /** An exchange has ended, whatever its outcome. */
  release(exchange: Exchange): void {
    this.inService--;
    this.#members.delete(exchange);
  }

  /** Whether an exchange is one of those in service here; known only where it is tracked. */
  serves(exchange: Exchange): boolean {
    return this.#members.has(exchange);
  }

  /** A service begins that takes so long without degradation; both in milliseconds. */
  serve(service: number, at: number): void {
    if (!this.measured) return;
    if (Number.isNaN(this.#workSince)) this.#workSince = this.#workAt = at;
    this.#work = this.#present(at) + service;
    if (at > this.#workAt) this.#workAt = at;
  }

  /**
   * Milliseconds of service asked for per millisecond: λ·E[S], by the utilisation law. Exponentially averaged; what lies before
   * the first request counts for nothing.
   *
   * @param at the present, on the clock
   */
  load(at: number): number {
    if (Number.isNaN(this.#workSince)) return 0;
    const time = Math.max(SHORTEST_READING, at - this.#workSince);
    return this.#present(at) / LOAD_WINDOW / -Math.expm1(-time / LOAD_WINDOW);
  }

  /**
   * The process dies: what it held is gone, and so are the connections of those it had in service.
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

  /** Which share of its service time an exchange takes longer while the process is cold. */
  coldness(at: number): number {
    const { factor, over } = this.#cold;
    const left = over - (at - this.downUntil);
    return left > 0 ? (factor - 1) * Math.min(1, left / over) : 0;
  }

  /** All starts afresh, but for those who are in service. */
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

  /** It in figures. */
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
