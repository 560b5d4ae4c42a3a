// Runs on a calm machine, without the profiler: compares times with a simulation.
import { deepEqual, equal, ok } from "node:assert/strict";
import { createPerfmock } from "../../mod.ts";
import type { PoolReport } from "../../plugins/limiter/mod.ts";
import { eachEngine } from "../support/each_engine.ts";
import { call, json, post } from "../support/http.ts";
import { until } from "../support/wait.ts";

/** The part of a run's summary that is read here. */
interface Summary {
  readonly scenarios: {
    readonly load: {
      readonly started: number;
      readonly failed: number;
      readonly serviceTime: { readonly mean: number };
    };
  };
}

eachEngine.test("a load script that makes a pool larger while it is full agrees with its own simulation over real sockets", async () => {
  await using server = await createPerfmock({
    seed: 9,
    plugins: { limiter: { pools: { db: { concurrency: 4, queue: 6 } } } },
    routes: [{
      path: "/",
      limiter: "db",
      serviceTime: { exponential: { mean: "100ms" } },
    }],
  });
  const script = post({
    seed: 3,
    scenarios: {
      load: {
        executor: "arrival-rate",
        arrivals: "poisson",
        rate: "80/s",
        duration: "4s",
        requests: [{ path: "/" }],
      },
      relief: {
        executor: "modulate",
        set: { pool: "db", dial: "concurrency" },
        to: { steps: [{ at: 0, value: 4 }, { at: "2s", value: 8 }] },
        duration: "4s",
      },
    },
  });
  const simulated = await json<Summary>(
    call(server, "/_perfmock/load_engine/simulate", script),
  );
  const { id } = await json<{ id: string }>(
    call(server, "/_perfmock/load_engine/runs", script),
  );
  const run = () =>
    json<{ readonly state: string; readonly summary: Summary | null }>(
      call(server, `/_perfmock/load_engine/runs/${id}`),
    );
  const pool = async () => {
    const { pools: [report] } = await json<{ pools: PoolReport[] }>(
      call(server, "/_perfmock/limiter/pools"),
    );
    return report;
  };
  await until(async () => (await pool()).arrivals > 0);
  await until(async () => (await pool()).concurrency === 8);
  await until(async () => (await run()).state === "finished");
  const { summary } = await run();
  const real = summary?.scenarios.load;
  ok(real !== undefined);
  const { load } = simulated.scenarios;
  const figures = ({ failed, serviceTime: { mean } }: typeof load) =>
    `${failed} failed, ${mean} ms on average`;
  const both = `simulated ${figures(load)}, real ${figures(real)}`;
  equal(real.started, load.started, "the same arrivals");
  ok(load.failed > 0.1 * load.started, both);
  // The stated bounds: refusals differ by at most 5 % of the requests, mean service times by at most a fifth and 5 ms.
  ok(Math.abs(real.failed - load.failed) <= 0.05 * load.started, both);
  const { mean } = load.serviceTime;
  ok(Math.abs(real.serviceTime.mean - mean) <= 0.2 * mean + 5, both);
  const { arrivals, peakBusy, concurrency, queue } = await pool();
  deepEqual(
    [arrivals, peakBusy, concurrency, queue],
    [real.started, 8, 4, 6],
    "the script's values are released",
  );
});
