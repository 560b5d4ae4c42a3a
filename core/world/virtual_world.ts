/**
 * A world in virtual time: a load engine sends it requests one by one, without HTTP, as fast as the machine computes.
 *
 * @module
 */
import { Powers } from "../config/mod.ts";
import type {
  VirtualRequest,
  VirtualTarget,
  VirtualWorld,
} from "../contract/load.ts";
import { Histogram } from "../lib/histogram.ts";
import { VirtualClock } from "../lib/time/mod.ts";
import { Failures } from "../observe/failures.ts";
import { figures } from "../observe/figures.ts";
import { MetricRegistry, seriesLimitFor } from "../observe/metric_registry.ts";
import { Recorder } from "../observe/recorder.ts";
import { choose, needsLook } from "../pipeline/choice.ts";
import { LiveExchange, type Plan } from "../pipeline/exchange.ts";
import { Matcher } from "../pipeline/matcher.ts";
import { abandon, begin } from "../pipeline/pipeline.ts";
import { EMPTY_BODY, ReceivedBody } from "../pipeline/received_body.ts";
import { RequestView, type ViewedRequest } from "../pipeline/request_view.ts";
import { tracingFor } from "../pipeline/trace_context.ts";
import type { Exchange } from "../plugin.ts";
import type { MockRoute } from "./routes.ts";
import type { SettingsInput } from "./settings.ts";
import type { Log } from "./state.ts";
import { World } from "./world.ts";

/**
 * Builds a configuration in virtual time, without the plugins of scope `server`.
 *
 * @param log log of the server
 * @throws PerfmockError with all errors of the configuration
 */
export async function createVirtualWorld(
  input: SettingsInput,
  log: Log,
): Promise<VirtualWorld> {
  const clock = new VirtualClock();
  const metrics = new MetricRegistry();
  const started = clock.now();
  let simulation: Simulation | undefined;
  const world = new World({
    session: undefined,
    scope: "simulation",
    clock,
    metrics,
    recorder: new Recorder(metrics, started),
    traces: tracingFor(metrics),
    log,
    failures: new Failures({ log, metrics }),
    serves: false,
    share: () => Promise.resolve(undefined),
    url: () => undefined,
    control: () => ({ token: null, allow: [] }),
    powers: new Powers(),
    fleet: undefined,
    virtualWorld: undefined,
    started,
    // A virtual clock is never late.
    eventLoopLag: () => figures(new Histogram()),
    endpoints: () => [],
    engine: () => undefined,
    adopted: ({ routes }) => {
      metrics.seriesLimit = seriesLimitFor(routes.length);
      simulation?.adopt(routes);
    },
    switches: () => clock.pause(),
  });
  try {
    await world.start(input);
  } catch (error) {
    await world.end();
    throw error;
  }
  return simulation = new Simulation(world, clock);
}

/** Target of requests: a plan that notifies their sender, or routes among which each request decides. */
interface Target extends VirtualTarget {
  /** Path of a request that it takes. */
  readonly path: string;
  looks: boolean;
  /** Plan; undefined where each request decides. */
  plan: Plan | undefined;
  /** Matcher that found the routes. */
  matcher?: Matcher<MockRoute>;
  /** Routes among which a request decides. */
  routes?: readonly MockRoute[];
  /** Plans of the entries of a batch. */
  readonly entries?: readonly Plan[];
}

type Ended = (exchange: Exchange, tag: unknown) => void;

/** An exchange that notifies its sender of its end. */
class SimulatedExchange extends LiveExchange {
  /** Exchanges of the entries of a batch, of which this is the first; undefined for other requests. */
  batch: readonly SimulatedExchange[] | undefined = undefined;
  readonly #request: ViewedRequest | undefined;

  constructor(
    plan: Plan,
    method: string,
    readonly simulation: Simulation,
    readonly ended: Ended,
    readonly tag: unknown,
    request: ViewedRequest | undefined,
  ) {
    super(plan, method, undefined);
    this.#request = request;
  }

  override get viewed(): ViewedRequest | undefined {
    return this.#request;
  }
}

const encoder = new TextEncoder();

/** Returns true if requests decide on more than their route: on their turn, or on the size of a body that takes its time. */
function isLookedAt({ turns, simulate }: Plan): boolean {
  return turns !== undefined || simulate !== undefined;
}

/** A simulated request as conditions see it. */
function viewed(method: string, request: VirtualRequest): ViewedRequest {
  const { path, body } = request;
  return {
    method,
    url: path,
    body: body === undefined
      ? EMPTY_BODY
      : new ReceivedBody(encoder.encode(body)),
    header: (name) =>
      request.headers.find(([known]) => known === name)?.[1] ?? null,
  };
}

class Simulation implements VirtualWorld {
  readonly clock: VirtualClock;
  readonly #world: World;
  #matcher: Matcher<MockRoute>;
  /** Targets by the plan that serves HTTP. */
  #targets = new Map<Plan, Target>();
  /** Plans that notify senders by the plan that serves HTTP. */
  #plans = new Map<Plan, Plan>();
  #thrown: { readonly error: unknown } | undefined;

  constructor(world: World, clock: VirtualClock) {
    this.clock = clock;
    this.#world = world;
    this.#matcher = new Matcher(world.revision.routes);
  }

  get dials(): VirtualWorld["dials"] {
    return this.#world.dials;
  }

  get switching(): Promise<void> | undefined {
    return this.#world.switching;
  }

  /** Another revision takes over: requests to known targets go to its routes. */
  adopt(routes: readonly MockRoute[]): void {
    this.#matcher = new Matcher(routes);
    const targets = [...this.#targets.values()];
    this.#targets = new Map();
    this.#plans = new Map();
    for (const target of targets) {
      const { method, path } = target;
      const route = this.#matcher.find(method, path);
      if (route === undefined) continue;
      const served = route.plan(method);
      target.looks = needsLook(route) || isLookedAt(served);
      target.plan = needsLook(route) ? undefined : this.#planFor(served);
      this.#targets.set(served, target);
    }
  }

  get inFlight(): number {
    return this.#world.flow.size;
  }

  target(method: string, path: string): Target | undefined {
    const route = this.#matcher.find(method, path);
    if (route === undefined) return undefined;
    const looks = needsLook(route);
    const served = route.plan(method);
    let target = looks ? undefined : this.#targets.get(served);
    if (target === undefined) {
      target = {
        route: route.id,
        method,
        path,
        looks: looks || isLookedAt(served),
        plan: looks ? undefined : this.#planFor(served),
      };
      if (!looks) this.#targets.set(served, target);
    }
    return target;
  }

  choose(target: VirtualTarget, request: VirtualRequest): Target | undefined {
    const asked = target as Target;
    const { method, path } = asked;
    if (asked.plan !== undefined) return asked;
    if (asked.matcher !== this.#matcher) {
      asked.matcher = this.#matcher;
      asked.routes = this.#matcher.findAll(method, path);
    }
    const { routes = [] } = asked;
    const seen = viewed(method, request);
    const view = new RequestView(seen);
    const chosen = choose(routes, view);
    if (typeof chosen !== "string") return this.#chosen(asked, chosen);
    if (chosen !== "batch") return undefined;
    const each = (view.batch ?? []).flatMap((operation) => {
      const body = ReceivedBody.ofJson(operation);
      const route = choose(routes, new RequestView({ ...seen, body }, true));
      return typeof route === "string" ? [] : [route];
    });
    const [first, second] = each;
    if (first === undefined) return undefined;
    if (second === undefined) return this.#chosen(asked, first);
    const entries = each.map((route) => this.#planFor(route.plan(method)));
    return { ...this.#chosen(asked, first), entries };
  }

  #chosen({ method, path }: Target, route: MockRoute): Target {
    const plan = this.#planFor(route.plan(method));
    return { route: route.id, method, path, looks: true, plan };
  }

  #planFor(served: Plan): Plan {
    let plan = this.#plans.get(served);
    if (plan === undefined) {
      this.#plans.set(served, plan = simulatedPlan(served, tell));
    }
    return plan;
  }

  send<Tag>(
    target: VirtualTarget,
    ended: (exchange: Exchange, tag: Tag) => void,
    tag: Tag,
    request?: VirtualRequest,
  ): Exchange {
    const { plan, entries, method } = target as Target;
    const seen = request && viewed(method, request);
    if (entries !== undefined) {
      return this.#sendAll(
        entries,
        (entry, told: Ended) =>
          new SimulatedExchange(entry, method, this, told, tag, seen),
        ended as Ended,
      );
    }
    if (plan === undefined) {
      throw new TypeError("Cannot send to a target that was not chosen");
    }
    const exchange = new SimulatedExchange(
      plan,
      method,
      this,
      ended as Ended,
      tag,
      seen,
    );
    begin(exchange);
    return exchange;
  }

  /** Sends the entries of a batch, which ends with the last of them. */
  #sendAll(
    entries: readonly Plan[],
    make: (entry: Plan, told: Ended) => SimulatedExchange,
    ended: Ended,
  ): Exchange {
    let left = entries.length;
    const batch = entries.map((entry) =>
      make(entry, (exchange, tag) => {
        if (--left === 0) ended(exchange, tag);
      })
    );
    const [first] = batch;
    first.batch = batch;
    for (const each of batch) begin(each);
    return first;
  }

  abandon(exchange: Exchange): void {
    const { batch = [exchange] } = exchange as SimulatedExchange;
    for (const each of batch) abandon(each as LiveExchange, "gone");
  }

  run(until: number, atMost: number): number {
    const fired = this.clock.runUntil(until, atMost);
    const thrown = this.#thrown;
    this.#thrown = undefined;
    if (thrown !== undefined) throw thrown.error;
    return fired;
  }

  cut(): void {
    this.#world.flow.endAll((x) => abandon(x, "cut"));
  }

  /** The caller's own code threw: {@linkcode Simulation.run} throws it. */
  fail(error: unknown): void {
    this.#thrown ??= { error };
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#world.end();
  }
}

/** Catches errors of the sender: the pipeline would report them as the plugin's. */
function tell(exchange: Exchange): void {
  const { ended, tag, simulation } = exchange as SimulatedExchange;
  try {
    ended(exchange, tag);
  } catch (error) {
    simulation.fail(error);
  }
}

/** A route's plan as a simulation runs it: no answer is built, a body flows for its time, no journal is kept. */
function simulatedPlan(
  plan: Plan,
  observe: (exchange: Exchange) => void,
): Plan {
  const { hooks } = plan;
  return {
    ...plan,
    prepare: undefined,
    answer: plan.simulate,
    journal: undefined,
    identify: undefined,
    override: undefined,
    hooks: { ...hooks, observe: [...hooks.observe, observe] },
  };
}
