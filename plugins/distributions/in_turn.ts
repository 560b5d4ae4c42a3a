/**
 * Service times that requests get in turn: the first call cold, the next ones warm.
 *
 * @module
 */
import {
  type Distribution,
  type Kit,
  type KitType,
  type Route,
  TurnList,
} from "../../core/plugin.ts";
import { invalidParameters } from "./_parameters.ts";
import { createSampler, type Sampler, type Sampling } from "./sampling.ts";

/** Distribution of some requests in a row. */
export interface TurnOfService {
  /** Number of requests in a row, from 1. */
  readonly times: number;
  /** Distribution of their service times, in milliseconds. */
  readonly of: Distribution;
}

/** Schema of the route key `serviceTimes`. */
export function serviceTimesSchema(
  { z, distribution, integer, worded }: Kit,
): KitType<readonly TurnOfService[]> {
  const timed = z.strictObject(worded({
    times: integer({ min: 1, max: 1_000_000 }),
    of: distribution(),
  }, {
    times: "Number of requests in a row that get this service time",
    of: "Distribution of their service times",
  }));
  const plain = distribution().transform((of) => ({ times: 1, of }));
  return z.array(z.union([timed, plain])).min(1);
}

/**
 * Binds several distributions to a route's random numbers: each exchange draws from the one of its turn, at the place that it would
 * have with one distribution.
 *
 * @throws PerfmockError `CONFIG_INVALID` where the route has a single distribution too, or samples exactly; paths relative to the route
 */
export function samplerInTurn(
  turns: readonly TurnOfService[],
  { serviceTime, sampling, route }: {
    readonly serviceTime: Distribution | undefined;
    readonly sampling: Sampling;
    readonly route: Route;
  },
): Sampler {
  if (serviceTime !== undefined) {
    throw invalidParameters([{
      path: "/serviceTimes",
      message: "A route has one service time, or several in turn",
      allowed: 'either "serviceTime" or "serviceTimes"',
    }]);
  }
  if (sampling.scheme === "exact") {
    throw invalidParameters([{
      path: "/sampling/scheme",
      message:
        "Cannot sample several distributions exactly: their requests do not make up blocks",
      allowed: "random",
    }]);
  }
  const each = turns.map(({ of }) => createSampler(of, sampling, route).draw);
  const list = new TurnList(
    turns.map(({ times }) => times),
    route.repeatsTurns ?? false,
  );
  return {
    draw: (x) => each[list.at(x.turn ?? x.sequence)](x),
    left: undefined,
  };
}
