/**
 * A server in virtual time, driven by sources of requests as fast as the machine computes.
 *
 * @module
 */
import { createServer, type Perfmock, type PerfmockOptions } from "../app.ts";
import type { PerfmockInput } from "../config/mod.ts";
import { PerfmockError } from "../errors.ts";
import type { RouteFigures } from "../observe/figures.ts";
import { streamKey } from "../lib/random/mod.ts";
import type { Server } from "../server/server.ts";
import { VirtualClock } from "../lib/time/mod.ts";
import { ClosedUsers } from "./_closed_users.ts";
import { OpenArrivals } from "./_open_arrivals.ts";
import { Run } from "./_run.ts";
import { play } from "./_play.ts";
import { TargetBinder } from "./_targets.ts";
import { trafficFaults } from "./_traffic_faults.ts";
import type { SourceFigures, Traffic } from "./traffic.ts";

/** The seed of traffic that names none. */
const SEED = 42;

/** What a simulated server is made with beyond its configuration. */
export type SimulationOptions = Pick<
  PerfmockOptions,
  "folder" | "plugins" | "log"
>;

/** What came of a run. Equal configurations, traffic and seeds give equal results, to the last bit. */
export interface SimulationResult {
  /** From the run's start to its last event, or to the traffic's end where that is later; in ms of virtual time. */
  readonly duration: number;
  /** By the source's name. */
  readonly sources: Readonly<Record<string, SourceFigures>>;
  /** What the server recorded, by route id, since it was made or reset. */
  readonly routes: Readonly<Record<string, RouteFigures>>;
}

/** A server in virtual time. */
export interface Simulation extends AsyncDisposable {
  /** The server, whose stats, reset and control API work as ever. */
  readonly server: Perfmock;
  /** Its clock; timers that are set on it before a run fire during the run. */
  readonly clock: VirtualClock;
  /**
   * Sends the traffic and lets everything end that was sent; what would never end is cut. A second run goes on where the
   * first ended. Once it has begun, it computes to its end without giving way to anything else.
   *
   * @throws PerfmockError `ARGUMENT_INVALID` with all faults of the traffic; what a source's functions throw
   */
  run(traffic: Traffic): Promise<SimulationResult>;
}

/**
 * Makes a server in virtual time.
 *
 * @throws PerfmockError with all faults of the configuration
 */
export async function createSimulation(
  config: PerfmockInput,
  options: SimulationOptions = {},
): Promise<Simulation> {
  const clock = new VirtualClock();
  const server = await createServer(config, {
    ...options,
    clock,
    listen: false,
  });
  return new VirtualServer(server, clock);
}

/**
 * Makes a server in virtual time, runs one traffic, and ends it.
 *
 * @throws PerfmockError with all faults of the configuration, or of the traffic
 */
export async function simulate(
  config: PerfmockInput,
  traffic: Traffic,
  options: SimulationOptions = {},
): Promise<SimulationResult> {
  await using simulation = await createSimulation(config, options);
  return await simulation.run(traffic);
}

class VirtualServer implements Simulation {
  constructor(readonly server: Server, readonly clock: VirtualClock) {}

  async run(traffic: Traffic): Promise<SimulationResult> {
    const { seed = SEED, duration = Infinity, exchanges = Infinity } = traffic;
    const keys = await Promise.all(
      traffic.sources.map(({ name }) => streamKey(seed, name)),
    );
    const routes = this.server.builtRoutes;
    const faults = trafficFaults(traffic, routes);
    if (faults.length > 0) {
      throw new PerfmockError(
        "ARGUMENT_INVALID",
        "Cannot simulate this traffic",
        faults,
      );
    }
    const start = this.clock.now();
    const run = new Run(this.clock, start + duration, exchanges);
    const binder = new TargetBinder(routes);
    const sources = traffic.sources.map((source, index) => {
      const bound = { targets: binder.bind(source), key: keys[index] };
      return "users" in source
        ? new ClosedUsers(run, source, bound)
        : new OpenArrivals(run, source, bound);
    });
    play(run, sources, this.server.flow);
    return {
      duration: this.clock.now() - start,
      sources: Object.fromEntries(
        sources.map(({ source, tally }) => [source.name, tally.figures()]),
      ),
      routes: this.server.stats().routes,
    };
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.server[Symbol.asyncDispose]();
  }
}
