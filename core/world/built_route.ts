/**
 * A mock route, built: its plugins' hooks in order, its answer prepared, its series bound.
 *
 * @module
 */
import type { RouteFaults } from "../pipeline/faults/mod.ts";
import type { LiveExchange } from "../pipeline/exchange.ts";
import type { Flow, Generation } from "../pipeline/flow.ts";
import { methodLabel, type Recorder } from "../observe/recorder.ts";
import type {
  Journal,
  Overlay,
  Plan,
  PlannedHooks,
  SequenceCounter,
} from "../pipeline/plan.ts";
import type { Clock, Route, Stream } from "../plugin.ts";
import { createStream, hashKey, type StreamKey } from "../lib/random/mod.ts";
import type { Matchable } from "../pipeline/matcher.ts";

/** A route as plugins see it. */
export class RouteView implements Route {
  /** Unique. */
  readonly id: string;
  /** Upper case; `["*"]` is any. */
  readonly methods: readonly string[];
  /** The pattern. */
  readonly path: string;
  readonly #key: StreamKey;
  readonly #sequences: ReadonlyMap<string, SequenceCounter>;

  /**
   * Binds a route's identity to its random numbers.
   *
   * @param identity what the configuration calls it
   * @param key of its streams
   * @param sequences the next sequence number of each route, by id
   */
  constructor(
    identity: Pick<Route, "id" | "methods" | "path">,
    key: StreamKey,
    sequences: ReadonlyMap<string, SequenceCounter>,
  ) {
    this.id = identity.id;
    this.methods = identity.methods;
    this.path = identity.path;
    this.#key = key;
    this.#sequences = sequences;
  }

  /** The next sequence number. */
  get arrivals(): number {
    return this.#sequences.get(this.id)?.next ?? 0;
  }

  /** The stream of this route for a purpose. */
  stream(purpose: string): Stream {
    return createStream(this.#key, purpose);
  }

  /** The place in a stream that a text stands for. */
  placeOf(text: string): number {
    return hashKey(text);
  }
}

/** What a route is built of. */
export interface RouteParts {
  /** Its identity. */
  readonly route: Route;
  /** Its hooks, in order. */
  readonly hooks: PlannedHooks;
  /** Its faults; undefined where it has none. */
  readonly faults?: RouteFaults | undefined;
  /** Whether connections may be reset before any byte; absent for no. */
  readonly resets?: boolean;
  /** What its plugins do to it, in words. */
  readonly summaries: readonly string[];
  /** Its configuration as written. */
  readonly settings: Readonly<Record<string, unknown>>;
  /** The status of its answers. */
  readonly status: number;
  /** What can be turned of it. */
  readonly overlay?: Overlay;
  /** Changes what one request asked to have changed. */
  readonly override?: Plan["override"];
  /** The header that its draws go by. */
  readonly replayedBy?: string | undefined;
  /** Where its ended exchanges can be looked up. */
  readonly journal?: Journal | undefined;
  /** The exchanges of its revision. */
  readonly generation: Generation;
  /** Answers its exchanges. */
  readonly answer: (exchange: LiveExchange) => void;
  /** What else its answers need; undefined where they leave whole. */
  readonly body?: Pick<Plan, "prepare" | "simulate"> | undefined;
}

/** What all routes of a server share, over all revisions. */
export interface SharedParts {
  /** The server's clock. */
  readonly clock: Clock;
  /** The exchanges under way. */
  readonly flow: Flow;
  /** Where exchanges are recorded. */
  readonly recorder: Recorder;
  /** The next sequence number of each route, by id. */
  readonly sequences: Map<string, SequenceCounter>;
  /** Told of an error that a hook threw. */
  readonly report: (error: unknown, route: Route) => void;
}

/** A route with a plan for each method that occurs. */
export class BuiltRoute implements Matchable {
  /** What it was built of. */
  readonly parts: RouteParts;
  readonly #shared: SharedParts;
  readonly #overlay: Overlay;
  readonly #plans = new Map<string, Plan>();

  /**
   * Binds nothing yet: what a rejected revision has built leaves no trace.
   *
   * @param parts what is its own
   * @param shared what outlives it
   */
  constructor(parts: RouteParts, shared: SharedParts) {
    this.parts = parts;
    this.#shared = shared;
    this.#overlay = parts.overlay ?? { delay: 0 };
  }

  /** Its revision takes over: what the first requests need is made now. */
  adopt(): void {
    for (const method of this.methods) this.plan(method);
  }

  /** A route that is built again goes on with its sequence number. */
  get #sequence(): SequenceCounter {
    const { sequences } = this.#shared;
    const { id } = this.parts.route;
    let sequence = sequences.get(id);
    if (sequence === undefined) sequences.set(id, sequence = { next: 0 });
    return sequence;
  }

  /** The methods it takes. */
  get methods(): readonly string[] {
    return this.parts.route.methods;
  }

  /** Its pattern. */
  get path(): string {
    return this.parts.route.path;
  }

  /** The plan for a request's method. */
  plan(method: string): Plan {
    const label = methodLabel(method);
    let plan = this.#plans.get(label);
    if (plan === undefined) {
      const { route, hooks, faults, status, answer } = this.parts;
      const { clock, flow, recorder, report } = this.#shared;
      plan = {
        route,
        hooks,
        faults,
        sequence: this.#sequence,
        status,
        resets: this.parts.resets ?? false,
        generation: this.parts.generation,
        overlay: this.#overlay,
        replayedBy: this.parts.replayedBy,
        journal: this.parts.journal,
        override: this.parts.override,
        recorder: recorder.route(route.id, route.path, label),
        clock,
        flow,
        prepare: this.parts.body?.prepare,
        simulate: this.parts.body?.simulate,
        answer,
        report,
      };
      this.#plans.set(label, plan);
    }
    return plan;
  }
}
