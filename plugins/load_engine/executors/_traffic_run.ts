/**
 * The life of a scenario that sends requests: it waits for its start, sends, closes, and ends when no request is active.
 *
 * @module
 */
import type { Clock, Segment, Stream } from "../../../core/plugin.ts";
import type { ScenarioFigures } from "../figures/scenario_figures.ts";
import {
  type Environment,
  Order,
  type RequestPlan,
  type Sender,
  type Turn,
} from "../order.ts";
import type { Traffic } from "../script/script.ts";

/** Surroundings of a scenario's run. */
export interface RunContext {
  /** Carries out the orders. */
  readonly environment: Environment;
  /** Counts the orders. */
  readonly figures: ScenarioFigures;
  /** Share of the traffic that is sent. */
  readonly segment: Segment;
  /** Called once, when the last order has ended. */
  ended(): void;
}

/** State of a scenario: before its start, sending, waiting for active requests, over. */
export type RunState = "waiting" | "open" | "closing" | "ended";

/** One scenario's run. */
export abstract class TrafficRun<Plan extends Traffic = Traffic>
  implements Sender {
  state: RunState = "waiting";
  /** Number of active orders. */
  inFlight = 0;
  protected readonly clock: Clock;
  /** Share of the traffic that is sent. */
  protected readonly segment: Segment;
  /** Time before which nothing is sent, because the run joined others that had begun; -Infinity if it did not. */
  protected joined = -Infinity;
  /** Time at which it opened, on the clock. */
  protected opened = 0;
  readonly #environment: Environment;
  readonly #figures: ScenarioFigures;
  readonly #ended: () => void;
  #timer = 0;

  constructor(
    readonly scenario: Plan,
    { environment, figures, segment, ended }: RunContext,
  ) {
    this.segment = segment;
    this.clock = environment.clock;
    this.#environment = environment;
    this.#figures = figures;
    this.#ended = ended;
  }

  /** Scheduled requests per second at present; undefined in a closed model. */
  get targetRate(): number | undefined {
    return undefined;
  }

  /** Number of active users; undefined in an open model. */
  get users(): number | undefined {
    return undefined;
  }

  /** See {@linkcode Environment.byTimer}. */
  protected get byTimer(): boolean {
    return this.#environment.byTimer === true;
  }

  /**
   * Sets the timer for the scenario's start.
   *
   * @param origin start of the whole run, on the clock
   * @param joined time before which nothing is sent; requests that are due earlier are dropped
   */
  begin(origin: number, joined: number = -Infinity): void {
    this.joined = joined;
    this.opened = origin + this.scenario.start;
    this.#timer = this.clock.at(this.opened, open, this);
  }

  open(): void {
    this.state = "open";
    this.#figures.opened(this.opened);
    this.sending();
  }

  /** Sends nothing more. Active requests may continue for the scenario's graceful stop. */
  close(): void {
    if (this.state === "closing" || this.state === "ended") return;
    if (this.state === "waiting") this.clock.cancel(this.#timer);
    else this.#figures.closed(this.clock.now());
    this.state = "closing";
    if (this.inFlight > 0) {
      const limit = this.clock.now() + this.scenario.gracefulStop;
      this.#timer = this.clock.at(limit, cut, this);
    } else this.#finish();
  }

  /** Ends it now and cuts all active requests. */
  cut(): void {
    this.close();
    if (this.inFlight > 0) this.#environment.cut(this.scenario.index);
  }

  /** Sends one request. */
  protected send(request: RequestPlan, scheduled: number, turn: Turn): void {
    this.dispatch(new Order(request, this, scheduled, turn));
  }

  /** Sends an order that was made elsewhere. */
  dispatch(order: Order): void {
    this.#figures.started(order.request);
    this.inFlight++;
    this.#environment.send(order);
  }

  /** Counts a request that is due but not sent. */
  protected drop(): void {
    this.#figures.dropped();
  }

  /** Counts an order that has ended. */
  ended(order: Order): void {
    this.inFlight--;
    this.#figures.ended(order);
    if (this.state === "closing" && this.inFlight === 0) this.#finish();
  }

  /** Begins to send. */
  protected abstract sending(): void;

  #finish(): void {
    this.state = "ended";
    this.clock.cancel(this.#timer);
    this.#ended();
  }
}

function open(run: TrafficRun): void {
  run.open();
}

function cut(run: TrafficRun): void {
  run.cut();
}

/** Chooses requests at random by weight. The choice is a function of the position in the stream. */
export class WeightedChoice {
  readonly #requests: readonly RequestPlan[];
  readonly #stream: Stream;
  /** Cumulative shares. The last is 1, whatever the sum of the rounded shares. */
  readonly #cumulative: readonly number[];

  constructor(requests: readonly RequestPlan[], stream: Stream) {
    const total = requests.reduce((sum, { weight }) => sum + weight, 0);
    let below = 0;
    this.#requests = requests;
    this.#stream = stream;
    this.#cumulative = requests.map(({ weight }, index) =>
      index === requests.length - 1 ? 1 : (below += weight) / total
    );
  }

  at(place: number): RequestPlan {
    if (this.#requests.length === 1) return this.#requests[0];
    const u = this.#stream.uniform(place);
    let i = 0;
    while (u >= this.#cumulative[i]) i++;
    return this.#requests[i];
  }
}
