/**
 * Cost of the pipeline itself, without sockets.
 *
 * @module
 */
import { begin } from "../../core/pipeline/pipeline.ts";
import { createPerfmock, type Perfmock } from "../../mod.ts";
import { exchange, testPlan } from "../support/plan.ts";
import type { Benchmark } from "./benchmark.ts";

/** Number of exchanges that wait at the same time on the route with a delay. */
const TOGETHER = 100;

/** An operation that is measured by repeating it n times. */
interface Subject {
  readonly what: string;
  readonly run: (n: number) => void;
  readonly targetNanoseconds?: number;
}

/** Runs in process, in alternating rounds. */
export const pipeline: Benchmark = {
  name: "pipeline",
  measures:
    "Nanoseconds per exchange without sockets, metrics included: the fastest of alternating rounds, which other work on the machine disturbed least",
  async run({ quick }) {
    await using server = await createPerfmock({
      routes: [{ path: "/ok", response: { text: "ok" } }],
    }, { listen: false });
    const subjects = [atOnce(), delayed(), clockReading(), fetched(server)];
    const calls = quick ? 20_000 : 200_000;
    const best = subjects.map(() => Infinity);
    for (let round = 0; round < 15; round++) {
      for (const [index, { run }] of subjects.entries()) {
        const start = performance.now();
        run(calls);
        const cost = (performance.now() - start) / calls * 1e6;
        best[index] = Math.min(best[index], cost);
      }
    }
    return subjects.map(({ what, targetNanoseconds }, index) => ({
      what,
      values: { "ns each": best[index] },
      targets: targetNanoseconds === undefined
        ? []
        : [{ column: "ns each", atMost: targetNanoseconds }],
    }));
  },
};

function atOnce(): Subject {
  const plan = testPlan({ serve: () => 0 });
  return {
    what: "0 ms, from arrival to observation, without clock readings",
    run: (n) => {
      for (let i = 0; i < n; i++) begin(exchange(plan));
    },
    targetNanoseconds: 300,
  };
}

function delayed(): Subject {
  const plan = testPlan({ serve: () => 20 });
  return {
    what: `20 ms, ${TOGETHER} at a time on the virtual clock`,
    run: (n) => {
      for (let i = 0; i < n; i++) {
        begin(exchange(plan));
        if (i % TOGETHER === 0) plan.clock.advance(21);
      }
      plan.clock.advance(21);
    },
  };
}

function clockReading(): Subject {
  return {
    what: "one reading of the clock",
    run: (n) => {
      for (let i = 0; i < n; i++) performance.now();
    },
  };
}

function fetched(server: Perfmock): Subject {
  const request = new Request("http://perfmock.invalid/ok");
  return {
    what: "0 ms through fetch, answer included, same Request each time",
    run: (n) => {
      for (let i = 0; i < n; i++) server.fetch(request);
    },
  };
}
