/**
 * The background of a pool: phantoms, which take places as requests from elsewhere would, without HTTP.
 *
 * Phantoms arrive as a Poisson process whose rate follows a signal: unit-exponential steps on the signal's integral, which is
 * exact for any rate (time rescaling; Çinlar 1975). The rest of a step outlives changes of the rate, so that a rate that is changed
 * often brings as many phantoms as its integral. A phantom that finds a place holds it for a service time of its own;
 * one that finds none waits and is refused as requests are.
 *
 * @module
 */
import {
  type Clock,
  type Distribution,
  type Lease,
  type Rejection,
  type Segment,
  type Signal,
  type Stream,
  takes,
  type Ticket,
} from "../../core/plugin.ts";
import type { Pool } from "./pool.ts";
import type { Entrant } from "./queue.ts";

/** The setting `background`, parsed. */
export interface BackgroundSettings {
  /** Arrivals per second, over time. */
  readonly rate: Signal;
  /** Time for which each phantom holds its place. */
  readonly serviceTime: Distribution;
}

/** Options of a background. */
export interface BackgroundOptions {
  /** The pool that the phantoms load. */
  readonly pool: Pick<Pool, "admit" | "release">;
  /** The server's clock. */
  readonly clock: Clock;
  /** Replica whose phantoms take places: every n-th. */
  readonly segment: Segment;
  /** Random numbers of the arrivals. */
  readonly arrivals: Stream;
  /** Random numbers of the service times. */
  readonly service: Stream;
}

/** Number of draws at one place of a stream. */
const MOST_DRAWS = 4096;

/** Priority of phantoms: that of a request without one. */
const PRIORITY = 0;

/** The background of one pool. */
export class Background {
  readonly #options: BackgroundOptions;
  readonly #phantoms = new Set<Phantom>();
  #settings: BackgroundSettings | undefined;
  /** Constant rate in place of the signal, per second. */
  #rate: number | undefined;
  /** Start of the signal, in ms of the clock. */
  #origin = 0;
  /** Time that {@linkcode Background.#left} refers to, in ms of the clock. */
  #since = 0;
  /** Rest of the rate's integral until the next arrival; undefined until it is drawn. */
  #left: number | undefined;
  /** Number of the next phantom, among those of all replicas. */
  #next = 0;
  #arrived = 0;
  /** Number of times that the background has come to rest since the last arrival. */
  #rests = 0;
  #timer = 0;
  #refused = 0;

  /** Makes a background at rest; arrivals begin with {@linkcode Background.follow}. */
  constructor(options: BackgroundOptions) {
    this.#options = options;
  }

  /** True if phantoms are to arrive. */
  get running(): boolean {
    return this.#settings !== undefined;
  }

  /** Number of arrivals since the start or the last reset. */
  get arrived(): number {
    return this.#arrived;
  }

  /** Number of these that got no place. */
  get refused(): number {
    return this.#refused;
  }

  /** Starts the counts afresh. */
  reset(): void {
    this.#arrived = 0;
    this.#refused = 0;
  }

  /**
   * Follows new settings. A rate that differs from the one before begins at its time 0; the same rate goes on. Without settings
   * no phantom arrives any more; those in the pool stay.
   */
  follow(settings: BackgroundSettings | undefined): void {
    const before = this.#settings;
    if (
      before !== undefined && settings !== undefined &&
      isSame(before.rate, settings.rate)
    ) {
      this.#settings = settings;
      return;
    }
    this.#change(() => {
      this.#settings = settings;
      this.#origin = this.#options.clock.now();
    });
    if (settings !== undefined || before === undefined) return;
    // The time after a rest is independent of the time before it. It needs another draw, since the same one would make it wait as long
    // again.
    this.#left = undefined;
    this.#rests = (this.#rests + 1) % MOST_DRAWS;
  }

  /** Replaces the signal, whose time goes on meanwhile, by a constant rate per second; undefined gives it back. */
  override(rate: number | undefined): void {
    if (rate === this.#rate) return;
    this.#change(() => this.#rate = rate);
  }

  /** Ends the background. Phantoms in the pool are cut, without freeing their places: the pool ends, too. */
  stop(): void {
    this.follow(undefined);
    for (const phantom of this.#phantoms) phantom.cut();
    this.#phantoms.clear();
  }

  /** Lets a phantom arrive and schedules the next. */
  #arrive(at: number, serviceTime: Distribution): void {
    const { pool, clock, segment, service } = this.#options;
    const number = this.#next++;
    this.#since = at;
    this.#left = undefined;
    this.#rests = 0;
    // Those of other replicas pass by, so that each arrives at the same time as in one server.
    if (!takes(segment, number)) return this.#schedule();
    this.#arrived++;
    const drawn = serviceTime.draw(service, number);
    const phantom = new Phantom(pool, clock, drawn, (refused) => {
      this.#phantoms.delete(phantom);
      if (refused) this.#refused++;
    });
    this.#phantoms.add(phantom);
    this.#schedule();
    phantom.enter(at);
  }

  /** Changes the rate. The part of the present step that the former rate has passed stays passed. */
  #change(apply: () => void): void {
    const now = this.#options.clock.now();
    if (this.#settings !== undefined && this.#left !== undefined) {
      const passed = this.#area(this.#settings.rate, now);
      this.#left = Math.max(0, this.#left - passed);
    }
    this.#since = now;
    this.#options.clock.cancel(this.#timer);
    apply();
    this.#schedule();
  }

  #schedule(): void {
    if (this.#settings === undefined) return;
    const { rate } = this.#settings;
    // A rate is per second and time in ms: a step of 1 is an area of 1000.
    const left = this.#left ??= -1000 *
      Math.log(this.#options.arrivals.uniform(this.#next, this.#rests));
    const at = left === 0
      ? this.#since
      : this.#rate === undefined
      ? this.#origin +
        rate.inverse(rate.integral(this.#since - this.#origin) + left)
      : this.#since + left / this.#rate;
    if (!(at < Infinity)) return;
    this.#timer = this.#options.clock.at(at, (due: number) => {
      if (this.#settings !== undefined) {
        this.#arrive(due, this.#settings.serviceTime);
      }
    }, at);
  }

  /** Integral of the rate since {@linkcode Background.#since}. */
  #area(rate: Signal, now: number): number {
    return this.#rate === undefined
      ? rate.integral(now - this.#origin) -
        rate.integral(this.#since - this.#origin)
      : this.#rate * (now - this.#since);
  }
}

/** Number of points at which two signals are compared. */
const POINTS = 64;

/** Compared time of a signal without an end, or with the end 0, in ms. */
const SPAN = 3_600_000;

/**
 * Returns true if two signals are the same function, judged by their integrals at points that fit no period, because the settings
 * that they were made from are not known here.
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

/** One phantom. */
class Phantom implements Entrant {
  #ticket: Ticket | undefined;
  #timer = 0;

  constructor(
    readonly pool: BackgroundOptions["pool"],
    readonly clock: Clock,
    readonly serviceTime: number,
    readonly ended: (refused: boolean) => void,
  ) {}

  enter(at: number): void {
    const answer = this.pool.admit(this, at, PRIORITY);
    if ("leave" in answer) this.#ticket = answer;
    else this.settle(answer, at);
  }

  settle(outcome: Lease | Rejection, at: number): void {
    this.#ticket = undefined;
    if ("reason" in outcome) this.ended(true);
    else {
      const due = at + this.serviceTime;
      this.#timer = this.clock.at(due, (end: number) => {
        this.ended(false);
        this.pool.release(undefined, end);
      }, due);
    }
  }

  cut(): void {
    this.#ticket?.leave("cut");
    this.clock.cancel(this.#timer);
  }
}
