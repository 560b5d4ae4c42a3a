/**
 * Phantom arrivals: load on a pool from elsewhere, without HTTP.
 *
 * They arrive as a Poisson process whose rate follows a signal: unit-exponential steps on the signal's integral, which is exact
 * for any rate (time rescaling; Çinlar 1975). A phantom that finds a place holds it for a service time of its own; one that finds
 * none waits and is refused like everybody else.
 *
 * @module
 */
import type {
  Clock,
  Distribution,
  Lease,
  Rejection,
  Signal,
  Stream,
  Ticket,
} from "../../core/plugin.ts";
import type { Entrant } from "./waiting.ts";

/** The setting `background`, parsed. */
export interface BackgroundSettings {
  /** Arrivals per second over time. */
  readonly rate: Signal;
  /** How long each holds its place. */
  readonly serviceTime: Distribution;
}

/** What phantoms ask for places. */
export interface Places {
  /** As a pool does. */
  admit(
    entrant: Entrant,
    at: number,
    priority: number,
  ): Lease | Rejection | Ticket;
  /** As a pool does. */
  release(exchange: undefined, at: number): void;
}

/** What a background runs with. */
export interface BackgroundParts {
  /** The pool. */
  readonly pool: Places;
  /** The server's clock. */
  readonly clock: Clock;
  /** When phantoms arrive. */
  readonly arrivals: Stream;
  /** How long they stay. */
  readonly service: Stream;
}

/** Among those who wait by priority, phantoms are as important as who says nothing. */
const PRIORITY = 0;

/** The background of one pool. */
export class Background {
  readonly #parts: BackgroundParts;
  readonly #phantoms = new Set<Phantom>();
  #settings: BackgroundSettings | undefined;
  /** A constant rate that lies over the signal. */
  #over: number | undefined;
  /** When the signal began. */
  #origin = 0;
  /** Since when {@linkcode Background.#left} holds. */
  #since = 0;
  /** How much more of the rate's integral until the next one arrives. */
  #left = 0;
  #next = 0;
  #counted = 0;
  #timer = 0;
  #refused = 0;

  /** Prepares it; nothing arrives before {@linkcode Background.follow}. */
  constructor(parts: BackgroundParts) {
    this.#parts = parts;
  }

  /** Whether there is anybody to come. */
  get running(): boolean {
    return this.#settings !== undefined;
  }

  /** How many have arrived, since the start or the last reset. */
  get arrived(): number {
    return this.#next - this.#counted;
  }

  /** How many of them got no place. */
  get refused(): number {
    return this.#refused;
  }

  /** What is counted starts afresh. */
  reset(): void {
    this.#counted = this.#next;
    this.#refused = 0;
  }

  /**
   * Follows settings from now on. A rate that is another than before begins at its time 0; one that is the same goes on. Without
   * settings nobody arrives any more; who is there stays.
   */
  follow(settings: BackgroundSettings | undefined): void {
    const before = this.#settings;
    this.#settings = settings;
    if (settings === undefined) {
      this.#parts.clock.cancel(this.#timer);
    } else if (before === undefined || !isSame(before.rate, settings.rate)) {
      this.#parts.clock.cancel(this.#timer);
      this.#origin = this.#parts.clock.now();
      this.#await(this.#origin);
    }
  }

  /** Lays a constant rate, per second, over the signal, whose time goes on meanwhile; undefined takes it off. */
  lay(rate: number | undefined): void {
    if (rate === this.#over) return;
    const { clock } = this.#parts;
    if (this.#settings !== undefined) {
      const now = clock.now();
      const passed = this.#area(this.#settings.rate, now);
      this.#left = Math.max(0, this.#left - passed);
      this.#since = now;
    }
    this.#over = rate;
    if (this.#settings === undefined) return;
    clock.cancel(this.#timer);
    this.#schedule(this.#settings);
  }

  /** Ends; phantoms that wait or are served are gone, and their places with the pool. */
  stop(): void {
    this.follow(undefined);
    for (const phantom of this.#phantoms) phantom.vanish();
    this.#phantoms.clear();
  }

  /** One arrives, and the next is scheduled. */
  #arrive(at: number, serviceTime: Distribution): void {
    const { pool, clock, service } = this.#parts;
    const stay = serviceTime.draw(service, this.#next++);
    const phantom = new Phantom({
      stay,
      pool,
      clock,
      gone: (refused) => {
        this.#phantoms.delete(phantom);
        if (refused) this.#refused++;
      },
    });
    this.#phantoms.add(phantom);
    this.#await(at);
    phantom.enter(at);
  }

  /** Draws when the next one arrives, from a time on. */
  #await(since: number): void {
    this.#since = since;
    // A rate is per second and time in ms: one arrival is an area of 1000.
    this.#left = -1000 * Math.log(this.#parts.arrivals.uniform(this.#next));
    if (this.#settings !== undefined) this.#schedule(this.#settings);
  }

  #schedule({ rate }: BackgroundSettings): void {
    const at = this.#over === undefined
      ? this.#origin +
        rate.inverse(rate.integral(this.#since - this.#origin) + this.#left)
      : this.#since + this.#left / this.#over;
    if (!(at < Infinity)) return;
    this.#timer = this.#parts.clock.at(at, (due: number) => {
      if (this.#settings !== undefined) {
        this.#arrive(due, this.#settings.serviceTime);
      }
    }, at);
  }

  /** The rate's integral since {@linkcode Background.#since}. */
  #area(rate: Signal, now: number): number {
    return this.#over === undefined
      ? rate.integral(now - this.#origin) -
        rate.integral(this.#since - this.#origin)
      : this.#over * (now - this.#since);
  }
}

/** How many points of two signals are compared. */
const POINTS = 64;

/** What is looked at of a signal that has no end, or none but 0, in milliseconds. */
const SPAN = 3_600_000;

/**
 * Whether two signals are the same function, as far as their integrals tell at points that no period fits. The settings that they
 * come from are not known here.
 */
function isSame(a: Signal, b: Signal): boolean {
  if (a.end !== b.end || a.constant !== b.constant) return false;
  const span = a.end > 0 && a.end < Infinity ? a.end : SPAN;
  for (let i = 1; i <= POINTS; i++) {
    const time = span * (i * Math.SQRT2 % 1);
    if (a.integral(time) !== b.integral(time)) return false;
  }
  return a.integral(span) === b.integral(span) && a.at(span) === b.at(span);
}

/** What a phantom knows. */
interface PhantomParts {
  readonly stay: number;
  readonly pool: Places;
  readonly clock: Clock;
  readonly gone: (refused: boolean) => void;
}

/** One phantom. */
class Phantom implements Entrant {
  readonly #parts: PhantomParts;
  #ticket: Ticket | undefined;
  #timer = 0;

  constructor(parts: PhantomParts) {
    this.#parts = parts;
  }

  enter(at: number): void {
    const answer = this.#parts.pool.admit(this, at, PRIORITY);
    if ("leave" in answer) this.#ticket = answer;
    else this.settle(answer, at);
  }

  settle(outcome: Lease | Rejection, at: number): void {
    this.#ticket = undefined;
    if ("reason" in outcome) this.#parts.gone(true);
    else {
      const due = at + this.#parts.stay;
      this.#timer = this.#parts.clock.at(due, (end: number) => {
        this.#parts.gone(false);
        this.#parts.pool.release(undefined, end);
      }, due);
    }
  }

  vanish(): void {
    this.#ticket?.leave("cut");
    this.#parts.clock.cancel(this.#timer);
  }
}
