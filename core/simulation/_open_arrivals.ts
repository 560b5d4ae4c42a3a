import type { LiveExchange } from "../pipeline/exchange.ts";
import type { Signal, Stream } from "../plugin.ts";
import { createStream, type StreamKey } from "../lib/random/mod.ts";
import type { Run } from "./_run.ts";
import type { Origin } from "./_simulated_exchange.ts";
import { Tally } from "./_tally.ts";
import type { Targets } from "./_targets.ts";
import type { OpenSource } from "./traffic.ts";

/** A rate is per second, a signal's time in ms: so much of its integral makes one arrival. */
const ONE = 1000;

/** Sends the requests of an open source. One timer is set at any time, for the next of them. */
export class OpenArrivals implements Origin {
  readonly run: Run;
  readonly tally: Tally;
  readonly source: OpenSource;
  readonly #targets: Targets;
  readonly #rate: Signal;
  readonly #start: number;
  readonly #end: number;
  readonly #limit: number;
  readonly #gaps: Stream | undefined;
  readonly #picks: Stream;
  /** The rate's integral up to the next arrival. */
  #area = 0;

  constructor(run: Run, source: OpenSource, { targets, key }: Bound) {
    const { start = 0, duration = Infinity, maxInFlight = Infinity } = source;
    this.run = run;
    this.tally = new Tally(run.clock);
    this.source = source;
    this.#targets = targets;
    this.#rate = source.rate;
    this.#start = run.clock.now() + start;
    this.#end = Math.min(run.end, this.#start + duration);
    this.#limit = maxInFlight;
    this.#gaps = source.arrivals === "poisson"
      ? createStream(key, "arrivals")
      : undefined;
    this.#picks = createStream(key, "pick");
  }

  begin(): void {
    this.run.active++;
    this.#scheduleNext();
  }

  /** Time rescaling: where the integral of the rate grows by unit-exponential steps, arrivals are a Poisson process. */
  #scheduleNext(): void {
    const index = this.tally.scheduled;
    this.#area = this.#gaps === undefined
      ? (index + 1) * ONE
      : this.#area - Math.log(this.#gaps.uniform(index)) * ONE;
    const time = this.#start + this.#rate.inverse(this.#area);
    if (time < this.#end) this.run.clock.at(time, arrive, this);
    else this.run.active--;
  }

  arrive(): void {
    const { run, tally } = this;
    if (!run.sending) return;
    if (tally.inFlight >= this.#limit) tally.dropped();
    else {
      const target = this.#targets.at(tally.scheduled, this.#picks);
      tally.entered();
      run.send(target, this);
    }
    this.#scheduleNext();
  }

  ended(x: LiveExchange): void {
    this.tally.left(x);
    this.source.observe?.(x);
  }
}

/** What a source's settings come to. */
export interface Bound {
  /** Where its requests go. */
  readonly targets: Targets;
  /** Of its random numbers. */
  readonly key: StreamKey;
}

function arrive(source: OpenArrivals): void {
  source.arrive();
}
