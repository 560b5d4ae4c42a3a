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
export interface BackgroundParts extends BackgroundSettings {
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
  #origin = 0;
  #area = 0;
  #next = 0;
  #timer = 0;
  #refused = 0;
  #running = false;

  /** Prepares it; nothing arrives before {@linkcode Background.start}. */
  constructor(parts: BackgroundParts) {
    this.#parts = parts;
  }

  /** How many have arrived. */
  get arrived(): number {
    return this.#next;
  }

  /** How many of them got no place. */
  get refused(): number {
    return this.#refused;
  }

  /** Begins, with the signal's time 0 at the present. */
  start(): void {
    if (this.#running) return;
    this.#running = true;
    this.#origin = this.#parts.clock.now();
    this.#schedule();
  }

  /** Ends; phantoms that wait or are served are gone. */
  stop(): void {
    this.#parts.clock.cancel(this.#timer);
    for (const phantom of this.#phantoms) phantom.vanish();
    this.#phantoms.clear();
  }

  /** One arrives, and the next is scheduled. */
  arrive(at: number): void {
    const { pool, clock, service, serviceTime } = this.#parts;
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
    this.#schedule();
    phantom.enter(at);
  }

  #schedule(): void {
    const { arrivals, clock, rate } = this.#parts;
    // A rate is per second and time in ms: one arrival is an area of 1000.
    this.#area -= 1000 * Math.log(arrivals.uniform(this.#next));
    const at = this.#origin + rate.inverse(this.#area);
    if (at === Infinity) return;
    this.#timer = clock.at(at, (due: number) => this.arrive(due), at);
  }
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
