/** Load scripts in virtual time, as `perfmock simulate` runs them, with each exchange shown to the test. */
import type { Exchange, LoadSummary, Plugin } from "../../core/load.ts";
import { createPerfmock, type PerfmockInput } from "../../mod.ts";

/** A scenario of a load script, as a user writes it. */
export type Scenario = Readonly<Record<string, unknown>>;

/** A simulation to run. */
export interface Simulation {
  /** Configuration of the server. */
  readonly config: PerfmockInput;
  /** Scenarios of the load script, by name. */
  readonly scenarios: Readonly<Record<string, Scenario>>;
  /** Seed of the load script; 1 where absent. */
  readonly seed?: number;
  /** Called for each exchange after its end, whatever its outcome. */
  observe?(exchange: Exchange): void;
  /** Plugins beside the built-in ones. The configuration names them. */
  readonly plugins?: readonly Plugin[];
}

/**
 * Runs a load script in virtual time.
 *
 * @throws PerfmockError where the configuration or the script is invalid; what `observe` throws
 */
export async function simulate(
  { config, scenarios, seed = 1, observe, plugins = [] }: Simulation,
): Promise<LoadSummary> {
  const thrown: unknown[] = [];
  const observer = observing((exchange) => {
    if (thrown.length > 0) return;
    try {
      observe?.(exchange);
    } catch (error) {
      // The pipeline reports what a hook throws and goes on; a test is to fail.
      thrown.push(error);
    }
  });
  await using server = await createPerfmock({
    ...config,
    plugins: { ...config.plugins, ...observe && { observer: {} } },
  }, { listen: false, plugins: [...plugins, observer], log: () => {} });
  const summary = await server.simulate({ seed, scenarios });
  if (thrown.length > 0) throw thrown[0];
  return summary;
}

/** The plugin `observer`, which shows a test each exchange of every route. */
function observing(observe: (exchange: Exchange) => void): Plugin {
  return {
    name: "observer",
    version: "1.0.0",
    setup: () => ({ route: () => ({ observe }) }),
  };
}

/** Poisson arrivals at a constant rate, as many as requested on average; all of them at the path "/". */
export function poissonArrivals(
  { rate, requests, path = "/" }: {
    /** Arrivals per second. */
    readonly rate: number;
    /** Expected number of arrivals. */
    readonly requests: number;
    readonly path?: string;
  },
): Scenario {
  return {
    executor: "arrival-rate",
    rate,
    duration: requests / rate * 1000,
    maxInFlight: 10_000_000,
    requests: [{ path }],
  };
}

/** Users who share a number of requests, all of them to the path "/". */
export function closedUsers(
  { users, requests, think, path = "/" }: {
    readonly users: number;
    /** Number of requests of all users together. */
    readonly requests: number;
    /** Distribution of the time between an answer and the user's next request; none where absent. */
    readonly think?: unknown;
    readonly path?: string;
  },
): Scenario {
  return {
    executor: "shared-iterations",
    users,
    iterations: requests,
    ...think !== undefined && { think },
    requests: [{ path }],
  };
}
