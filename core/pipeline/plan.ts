/**
 * What is known of a route before the first request: everything its exchanges need, bound once.
 *
 * @module
 */
import type { LiveExchange } from "./exchange.ts";
import type { FaultDecision } from "./faults/mod.ts";
import type { Flow, Generation } from "./flow.ts";
import type { RouteRecorder } from "../observe/recorder.ts";
import type { Admit, Awaitable, Clock, Exchange, Route } from "../plugin.ts";

/** The hooks of one route, all plugins' together, in the order in which they run. */
export interface PlannedHooks {
  /** Taken in turn; each may hold a server. */
  readonly admit: readonly Admit[];
  /** The service time; without it, 0 ms. */
  readonly serve: ((exchange: Exchange) => number) | undefined;
  /** Each adds to the service time. */
  readonly degrade: readonly ((exchange: Exchange) => number)[];
  /** Each is given what the one before it returned. */
  readonly respond: readonly ((
    exchange: Exchange,
    response: Response,
  ) => Awaitable<Response>)[];
  /** All see the finished exchange. */
  readonly observe: readonly ((exchange: Exchange) => void)[];
}

/** The next sequence number of a route, shared by all its methods and kept over revisions. */
export interface SequenceCounter {
  /** The number the next arrival takes. */
  next: number;
}

/** What can be turned of a route while requests are under way. */
export interface Overlay {
  /** Added to the time of every exchange, in milliseconds, behind a proxy too. */
  delay: number;
}

/** Takes in every exchange that has ended. */
export interface Journal {
  /** Copies what it keeps. */
  record(exchange: LiveExchange): void;
}

/** A route, ready to take exchanges. */
export interface Plan {
  /** The route itself. */
  readonly route: Route;
  /** Its hooks. */
  readonly hooks: PlannedHooks;
  /** Which fault meets an exchange; undefined where the route has none. */
  readonly faults: FaultDecision | undefined;
  /** Where its sequence numbers come from. */
  readonly sequence: SequenceCounter;
  /** The status of its answers. */
  readonly status: number;
  /** Whether the connections of its exchanges may be reset. */
  readonly resets: boolean;
  /** The series it records into. */
  readonly recorder: RouteRecorder;
  /** The server's clock. */
  readonly clock: Clock;
  /** The exchanges under way on the server. */
  readonly flow: Flow;
  /** The exchanges of its revision. */
  readonly generation: Generation;
  /** What lies over the configuration for a while: see {@linkcode Overlay}. */
  readonly overlay: Overlay;
  /** The header that its draws go by, if not by sequence number. */
  readonly replayedBy: string | undefined;
  /** Where ended exchanges can be looked up; undefined where they are not kept. */
  readonly journal: Journal | undefined;
  /** Changes what one request asked to have changed; undefined where that is not allowed. */
  readonly override: ((exchange: LiveExchange) => void) | undefined;
  /** Begins, at the start of service, what the answer is made of: {@linkcode LiveExchange.preparing}; mostly absent. */
  readonly prepare: ((exchange: LiveExchange) => void) | undefined;
  /** What stands for `answer` in simulation: a body that flows for its time; absent where a body leaves with its headers. */
  readonly simulate: ((exchange: LiveExchange) => void) | undefined;
  /**
   * Builds the answer of an exchange whose end has come and stores or hands it over; undefined in simulation. Where it leaves
   * the exchange `flowing`, its body goes on, and whoever writes it calls `handOver` at its last byte.
   */
  readonly answer: ((exchange: LiveExchange) => void) | undefined;
  /** Told of an error that a hook threw. */
  readonly report: (error: unknown, route: Route) => void;
}
