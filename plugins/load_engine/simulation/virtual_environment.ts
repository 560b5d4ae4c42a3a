/**
 * Carries out orders in virtual time.
 *
 * @module
 */
import type { VirtualTarget, VirtualWorld } from "../../../core/load.ts";
import type { Clock, Exchange } from "../../../core/plugin.ts";
import type { Environment, ErrorKind, Order, RequestPlan } from "../order.ts";

/** How many rendered paths' targets are remembered. */
const REMEMBERED = 10_000;

/** Sends through the pipeline itself: without sockets, bodies and waiting. */
export class VirtualEnvironment implements Environment {
  readonly clock: Clock;
  readonly byTimer = true;
  readonly #world: VirtualWorld;
  /** Those of requests whose path is always the same. */
  readonly #targets = new Map<RequestPlan, VirtualTarget | undefined>();
  /** Those of rendered paths. */
  readonly #rendered = new Map<string, VirtualTarget | undefined>();
  /** By the time-out's length. */
  readonly #timeOuts = new Map<number, TimeOuts>();
  readonly #spare: Call[] = [];
  /** Those a route takes none of: they are told of their end by a timer. */
  readonly #unmatched = new Set<Order>();

  /** @param world the configuration in virtual time */
  constructor(world: VirtualWorld) {
    this.#world = world;
    this.clock = world.clock;
  }

  send(order: Order): void {
    order.started = this.clock.now();
    const target = this.#targetOf(order);
    if (target === undefined) return this.#miss(order);
    const { timeout } = order.request;
    const call = this.#spare.pop() ?? new Call();
    call.order = order;
    call.deadline = order.started + timeout;
    this.#timeOutsOf(timeout).enter(call);
    const exchange = this.#world.send(target, this.#ended, call);
    if (call.order === order) call.exchange = exchange;
  }

  cut(scenario: number): void {
    const concerns = ({ request }: Order) => request.scenario === scenario;
    for (const order of [...this.#unmatched].filter(concerns)) {
      this.#finish(order, "cut");
    }
    const calls = [...this.#timeOuts.values()].flatMap((timeOuts) =>
      timeOuts.filter(({ order }) => order !== undefined && concerns(order))
    );
    for (const call of calls) this.#giveUp(call, "cut");
  }

  #targetOf({ request, turn }: Order): VirtualTarget | undefined {
    const { method, path } = request;
    if (path.constant === undefined) {
      return this.#lookUp(method, path.render(turn));
    }
    const known = this.#targets.get(request);
    if (known !== undefined || this.#targets.has(request)) return known;
    const target = this.#world.target(method, pathOnly(path.constant));
    this.#targets.set(request, target);
    return target;
  }

  #lookUp(method: string, path: string): VirtualTarget | undefined {
    const key = `${method} ${path}`;
    const known = this.#rendered.get(key);
    if (known !== undefined || this.#rendered.has(key)) return known;
    if (this.#rendered.size >= REMEMBERED) this.#rendered.clear();
    const target = this.#world.target(method, pathOnly(path));
    this.#rendered.set(key, target);
    return target;
  }

  #timeOutsOf(length: number): TimeOuts {
    let timeOuts = this.#timeOuts.get(length);
    if (timeOuts === undefined) {
      timeOuts = new TimeOuts(
        this.clock,
        (call) => this.#giveUp(call, "timeout"),
      );
      this.#timeOuts.set(length, timeOuts);
    }
    return timeOuts;
  }

  /** The client leaves, as one that closes its connection does. */
  #giveUp(call: Call, error: ErrorKind): void {
    call.gaveUp = error;
    if (call.exchange !== undefined) this.#world.abandon(call.exchange);
  }

  /** Told by the pipeline, in it. */
  readonly #ended = (exchange: Exchange, call: Call): void => {
    const { order, gaveUp } = call;
    if (order === undefined) return;
    this.#timeOuts.get(order.request.timeout)?.leave(call);
    call.order = call.exchange = undefined;
    call.gaveUp = "";
    this.#spare.push(call);
    if (gaveUp === "") {
      order.status = exchange.status;
      order.firstByte = exchange.end;
    }
    this.#finish(order, gaveUp === "" ? errorOf(exchange) : gaveUp);
  };

  /** What no route takes is answered at once, by 404. */
  #miss(order: Order): void {
    this.#unmatched.add(order);
    this.clock.at(order.started, this.#missed, order);
  }

  readonly #missed = (order: Order): void => {
    if (!this.#unmatched.has(order)) return;
    order.status = 404;
    order.firstByte = order.started;
    this.#finish(order, "");
  };

  #finish(order: Order, error: ErrorKind): void {
    this.#unmatched.delete(order);
    order.ended = this.clock.now();
    order.error = error;
    order.sender.ended(order);
  }
}

function errorOf({ outcome }: Exchange): ErrorKind {
  switch (outcome) {
    case "reset":
      return "reset";
    case "gone":
    case "cut":
      return "cut";
    default:
      return "";
  }
}

/** As routes are matched: without the query, decoded. */
function pathOnly(path: string): string {
  const query = path.indexOf("?");
  const only = query < 0 ? path : path.slice(0, query);
  try {
    return decodeURI(only);
  } catch {
    return only;
  }
}

/** A request under way. Used again and again, so that a request costs no object beside its order and its exchange. */
export class Call {
  /** What is sent; undefined while it is not in use. */
  order: Order | undefined = undefined;
  /** What came of it so far; undefined while it is being sent. */
  exchange: Exchange | undefined = undefined;
  /** Why the client gave up; empty while it has not. */
  gaveUp: ErrorKind = "";
  /** When its time is out, on the clock. */
  deadline = 0;
  /** The one that was sent before it. */
  before: Call | undefined = undefined;
  /** The one that was sent after it. */
  after: Call | undefined = undefined;
}

/** The calls under way that share a time-out, in the order in which they were sent. */
export class TimeOuts {
  #first: Call | undefined;
  #last: Call | undefined;
  #timer = 0;
  readonly #clock: Clock;
  readonly #giveUp: (call: Call) => void;

  /** @param giveUp makes a call leave whose time is out */
  constructor(clock: Clock, giveUp: (call: Call) => void) {
    this.#clock = clock;
    this.#giveUp = giveUp;
  }

  /** A call was sent: none has a later deadline. */
  enter(call: Call): void {
    call.before = this.#last;
    call.after = undefined;
    if (this.#last === undefined) this.#first = call;
    else this.#last.after = call;
    this.#last = call;
    if (this.#timer === 0) this.#watch(call);
  }

  /** A call has ended. The timer stays: it looks for the next one when it fires. */
  leave(call: Call): void {
    const { before, after } = call;
    if (before === undefined) this.#first = after;
    else before.after = after;
    if (after === undefined) this.#last = before;
    else after.before = before;
    call.before = call.after = undefined;
  }

  /** All calls under way of which something is true. */
  filter(concerns: (call: Call) => boolean): Call[] {
    const found: Call[] = [];
    for (let call = this.#first; call !== undefined; call = call.after) {
      if (concerns(call)) found.push(call);
    }
    return found;
  }

  look(): void {
    this.#timer = 0;
    const now = this.#clock.now();
    let call = this.#first;
    while (call !== undefined && call.deadline <= now) {
      this.#giveUp(call);
      call = this.#first;
    }
    if (call !== undefined) this.#watch(call);
  }

  #watch({ deadline }: Call): void {
    this.#timer = this.#clock.at(deadline, look, this);
  }
}

function look(timeOuts: TimeOuts): void {
  timeOuts.look();
}
