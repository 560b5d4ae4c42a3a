// Runs without the profiler: computes much.
import { deepEqual, equal, match, ok, rejects } from "node:assert/strict";
import { createPerfmock, type PerfmockInput } from "../../mod.ts";
import { get } from "../support/http.ts";
import { until } from "../support/wait.ts";

/** Server with limits of simulations, whose route keeps requests in flight. */
function limited(simulations: object, options: object = {}) {
  return createPerfmock({
    plugins: { load_engine: { simulations } },
    routes: [{ id: "slow", path: "/slow", serviceTime: "1h" }],
  } as PerfmockInput, options);
}

/** Script that sends without end. */
const ENDLESS = {
  scenarios: {
    a: {
      executor: "arrival-rate",
      rate: "100/s",
      duration: "1000000h",
      requests: [{ path: "/slow", timeout: "1s" }],
    },
  },
};

/** Script whose requests in flight take more and more memory. */
const GROWING = {
  scenarios: {
    a: {
      executor: "arrival-rate",
      rate: "1000000/s",
      duration: "1000h",
      maxInFlight: 1_000_000_000,
      requests: [{ path: "/slow", timeout: "1h" }],
    },
  },
};

/** Script that is refused at once where there is room for one more. */
const REFUSED = { scenarios: {} };

type Server = Awaited<ReturnType<typeof limited>>;

async function simulate(
  server: Server,
  script: unknown,
  signal?: AbortSignal,
) {
  const response = await get(server, "/_perfmock/load_engine/simulate", {
    method: "POST",
    body: JSON.stringify(script),
    ...signal !== undefined && { signal },
  });
  const { title, code } = await response.json();
  return { status: response.status, title, code };
}

/** Waits until a script is refused with 400: no simulation is under way any more. */
function ended(server: Server): Promise<void> {
  return until(async () => (await simulate(server, REFUSED)).status === 400);
}

Deno.test("a simulation that needs more memory than allowed is ended, and the server goes on", async () => {
  await using server = await limited({ memory: "8MiB" });
  deepEqual(await simulate(server, GROWING), {
    status: 400,
    title: "Cannot simulate the script: it has taken more than 8 MiB",
    code: "SIMULATION_LIMIT",
  });
  const { scenarios } = await server.simulate({
    scenarios: {
      a: {
        executor: "shared-iterations",
        iterations: 3,
        requests: [{ path: "/" }],
      },
    },
  });
  equal(scenarios.a.started, 3);
});

Deno.test("a simulation that takes longer than allowed is ended, and other answers do not wait for it", async () => {
  await using server = await limited({ time: "1s" });
  const simulated = simulate(server, ENDLESS);
  let over = false;
  const result = simulated.finally(() => over = true);
  let answers = 0;
  while (!over) {
    await (await get(server, "/_perfmock/health")).body?.cancel();
    answers++;
  }
  match((await result).title, /: it has taken more than 1 s$/);
  ok(answers > 3, `${answers} answers meanwhile`);
});

Deno.test("no more simulations than allowed are under way at once", async () => {
  await using server = await limited({ atOnce: 2 });
  const leaving = new AbortController();
  const all = [1, 2, 3].map(() => simulate(server, ENDLESS, leaving.signal));
  // The other two go on.
  const { status, code } = await Promise.race(all);
  deepEqual([status, code], [429, "SIMULATION_LIMIT"]);
  equal((await simulate(server, ENDLESS)).status, 429);
  leaving.abort();
  const results = await Promise.allSettled(all);
  equal(results.filter(({ status }) => status === "rejected").length, 2);
  await ended(server);
});

Deno.test("simulations of the library and of servers with plugins as objects keep to the limits", async () => {
  await using server = await limited({ memory: "8MiB" }, {
    plugins: [{ name: "given", version: "1.0.0", setup: () => ({}) }],
  });
  for (
    const ended of [
      server.simulate(GROWING).catch(({ code }) => code),
      simulate(server, GROWING).then(({ code }) => code),
    ]
  ) equal(await ended, "SIMULATION_LIMIT");
});

Deno.test("a script with errors is refused before a thread is started", async () => {
  await using server = await limited({});
  const { status, code } = await simulate(server, { scenarios: {} });
  deepEqual([status, code], [400, "SCRIPT_INVALID"]);
});

Deno.test("a simulation over HTTP gives the figures of one in the library, turned dials included", async () => {
  await using server = await createPerfmock({
    seed: 9,
    plugins: { limiter: { pools: { db: { concurrency: 1, queue: 2 } } } },
    routes: [{
      path: "/",
      limiter: "db",
      serviceTime: { exponential: { mean: "50ms" } },
    }],
  } as PerfmockInput);
  const script = {
    seed: 3,
    scenarios: {
      load: {
        executor: "arrival-rate",
        rate: "40/s",
        duration: "4s",
        requests: [{ path: "/" }],
      },
      relief: {
        executor: "modulate",
        set: { pool: "db", dial: "concurrency" },
        to: { steps: [{ at: 0, value: 1 }, { at: "2s", value: 4 }] },
        duration: "4s",
      },
      burn: {
        executor: "stress",
        scenario: { cpu: { load: 0.1 }, duration: "1s" },
      },
    },
  };
  const summary = await server.simulate(script);
  const response = await get(server, "/_perfmock/load_engine/simulate", {
    method: "POST",
    body: JSON.stringify(script),
  });
  const { scenarios } = await response.json();
  deepEqual(scenarios, JSON.parse(JSON.stringify(summary.scenarios)));
  const { relief: _, ...without } = script.scenarios;
  const still = await server.simulate({ ...script, scenarios: without });
  ok(still.scenarios.load.failed > summary.scenarios.load.failed);
});

Deno.test("a change of the configuration ends no simulation", async () => {
  await using server = await limited({ atOnce: 1 });
  const leaving = new AbortController();
  let over = false;
  const simulated = simulate(server, ENDLESS, leaving.signal)
    .finally(() => over = true);
  await until(async () => (await simulate(server, REFUSED)).status === 429);
  await server.update({ seed: 7 });
  // It goes on counting among those that are under way, too.
  equal((await simulate(server, REFUSED)).status, 429);
  equal(over, false);
  leaving.abort();
  await rejects(simulated);
  await ended(server);
});

Deno.test("a client that leaves while its simulation is under way is no error of the plugin", async () => {
  const said: string[] = [];
  await using server = await limited({ atOnce: 1 }, {
    log: (_: string, line: string) => said.push(line),
  });
  const leaving = new AbortController();
  const simulated = simulate(server, ENDLESS, leaving.signal);
  await until(async () => (await simulate(server, REFUSED)).status === 429);
  leaving.abort();
  await rejects(simulated);
  await ended(server);
  deepEqual(said.filter((line) => /failed/.test(line)), []);
});
