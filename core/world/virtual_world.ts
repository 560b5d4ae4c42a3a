/**
 * A world in virtual time: a load engine sends it requests one by one, without HTTP, as fast as the machine computes.
 *
 * @module
 */
import { Powers } from "../config/mod.ts";
import type { VirtualTarget, VirtualWorld } from "../contract/load.ts";
import { Histogram } from "../lib/histogram.ts";
import { VirtualClock } from "../lib/time/mod.ts";
import { Failures } from "../observe/failures.ts";
import { figures } from "../observe/figures.ts";
import { MetricRegistry, seriesLimitFor } from "../observe/metric_registry.ts";
import { Recorder } from "../observe/recorder.ts";
import { LiveExchange, type Plan } from "../pipeline/exchange.ts";
import { Matcher } from "../pipeline/matcher.ts";
import { abandon, begin } from "../pipeline/pipeline.ts";
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
    url: () => undefined,
    control: () => ({ token: null, allow: [] }),
    powers: new Powers(),
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

/** Target of requests: a plan that notifies their sender. */
interface Target extends VirtualTarget {
  /** Path of a request that it takes. */
  readonly path: string;
  plan: Plan;
}

type Ended = (exchange: Exchange, tag: unknown) => void;

/** An exchange that notifies its sender of its end. */
class SimulatedExchange extends LiveExchange {
  constructor(
    { plan, method }: Target,
    readonly simulation: Simulation,
    readonly ended: Ended,
    readonly tag: unknown,
  ) {
    super(plan, method, undefined);
  }
}

class Simulation implements VirtualWorld {
  readonly clock: VirtualClock;
  readonly #world: World;
  #matcher: Matcher<MockRoute>;
  /** Targets by the plan that serves HTTP. */
  #targets = new Map<Plan, Target>();
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
    for (const target of targets) {
      const { method, path } = target;
      const served = this.#matcher.find(method, path)?.plan(method);
      if (served === undefined) continue;
      target.plan = simulatedPlan(served, tell);
      this.#targets.set(served, target);
    }
  }

  get inFlight(): number {
    return this.#world.flow.size;
  }

  target(method: string, path: string): Target | undefined {
    const route = this.#matcher.find(method, path);
    if (route === undefined) return undefined;
    const served = route.plan(method);
    let target = this.#targets.get(served);
    if (target === undefined) {
      target = {
        route: route.id,
        method,
        path,
        plan: simulatedPlan(served, tell),
      };
      this.#targets.set(served, target);
    }
    return target;
  }

  send<Tag>(
    target: VirtualTarget,
    ended: (exchange: Exchange, tag: Tag) => void,
    tag: Tag,
  ): Exchange {
    const exchange = new SimulatedExchange(
      target as Target,
      this,
      ended as Ended,
      tag,
    );
    begin(exchange);
    return exchange;
  }

  abandon(exchange: Exchange): void {
    abandon(exchange as LiveExchange, "gone");
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
