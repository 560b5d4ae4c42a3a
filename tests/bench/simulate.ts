/**
 * Exchanges per second of `perfmock simulate`, on one core, without sockets, including the recording of server and load engine.
 *
 * @module
 */
import { createPerfmock, type Perfmock } from "../../mod.ts";
import { closedUsers, poissonArrivals } from "../support/simulation.ts";
import type { Benchmark } from "./benchmark.ts";

/** Target in exchanges per second: an hour at 100/s within a second. */
const TARGET = 400_000;

/** A route under a scenario. */
interface Subject {
  readonly what: string;
  /** Settings of the route. */
  readonly route: Readonly<Record<string, unknown>>;
  /** Returns the scenario for a number of requests. */
  readonly scenario: (requests: number) => unknown;
}

const LOGNORMAL = { lognormal: { median: "20ms", p99: "80ms" } };

const poisson = (requests: number) => poissonArrivals({ rate: 1000, requests });

const SUBJECTS: readonly Subject[] = [
  {
    what: "0 ms, Poisson arrivals",
    route: { serviceTime: "0ms" },
    scenario: poisson,
  },
  {
    what: "lognormal service time, Poisson arrivals",
    route: { serviceTime: LOGNORMAL },
    scenario: poisson,
  },
  {
    what: "lognormal service time, Poisson arrivals, a pool of 30",
    route: {
      serviceTime: LOGNORMAL,
      limiter: { concurrency: 30, queue: 100 },
    },
    scenario: poisson,
  },
  {
    what: "lognormal service time, 100 users with think time",
    route: { serviceTime: LOGNORMAL },
    scenario: (requests) =>
      closedUsers({
        users: 100,
        requests,
        think: { exponential: { mean: "100ms" } },
      }),
  },
];

/** Runs in alternating rounds. */
export const simulate: Benchmark = {
  name: "simulate",
  measures:
    "Exchanges per second in virtual time, by load script: the fastest of alternating rounds, which other work on the machine disturbed least",
  async run({ quick }) {
    const requests = quick ? 20_000 : 300_000;
    await using stack = new AsyncDisposableStack();
    const servers: Perfmock[] = [];
    for (const { route } of SUBJECTS) {
      servers.push(stack.use(
        await createPerfmock(
          { routes: [{ path: "/", ...route }] },
          { listen: false },
        ),
      ));
    }
    const best = SUBJECTS.map(() => 0);
    for (let round = 0; round < 7; round++) {
      for (const [index, { scenario }] of SUBJECTS.entries()) {
        const script = { scenarios: { load: scenario(requests) } };
        const start = performance.now();
        const { scenarios } = await servers[index].simulate(script);
        const seconds = (performance.now() - start) / 1000;
        const rate = scenarios.load.started / seconds;
        best[index] = Math.max(best[index], rate);
      }
    }
    return SUBJECTS.map(({ what }, index) => ({
      what,
      values: { "exchanges/s": best[index] },
      targets: [{ column: "exchanges/s", atLeast: TARGET }],
    }));
  },
};
