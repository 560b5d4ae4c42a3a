/**
 * The part of the contract that shows a plugin the server as a whole: what is under way, and a copy of it in virtual time.
 *
 * @module
 */
import type { Clock } from "./clock.ts";
import type { Dials } from "./dial.ts";
import type { Exchange } from "./exchange.ts";

/** The exchanges under way. */
export interface InFlight {
  /** How many there are, those that wait in queues included. */
  readonly size: number;
  /**
   * Moves the target end of all that is held, in service, as a pause of the whole backend does: the time counts as
   * degradation.
   *
   * @param by milliseconds, above 0
   * @param concerns which exchanges; all where absent
   */
  postpone(by: number, concerns?: (exchange: Exchange) => boolean): void;
  /**
   * Resets the connections of what has not been answered, as a crash does. Only routes whose hooks announced `resets` can:
   * the others' exchanges are left alone.
   *
   * @param concerns which exchanges; all where absent
   * @returns how many were reset
   */
  reset(concerns?: (exchange: Exchange) => boolean): number;
}

/** The present configuration, built once more on a clock of its own: exchanges without HTTP, as fast as the machine computes. */
export interface VirtualWorld extends AsyncDisposable {
  /** Its clock, at 0. Timers set on it fire in {@linkcode VirtualWorld.run}. */
  readonly clock: Clock;
  /** Its dials. */
  readonly dials: Dials;
  /** Where requests of a method and path go; undefined where no route takes them. Prepare once, send often. */
  target(method: string, path: string): VirtualTarget | undefined;
  /**
   * Sends a request now.
   *
   * @param ended is told of its end, in the pipeline: it must send nothing itself but by a timer, and copy what it keeps
   * @param tag is handed to it, to spare a closure
   * @returns the exchange, for {@linkcode VirtualWorld.abandon}; it may have ended already
   */
  send<Tag>(
    target: VirtualTarget,
    ended: (exchange: Exchange, tag: Tag) => void,
    tag: Tag,
  ): Exchange;
  /** The client of an exchange leaves, which ends it: its outcome is `gone`. By a timer only; one that has ended is left alone. */
  abandon(exchange: Exchange): void;
  /**
   * Lets timers fire, in order, and time move with them.
   *
   * @param until no further than this time of its clock
   * @param atMost so many timers
   * @returns how many have fired: less than `atMost` where nothing more is due until then
   */
  run(until: number, atMost: number): number;
  /** Ends all that is under way and would never end, such as a hang: their outcome is `cut`. */
  cut(): void;
  /** How many exchanges are under way. */
  readonly inFlight: number;
}

/** A route and method that requests of a {@linkcode VirtualWorld} go to. */
export interface VirtualTarget {
  /** The route's id. */
  readonly route: string;
  /** Upper case. */
  readonly method: string;
}
