/** Runs load scripts in virtual time, as `perfmock simulate` does, and passes each exchange to the test. */
import type {
  Exchange,
  LoadSummary,
  Plugin,
  Segment,
} from "../../core/load.ts";
import { createPerfmock, type PerfmockInput } from "../../mod.ts";

/** A scenario of a load script, as a user writes it. */
export type Scenario = Readonly<Record<string, unknown>>;

/** A simulation to run. */
export interface Simulation {
  /** Configuration of the server. */
  readonly config: PerfmockInput;
  /** Scenarios of the load script, by name. */
  readonly scenarios: Readonly<Record<string, Scenario>>;
  /** Seed of the load script. Default 1. */
  readonly seed?: number;
  /** Called at the end of each exchange, whatever its outcome. */
  observe?(exchange: Exchange): void;
  /** Plugins in addition to the built-in ones; the configuration names them. */
  readonly plugins?: readonly Plugin[];
  /** Replica that the server is. Default: the only one. */
  readonly segment?: Segment;
  /** Share of the script's traffic. Default: that of the replica. */
  readonly share?: Segment;
}

/**
 * Runs a load script in virtual time.
 *
 * @throws PerfmockError if the configuration or the script is invalid; any error of `observe`
 */
export async function simulate(
  { config, scenarios, seed = 1, observe, plugins = [], segment, share }:
    Simulation,
): Promise<LoadSummary> {
  const thrown: unknown[] = [];
  const observer = observing((exchange) => {
    if (thrown.length > 0) return;
    try {
      observe?.(exchange);
    } catch (error) {
      // The pipeline only reports a hook's error, but the test must fail.
      thrown.push(error);
    }
  });
  await using server = await createPerfmock({
    ...config,
    plugins: { ...config.plugins, ...observe && { observer: {} } },
  }, {
    listen: false,
    plugins: [...plugins, observer],
    log: () => {},
    ...segment !== undefined && { segment },
  });
  const summary = await server.simulate({ seed, scenarios }, {
    segment: share,
  });
  if (thrown.length > 0) throw thrown[0];
  return summary;
}

/** Creates the plugin `observer`, which passes each exchange of every route to a test. */
function observing(observe: (exchange: Exchange) => void): Plugin {
  return {
    name: "observer",
    version: "1.0.0",
    setup: () => ({ route: () => ({ observe }) }),
  };
}

/** Creates a scenario of Poisson arrivals at the path "/", with a constant rate and the given expected number. */
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

/** Creates a scenario of users who send a given number of requests together, all to the path "/". */
export function closedUsers(
  { users, requests, think, path = "/" }: {
    readonly users: number;
    /** Number of requests of all users together. */
    readonly requests: number;
    /** Distribution of the time between an answer and the user's next request. Default: 0. */
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
