/**
 * Carries out orders in virtual time.
 *
 * @module
 */
import type { Clock, Exchange } from "../../../core/plugin.ts";
import type { VirtualTarget, VirtualWorld } from "../../../core/load.ts";
import type { Environment, ErrorKind, Order } from "../executors/mod.ts";
import type { RequestPlan } from "../script/mod.ts";
import { Call, TimeOuts } from "./_time_outs.ts";

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
