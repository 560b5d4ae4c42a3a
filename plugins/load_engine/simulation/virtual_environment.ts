/**
 * Carries out orders in virtual time.
 *
 * @module
 */
import type {
  VirtualRequest,
  VirtualTarget,
  VirtualWorld,
} from "../../../core/load.ts";
import { ByteMap, type Clock, type Exchange } from "../../../core/plugin.ts";
import type { Environment, ErrorKind, Order, RequestPlan } from "../order.ts";

/** Maximum number of bytes of rendered paths whose targets are remembered. */
export const RENDERED_BYTES: number = 4 << 20;

/** Sends through the request pipeline itself, without sockets, bodies and waiting. */
export class VirtualEnvironment implements Environment {
  readonly clock: Clock;
  readonly byTimer = true;
  readonly #world: VirtualWorld;
  /** Targets of requests with a constant path. */
  readonly #targets = new Map<RequestPlan, VirtualTarget | undefined>();
  /** Targets of rendered paths. */
  readonly #rendered = new ByteMap<
    { readonly target: VirtualTarget | undefined }
  >(
    RENDERED_BYTES,
    64,
  );
  /** Timeouts by their length in ms. */
  readonly #timeouts = new Map<number, Timeouts>();
  readonly #spare: Call[] = [];
  /** Orders that match no route. A timer ends them. */
  readonly #unmatched = new Set<Order>();

  /** @param world the configuration in virtual time */
  constructor(world: VirtualWorld) {
    this.#world = world;
    this.clock = world.clock;
  }

  send(order: Order): void {
    order.started = this.clock.now();
    const found = this.#targetOf(order);
    const request = found?.looks === true ? requestOf(order) : undefined;
    const target = found !== undefined && request !== undefined
      ? this.#world.choose(found, request)
      : found;
    if (target === undefined) return this.#miss(order);
    const { timeout } = order.request;
    const call = this.#spare.pop() ?? new Call();
    call.order = order;
    call.deadline = order.started + timeout;
    this.#timeoutsOf(timeout).enter(call);
    const exchange = this.#world.send(target, this.#ended, call, request);
    if (call.order === order) call.exchange = exchange;
  }

  cut(scenario: number): void {
    const concerns = ({ request }: Order) => request.scenario === scenario;
    for (const order of [...this.#unmatched].filter(concerns)) {
      this.#finish(order, "cut");
    }
    const calls = [...this.#timeouts.values()].flatMap((timeouts) =>
      timeouts.filter(({ order }) => order !== undefined && concerns(order))
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
    return this.#rendered.use(key, () => ({
      target: this.#world.target(method, pathOnly(path)),
    })).target;
  }

  #timeoutsOf(length: number): Timeouts {
    let timeouts = this.#timeouts.get(length);
    if (timeouts === undefined) {
      timeouts = new Timeouts(
        this.clock,
        (call) => this.#giveUp(call, "timeout"),
      );
      this.#timeouts.set(length, timeouts);
    }
    return timeouts;
  }

  /** The client leaves, as if it closed its connection. */
  #giveUp(call: Call, error: ErrorKind): void {
    call.gaveUp = error;
    if (call.exchange !== undefined) this.#world.abandon(call.exchange);
  }

  /** Called by the pipeline while it is on the stack. */
  readonly #ended = (exchange: Exchange, call: Call): void => {
    const { order, gaveUp } = call;
    if (order === undefined) return;
    this.#timeouts.get(order.request.timeout)?.leave(call);
    call.order = call.exchange = undefined;
    call.gaveUp = "";
    this.#spare.push(call);
    if (gaveUp === "") {
      order.status = exchange.status;
      order.firstByte = exchange.end;
    }
    this.#finish(order, gaveUp === "" ? errorOf(exchange) : gaveUp);
  };

  /** An order that matches no route is answered at once with 404. */
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

/** Returns the request of an order, with its placeholders filled. */
function requestOf(
  { request: { path, headers, body }, turn }: Order,
): VirtualRequest {
  return {
    path: path.render(turn),
    headers: headers.map(([name, value]) => [name, value.render(turn)]),
    body: body?.render(turn),
  };
}

/** Returns a path in the form that routes match: decoded, without the query. */
function pathOnly(path: string): string {
  const query = path.indexOf("?");
  const only = query < 0 ? path : path.slice(0, query);
  try {
    return decodeURI(only);
  } catch {
    return only;
  }
}

/** An active request. It is reused, so that a request allocates nothing but its order and its exchange. */
class Call {
  /** Order that is sent; undefined while unused. */
  order: Order | undefined = undefined;
  /** Exchange in the pipeline; undefined while it is being sent. */
  exchange: Exchange | undefined = undefined;
  /** Reason for which the client gave up; empty if it did not. */
  gaveUp: ErrorKind = "";
  /** Time of its timeout, on the clock. */
  deadline = 0;
  /** The previous active call with the same timeout. */
  before: Call | undefined = undefined;
  /** The next active call with the same timeout. */
  after: Call | undefined = undefined;
}

/**
 * The active calls that share a timeout, in the order in which they were sent. Their timeouts end in the same order, so that one
 * timer serves all.
 */
class Timeouts {
  #first: Call | undefined;
  #last: Call | undefined;
  #timer = 0;
  readonly #clock: Clock;
  readonly #giveUp: (call: Call) => void;

  /** @param giveUp ends a call whose timeout has passed */
  constructor(clock: Clock, giveUp: (call: Call) => void) {
    this.#clock = clock;
    this.#giveUp = giveUp;
  }

  /** Adds a call that was sent. No other has a later deadline. */
  enter(call: Call): void {
    call.before = this.#last;
    call.after = undefined;
    if (this.#last === undefined) this.#first = call;
    else this.#last.after = call;
    this.#last = call;
    if (this.#timer === 0) this.#watch(call);
  }

  /** Removes a call that has ended. The timer stays; when it fires it looks for the next deadline. */
  leave(call: Call): void {
    const { before, after } = call;
    if (before === undefined) this.#first = after;
    else before.after = after;
    if (after === undefined) this.#last = before;
    else after.before = before;
    call.before = call.after = undefined;
  }

  /** Returns all active calls that match. */
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

function look(timeouts: Timeouts): void {
  timeouts.look();
}
