/**
 * One request on its way, and everything its route has prepared for it.
 *
 * @module
 */
import type {
  Admit,
  Awaitable,
  Clock,
  Counter,
  Exchange,
  Lease,
  Outcome,
  Rejection,
  Route,
  RouteHooks,
  Ticket,
  Waiter,
} from "../plugin.ts";
import { targetOf } from "../lib/http.ts";
import type { Incoming, LeaveListener } from "./incoming.ts";
import type { ViewedRequest } from "./request_view.ts";

/**
 * The effect of an injected fault after the hold: an answer of its own, no answer until the client leaves, or a reset of the
 * connection before any byte.
 */
export type FaultAction = "answer" | "hang" | "connection-reset";

/** An injected fault of a route, ready to take effect. */
export interface Injected {
  /** Effect of the fault. */
  readonly action: FaultAction;
  /** Status of the answer; undefined for the route's own. */
  readonly status: number | undefined;
  /** Answers in place of the route; undefined where nothing is answered. */
  readonly answer: ((exchange: LiveExchange) => void) | undefined;
  /** Counts how often the fault took effect. */
  readonly counter: Pick<Counter, "add">;
}

/** Decides at the start of service which fault an exchange meets. */
export interface FaultDecision {
  /** Returns the fault, or undefined for none. */
  decide(exchange: LiveExchange): Injected | undefined;
}

/** The stages in which plugins have hooks. */
export type Stage = keyof Pick<
  RouteHooks,
  "admit" | "serve" | "degrade" | "respond" | "observe"
>;

/** The hooks of one route from all plugins, in the order in which they run. */
export interface PlannedHooks {
  /** Admit hooks, taken in turn; each may hold a lease. */
  readonly admit: readonly Admit[];
  /** Service time in ms; undefined for 0 ms. */
  readonly serve: ((exchange: Exchange) => number) | undefined;
  /** Degradation in ms; all are added. */
  readonly degrade: readonly ((exchange: Exchange) => number)[];
  /** Each receives the response that the hook before it returned. */
  readonly respond: readonly ((
    exchange: Exchange,
    response: Response,
  ) => Awaitable<Response>)[];
  /** Each receives the finished exchange. */
  readonly observe: readonly ((exchange: Exchange) => void)[];
  /** Names of the plugins that the hooks of a stage belong to, in the same order: used in error reports only. */
  readonly plugins: Readonly<Record<Stage, readonly string[]>>;
}

/** The source of a route's sequence numbers: shared by all its methods, kept over revisions. */
export interface SequenceCounter {
  /** Number of the next arrival. */
  readonly next: number;
  /** Numbers of arrivals by the value that the route's turns are counted by; undefined where they are not. */
  turns: TurnCounter | undefined;
  /** Returns the number of an arrival, and moves on to the next. */
  take(): number;
  /** Moves on to the first number from here on. Does nothing if it is further on. */
  skipTo(number: number): void;
  /** Begins again with the first number and empty counts. */
  restart(): void;
}

/** Numbers of arrivals by a value of theirs. */
export interface TurnCounter {
  /** Key of the values, such as "header:idempotency-key". */
  readonly key: string;
  /** Counts an arrival and returns the number of those before it with the same value. */
  next(value: string): number;
  /** Counts from 0 again. */
  clear(): void;
}

/** Decides on the turn of each exchange that arrives. */
export interface TurnTaker {
  /** Sets turn and status of an exchange. */
  take(exchange: LiveExchange): void;
}

/** The dials of a route that core provides. They hold from the next exchange on. */
export interface RouteDials {
  /** Factor on the drawn service time: the whole backend's, beside the one of the route. */
  scale: number;
  /** Time added to each exchange, in ms, behind a proxy too. */
  delay: number;
  /** Time taken away from service and degradation of each exchange, in ms, at most all of it. */
  speedup: number;
}

/** The figures of a route, as the pipeline records them. */
export interface RouteRecorder {
  /** A request arrived at `at`, in the clock's ms. */
  arrived(at: number): void;
  /** An exchange has ended. */
  observe(exchange: Exchange): void;
}

/** The log of ended exchanges. */
export interface ExchangeLog {
  /** Copies the values that it keeps. */
  record(exchange: LiveExchange): void;
}

/** Parts of an admission that a plugin's admit hook has given, and that are called later. */
export type HookPart = "Lease.release" | "Ticket.leave" | "Waiter.settle";

/**
 * Reports an error that plugin code threw. Does not throw.
 *
 * @param index place of the hook in its stage
 * @param part absent for the hook itself
 */
export type HookReport = (
  error: unknown,
  plan: Plan,
  stage?: Stage,
  index?: number,
  part?: HookPart,
) => void;

/** A route with one of its methods, ready to take exchanges: everything they need is bound once. */
export interface Plan {
  /** The route. */
  readonly route: Route;
  /** Hooks of the route. */
  readonly hooks: PlannedHooks;
  /** Decides which fault an exchange meets; undefined where the route has none. */
  readonly faults: FaultDecision | undefined;
  /** Source of the sequence numbers. */
  readonly sequence: SequenceCounter;
  /** Decides on turns; undefined where each has the same response and none is counted by a key. */
  readonly turns: TurnTaker | undefined;
  /** Status of a served answer. */
  readonly status: number;
  /** True if connections of the route may be reset. */
  readonly resets: boolean;
  /** True if the route opens WebSockets, and nothing else. */
  readonly opens: boolean;
  /** Series that exchanges are recorded into. */
  readonly recorder: RouteRecorder;
  /** Clock of the server. */
  readonly clock: Clock;
  /** Exchanges in flight in the same world. */
  readonly flow: Flow;
  /** Exchanges in flight on the same revision. */
  readonly generation: Generation;
  /** Dials of the route. */
  readonly dials: RouteDials;
  /** Header that takes the place of the sequence number in draws; undefined for none. */
  readonly replayedBy: string | undefined;
  /** Log of ended exchanges; undefined where none is kept. */
  readonly journal: ExchangeLog | undefined;
  /** Gives an exchange that ends without headers its place in a trace; undefined where nothing shows it. */
  readonly identify: ((exchange: LiveExchange) => void) | undefined;
  /** Applies the overrides that a request asks for; undefined where the configuration allows none. */
  readonly override: ((exchange: LiveExchange) => void) | undefined;
  /** Begins to fetch, at the start of service, the source of the answer; sets {@linkcode LiveExchange.preparing}. Only routes with a proxy have it. */
  readonly prepare: ((exchange: LiveExchange) => void) | undefined;
  /** Takes the place of `answer` in simulation: lets a body flow for its time. Undefined where the body is sent together with the headers. */
  readonly simulate: ((exchange: LiveExchange) => void) | undefined;
  /**
   * Builds the response to an exchange whose time has come; a promise only if a respond hook makes one. Where it leaves the exchange
   * `flowing`, the body goes on, and its writer calls `handOver` at the last byte. Where it leaves it `shaping`, it calls `shaped`
   * when the promise has settled. Does not throw.
   */
  readonly build: (exchange: LiveExchange) => Response | Promise<Response>;
  /**
   * Answers at the end of the hold: sends prepared bytes where the engine takes them, and otherwise what `build` returns. Undefined in
   * simulation. Does not throw.
   */
  readonly answer: ((exchange: LiveExchange) => void) | undefined;
  /** Reports an error that plugin code threw. */
  readonly report: HookReport;
}

/** Counts of one WebSocket. */
export interface SocketCounts {
  /** Messages to the client. */
  sent: number;
  /** Messages from the client. */
  received: number;
  /** Bytes of the messages to the client, without those of frames. */
  bytesSent: number;
  /** Bytes of the messages from the client. */
  bytesReceived: number;
  /** Code with which it was closed; 0 while it is open. */
  code: number;
}

/**
 * One exchange: data and state of the pipeline's machine in one object, so that an exchange costs one allocation. Plugins see
 * it as a read-only {@linkcode Exchange}. Only files of core/pipeline/ write to it, and those of core/respond/ to the fields of
 * the answer: a house test holds both lists.
 */
export class LiveExchange implements Exchange, Waiter, LeaveListener {
  sequence = 0;
  turn = 0;
  arrival = 0;
  start = 0;
  service = 0;
  degradation = 0;
  due = 0;
  end = NaN;
  status = 0;
  sent = 0;
  trace = "";
  span = "";
  /** The span id as two words, 0 without one. The journal keeps numbers: texts of all exchanges would make collections long. */
  spanHigh = 0;
  spanLow = 0;
  parent = "";
  sampled = true;
  outcome: Outcome = "pending";
  phase: "queue" | "service" | "body" = "queue";

  /** Index of the next admit hook. */
  stage = 0;
  /** Leases held, in the order they were given. */
  leases: Lease[] | undefined = undefined;
  /** Place in a queue, while the exchange waits there. */
  ticket: Ticket | undefined = undefined;
  /** Decision of a queue, until the trampoline takes the exchange on. */
  settled: Lease | Rejection | undefined = undefined;
  /** Time at which a queue says that service starts; undefined for the present. */
  settledAt: number | undefined = undefined;
  /** True while an admit hook runs: a settlement must not re-enter. */
  admitting = false;
  /** Timer of the hold on the clock; 0 where there is none. */
  timer = 0;
  /** Index among the exchanges in flight; -1 where it is not among them. */
  slot = -1;
  /** Reason of the rejection. */
  rejection: Rejection | undefined = undefined;
  /** Fault that the exchange meets. */
  injected: Injected | undefined = undefined;
  /** Effect of that fault, or of a rejection, in place of the route's answer. */
  action: FaultAction | undefined = undefined;
  /** Overrides that were asked for and refused, with the reasons. */
  refused: string | undefined = undefined;
  /** Error that a hook threw. */
  error: unknown = undefined;
  /** True from the headers to the last byte of a body that goes on: leases are held until then. */
  flowing = false;
  /** Gives up the answer that respond hooks are making; undefined while none are. Leases are held until then. */
  shaping: (() => void) | undefined = undefined;
  /** True while the source of the answer, such as an upstream's response, is awaited: the hold lasts until then. */
  preparing = false;
  /** Stops the work that goes on beside the pipeline, such as an upstream request or a body, when the exchange ends. */
  stop: (() => void) | undefined = undefined;
  /** Ends a WebSocket in good order, since the server ends; undefined for an exchange that ends by itself. */
  leave: (() => void) | undefined = undefined;
  /** Counts of a WebSocket; undefined for all else. */
  socket: SocketCounts | undefined = undefined;

  /**
   * @param plan of the route and method
   * @param method upper case
   * @param incoming request, and the way back to its client; undefined in simulation
   */
  constructor(
    readonly plan: Plan,
    readonly method: string,
    readonly incoming: Incoming | undefined,
  ) {}

  /** The exchange itself: a LiveExchange is its own {@linkcode Waiter}, which saves an object per request. */
  get exchange(): Exchange {
    return this;
  }

  get client(): string | undefined {
    return this.incoming?.client;
  }

  get path(): string | undefined {
    return this.incoming && targetOf(this.incoming.url);
  }

  /** The request as conditions and keys of turns see it; undefined in a simulation that knows no headers. */
  get viewed(): ViewedRequest | undefined {
    return this.incoming;
  }

  /** Request of the Fetch API, which some engines make only now; undefined in simulation. */
  get request(): Request | undefined {
    return this.incoming?.request;
  }

  header(name: string): string | null {
    return this.incoming === undefined
      ? null
      : this.incoming.header(name.toLowerCase());
  }

  left(): void {
    this.plan.flow.left(this);
  }

  settle(outcome: Lease | Rejection, at?: number): void {
    // Undefined would say that nothing was decided; null is refused like any other value that is no decision.
    const decided = outcome ?? (null as never);
    if (this.admitting) {
      this.settled = decided;
      this.settledAt = at;
      return;
    }
    if (this.ticket === undefined) {
      // Too late: the exchange has ended, or was settled before. A lease must never be lost.
      const { plan } = this;
      try {
        if (isLease(decided)) decided.release(this, plan.clock.now());
      } catch (error) {
        plan.report(error, plan, "admit", this.stage, "Lease.release");
      }
      return;
    }
    this.ticket = undefined;
    this.settled = decided;
    this.settledAt = at;
    this.plan.flow.resume(this);
  }
}

/** Time at which the answer of an exchange is due: after its service, its degradation and what the dials change of them. */
export function dueOf(
  { start, service, degradation, plan }: LiveExchange,
): number {
  const { delay, speedup } = plan.dials;
  return speedup === 0
    ? start + service + degradation + delay
    : start + Math.max(0, service + degradation - speedup) + delay;
}

/** Tells a lease from a rejection or a ticket. Any value may be asked about: a plugin may be plain JavaScript. */
export function isLease(
  answer: Lease | Rejection | Ticket,
): answer is Lease {
  return typeof (answer as Lease | undefined)?.release === "function";
}

/** Tells a rejection from a lease or a ticket. */
export function isRejection(
  answer: Lease | Rejection | Ticket,
): answer is Rejection {
  return typeof (answer as Rejection | undefined)?.reason === "string";
}

/** Tells a ticket from a lease or a rejection. */
export function isTicket(
  answer: Lease | Rejection | Ticket,
): answer is Ticket {
  return typeof (answer as Ticket | undefined)?.leave === "function";
}

/** The exchanges of one revision, which may be disposed after the last of them. */
export class Generation {
  /** Number of exchanges in flight. */
  size = 0;
  #retired: (() => void) | undefined;

  /** Takes no new exchanges; calls `ended` once none is in flight. */
  retire(ended: () => void): void {
    if (this.size === 0) ended();
    else this.#retired = ended;
  }

  /** The last exchange has ended. */
  emptied(): void {
    this.#retired?.();
    this.#retired = undefined;
  }
}

/** All exchanges in flight in one world, and the trampoline on which those that waited in a queue go on. */
export class Flow {
  /** True once no new exchanges are taken. */
  draining = false;
  readonly #onward: (exchange: LiveExchange) => void;
  readonly #left: (exchange: LiveExchange) => void;
  readonly #inFlight: LiveExchange[] = [];
  readonly #ready: LiveExchange[] = [];
  #running = false;
  #empty: PromiseWithResolvers<void> | undefined;

  /**
   * @param onward takes a settled exchange through the rest of the pipeline
   * @param left ends an exchange whose client has left
   */
  constructor(
    onward: (exchange: LiveExchange) => void,
    left: (exchange: LiveExchange) => void,
  ) {
    this.#onward = onward;
    this.#left = left;
  }

  /** Number of exchanges in flight. */
  get size(): number {
    return this.#inFlight.length;
  }

  /** An exchange has arrived. */
  enter(exchange: LiveExchange): void {
    exchange.plan.generation.size++;
    exchange.slot = this.#inFlight.length;
    this.#inFlight.push(exchange);
  }

  /** An exchange has ended. The last one takes its slot, so that leaving costs the same for any number of exchanges. */
  leave(exchange: LiveExchange): void {
    const slot = exchange.slot;
    const last = this.#inFlight.pop();
    if (last !== undefined && last !== exchange) {
      this.#inFlight[slot] = last;
      last.slot = slot;
    }
    exchange.slot = -1;
    const { generation } = exchange.plan;
    if (--generation.size === 0) generation.emptied();
    if (this.#inFlight.length === 0) this.#empty?.resolve();
  }

  /**
   * Takes a settled exchange on. While another exchange is being taken on, it waits until that one's caller has returned: a
   * lease released by a 0 ms service settles the next waiter, and a chain of these would recurse until the stack ends.
   */
  resume(exchange: LiveExchange): void {
    this.#ready.push(exchange);
    if (this.#running) return;
    this.#running = true;
    try {
      for (let i = 0; i < this.#ready.length; i++) {
        this.#onward(this.#ready[i]);
      }
    } finally {
      this.#ready.length = 0;
      this.#running = false;
    }
  }

  /** The client of an exchange has left. */
  left(exchange: LiveExchange): void {
    this.#left(exchange);
  }

  /** Resolves once no exchange is in flight. */
  emptied(): Promise<void> {
    if (this.#inFlight.length === 0) return Promise.resolve();
    this.#empty ??= Promise.withResolvers();
    return this.#empty.promise;
  }

  /** Calls `visit` for each exchange in flight; it must not make one leave. */
  each(visit: (exchange: LiveExchange) => void): void {
    for (const exchange of this.#inFlight) visit(exchange);
  }

  /** Calls `end` for each exchange in flight, the latest arrival first; `end` must make it leave. */
  endAll(end: (exchange: LiveExchange) => void): void {
    for (let i = this.#inFlight.length - 1; i >= 0; i--) {
      const exchange = this.#inFlight[i];
      // Ending one may have ended others, or moved them to lower slots, which the loop still reaches.
      if (exchange !== undefined) end(exchange);
    }
  }
}
