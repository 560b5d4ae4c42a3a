/**
 * How fast a simulation runs: one core, no sockets, the server's own recording included.
 *
 * @module
 */
import { constant } from "../../core/lib/signals/mod.ts";
import {
  createSimulation,
  type Simulation,
  type Source,
} from "../../core/simulation/mod.ts";
import type { Benchmark } from "./benchmark.ts";

/** Exchanges a second: an hour of 100/s within a second. */
const TARGET = 400_000;

/** Something that is simulated. */
interface Subject {
  readonly what: string;
  /** The route's settings. */
  readonly route: Readonly<Record<string, unknown>>;
  readonly source: Source;
}

const TARGETS = [{ route: "r" }];

/** A thousand arrivals a second. */
const POISSON: Source = {
  name: "poisson",
  arrivals: "poisson",
  rate: constant(1000),
  targets: TARGETS,
};

const LOGNORMAL = { lognormal: { median: "20ms", p99: "80ms" } };

const SUBJECTS: readonly Subject[] = [
  {
    what: "0 ms, Poisson arrivals",
    route: { serviceTime: "0ms" },
    source: POISSON,
  },
  {
    what: "lognormal service time, Poisson arrivals",
    route: { serviceTime: LOGNORMAL },
    source: POISSON,
  },
  {
    what: "lognormal service time, Poisson arrivals, a pool of 30",
    route: {
      serviceTime: LOGNORMAL,
      limiter: { concurrency: 30, queue: 100 },
    },
    source: POISSON,
  },
  {
    what: "lognormal service time, 100 users who think",
    route: { serviceTime: LOGNORMAL },
    source: {
      name: "users",
      users: 100,
      think: {
        draw: (stream, sequence) => -Math.log(stream.uniform(sequence)) * 100,
      },
      targets: TARGETS,
    },
  },
];

/** In alternating rounds. */
export const simulate: Benchmark = {
  name: "simulate",
  measures:
    "Exchanges a second in virtual time: the fastest of alternating rounds, which the machine's other work disturbed least",
  async run({ quick }) {
    const exchanges = quick ? 20_000 : 300_000;
    await using stack = new AsyncDisposableStack();
    const simulations: Simulation[] = [];
    for (const { route } of SUBJECTS) {
      simulations.push(stack.use(
        await createSimulation({
          routes: [{ id: "r", path: "/r", ...route }],
        }),
      ));
    }
    const best = SUBJECTS.map(() => 0);
    for (let round = 0; round < 7; round++) {
      for (const [index, { source }] of SUBJECTS.entries()) {
        const start = performance.now();
        await simulations[index].run({ exchanges, sources: [source] });
        const rate = exchanges / (performance.now() - start) * 1000;
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
