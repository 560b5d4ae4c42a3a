/**
 * A server's configuration in virtual time, for who sends requests one by one: a load script above all.
 *
 * @module
 */
import { LiveExchange } from "../pipeline/exchange.ts";
import { abandon, begin } from "../pipeline/pipeline.ts";
import type { Plan } from "../pipeline/plan.ts";
import type { Exchange } from "../plugin.ts";
import type { VirtualTarget, VirtualWorld } from "../contract/load.ts";
import type { BuiltRoute } from "../world/built_route.ts";
import { Matcher } from "../pipeline/matcher.ts";
import { Server } from "../server/server.ts";
import type { SettingsInput } from "../world/settings.ts";
import { VirtualClock } from "../lib/time/mod.ts";
import { simulatedPlan } from "./_simulated_exchange.ts";

/**
 * Builds a configuration in virtual time, without the plugins of scope `server`.
 *
 * @throws PerfmockError with all faults of the configuration
 */
export async function createVirtualWorld(
  input: SettingsInput,
): Promise<VirtualWorld> {
  const clock = new VirtualClock();
  const server = new Server({
    clock,
    listen: false,
    sessionPluginsOnly: true,
  });
  try {
    await server.start(input);
  } catch (error) {
    await server[Symbol.asyncDispose]();
    throw error;
  }
  return new World(server, clock);
}

/** Where requests go: a plan that tells who sent them. */
interface Target extends VirtualTarget {
  readonly plan: Plan;
}

type Ended = (exchange: Exchange, tag: unknown) => void;

/** An exchange that knows who is to be told of its end. */
class WorldExchange extends LiveExchange {
  constructor(
    { plan, method }: Target,
    readonly world: World,
    readonly ended: Ended,
    readonly tag: unknown,
  ) {
    super(plan, method, undefined);
  }
}

class World implements VirtualWorld {
  readonly clock: VirtualClock;
  readonly #server: Server;
  readonly #matcher: Matcher<BuiltRoute>;
  /** By the plan that serves HTTP. */
  readonly #targets = new Map<Plan, Target>();
  #thrown: { readonly error: unknown } | undefined;

  constructor(server: Server, clock: VirtualClock) {
    this.clock = clock;
    this.#server = server;
    this.#matcher = new Matcher(server.builtRoutes);
  }

  get dials(): VirtualWorld["dials"] {
    return this.#server.tenant.dials;
  }

  get inFlight(): number {
    return this.#server.flow.size;
  }

  target(method: string, path: string): Target | undefined {
    const route = this.#matcher.find(method, path);
    if (route === undefined) return undefined;
    const served = route.plan(method);
    let target = this.#targets.get(served);
    if (target === undefined) {
      target = {
        route: route.parts.route.id,
        method,
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
    const exchange = new WorldExchange(
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
    this.#server.flow.endAll((x) => abandon(x, "cut"));
  }

  /** The caller's own code threw: {@linkcode World.run} says so. */
  fail(error: unknown): void {
    this.#thrown ??= { error };
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#server[Symbol.asyncDispose]();
  }
}

/** The pipeline takes what a hook throws for the plugin's; this is the caller's. */
function tell(exchange: Exchange): void {
  const { ended, tag, world } = exchange as WorldExchange;
  try {
    ended(exchange, tag);
  } catch (error) {
    world.fail(error);
  }
}
