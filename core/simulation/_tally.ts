import type { LiveExchange } from "../pipeline/exchange.ts";
import type { Clock } from "../plugin.ts";
import type { SourceFigures } from "./traffic.ts";

/** Counts what becomes of a source's requests. */
export class Tally {
  /** Requests that were to be sent. */
  scheduled = 0;
  /** Exchanges under way. */
  inFlight = 0;
  readonly #clock: Clock;
  readonly #start: number;
  #dropped = 0;
  #answered = 0;
  #rejected = 0;
  #reset = 0;
  #failed = 0;
  #cut = 0;
  /** The integral of `inFlight`, and up to when. */
  #area = 0;
  #last: number;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#start = this.#last = clock.now();
  }

  /** A request is about to be sent. */
  entered(): void {
    this.scheduled++;
    this.#move(1);
  }

  /** A request is not sent. */
  dropped(): void {
    this.scheduled++;
    this.#dropped++;
  }

  /** An exchange has ended. */
  left(x: LiveExchange): void {
    this.#move(-1);
    switch (x.outcome) {
      case "answered":
        this.#answered++;
        break;
      case "rejected":
        this.#rejected++;
        break;
      case "reset":
        this.#reset++;
        break;
      case "failed":
        this.#failed++;
        break;
      default:
        this.#cut++;
    }
  }

  figures(): SourceFigures {
    this.#move(0);
    const duration = this.#last - this.#start;
    return {
      scheduled: this.scheduled,
      started: this.scheduled - this.#dropped,
      dropped: this.#dropped,
      answered: this.#answered,
      rejected: this.#rejected,
      reset: this.#reset,
      failed: this.#failed,
      cut: this.#cut,
      meanInFlight: duration === 0 ? 0 : this.#area / duration,
    };
  }

  /** Measured at each change, not summed up from response times: so the two can be held against each other. */
  #move(by: number): void {
    const now = this.#clock.now();
    this.#area += this.inFlight * (now - this.#last);
    this.#last = now;
    this.inFlight += by;
  }
}
