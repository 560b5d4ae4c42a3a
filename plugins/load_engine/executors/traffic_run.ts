/**
 * What all scenarios have in common that send requests: they open, send, close, and end once nothing is under way.
 *
 * @module
 */
import type { Clock } from "../../../core/plugin.ts";
import type { ScenarioFigures } from "../figures/mod.ts";
import type { RequestPlan, Traffic } from "../script/mod.ts";
import {
  type Environment,
  Order,
  type Sender,
  type Turn,
} from "./environment.ts";

/** What a scenario runs in. */
export interface RunContext {
  /** Carries out its orders. */
  readonly environment: Environment;
  /** Where they are counted. */
  readonly figures: ScenarioFigures;
  /** Called once, when the last of its orders has ended. */
  ended(): void;
}

/** How a scenario stands: it waits for its start, sends, lets end what is under way, and has ended. */
export type RunState = "waiting" | "open" | "closing" | "ended";

/** One scenario's run. */
export abstract class TrafficRun<Plan extends Traffic = Traffic>
  implements Sender {
  /** How it stands. */
  state: RunState = "waiting";
  /** How many orders are under way. */
  inFlight = 0;
  /** Of the environment. */
  protected readonly clock: Clock;
  /** When it opened, on the clock. */
  protected opened = 0;
  readonly #environment: Environment;
  readonly #figures: ScenarioFigures;
  readonly #ended: () => void;
  #timer = 0;

  constructor(
    /** What it runs. */
    readonly scenario: Plan,
    { environment, figures, ended }: RunContext,
  ) {
    this.clock = environment.clock;
    this.#environment = environment;
    this.#figures = figures;
    this.#ended = ended;
  }

  /** Requests per second that are to be sent now; undefined in a closed model. */
  get targetRate(): number | undefined {
    return undefined;
  }

  /** How many users there are now; undefined in an open model. */
  get users(): number | undefined {
    return undefined;
  }

  /** Whether senders have to wait for a timer: see {@linkcode Environment.byTimer}. */
  protected get byTimer(): boolean {
    return this.#environment.byTimer === true;
  }

  /** Sets the timer for its start. */
  begin(origin: number): void {
    this.opened = origin + this.scenario.start;
    this.#timer = this.clock.at(this.opened, open, this);
  }

  /** Its time has come. */
  open(): void {
    this.state = "open";
    this.#figures.opened(this.opened);
    this.sending();
  }

  /** Sends nothing more; what is under way may go on for the scenario's graceful stop. */
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

  /** Ends it now: what is under way is cut. */
  cut(): void {
    this.close();
    if (this.inFlight > 0) this.#environment.cut(this.scenario.index);
  }

  /** Sends one request. */
  protected send(request: RequestPlan, scheduled: number, turn: Turn): void {
    this.dispatch(new Order(request, this, scheduled, turn));
  }

  /** The same for an order that was made elsewhere. */
  dispatch(order: Order): void {
    this.#figures.started(order.request);
    this.inFlight++;
    this.#environment.send(order);
  }

  /** A request was due that is not sent. */
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
