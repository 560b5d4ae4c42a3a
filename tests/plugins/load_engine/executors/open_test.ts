import { deepEqual, equal, notDeepEqual, ok } from "node:assert/strict";
import { FakeEnvironment, FakeRun, one, parse } from "../_scripts.ts";

const ORDERS = [{ path: "/a", weight: 3 }, { path: "/b", weight: 1 }];

const BROWSE = {
  executor: "arrival-rate",
  rate: "100/s",
  duration: "1s",
  requests: ORDERS,
};

/** Returns the names of a run's requests in order. */
function names({ sent }: FakeEnvironment, scenario = 0): string[] {
  return sent.filter(({ request }) => request.scenario === scenario)
    .map(({ request }) => request.name);
}

Deno.test("arrival-rate sends at the times of its schedule, whatever happens to earlier requests", async () => {
  const environment = new FakeEnvironment();
  environment.takes = () => 5000;
  const script = await one({
    ...BROWSE,
    arrivals: "uniform",
    start: "2s",
    rate: "10/s",
  });
  const { summary } = new FakeRun(script, environment).toEnd();
  deepEqual(
    environment.times,
    [2050, 2150, 2250, 2350, 2450, 2550, 2650, 2750, 2850, 2950],
  );
  deepEqual(
    environment.sent.map(({ scheduled }) => scheduled),
    environment.times,
  );
  const { s } = summary.scenarios;
  deepEqual([s.scheduled, s.started, s.completed], [10, 10, 10]);
  equal(s.rate, 10);
  equal(summary.duration, 7950);
});

Deno.test("arrival-rate sends an arrival that rounding puts at the very end", async () => {
  const script = await one({
    ...BROWSE,
    arrivals: "uniform",
    rate: "1/s",
    // So late that times half a picosecond apart are the same.
    start: 1e7,
    duration: 2500.0000000005,
  });
  const run = new FakeRun(script);
  const { summary } = run.toEnd();
  deepEqual(run.environment.times.map((time) => time - 1e7), [
    500,
    1500,
    2500,
  ]);
  equal(summary.scenarios.s.completed, 3);
});

Deno.test("arrival-rate drops arrivals beyond maxInFlight and counts them", async () => {
  const environment = new FakeEnvironment();
  environment.takes = () => 1000;
  const script = await one({
    ...BROWSE,
    arrivals: "uniform",
    maxInFlight: 4,
  });
  const { s } = new FakeRun(script, environment).toEnd().summary.scenarios;
  deepEqual([s.scheduled, s.started, s.dropped], [100, 4, 96]);
  equal(s.completed, 4);
});

Deno.test("The same seed gives the same times and choices, another seed does not", async () => {
  const play = async (seed: number) => {
    const run = new FakeRun(await parse({ seed, scenarios: { s: BROWSE } }));
    run.toEnd();
    return run.environment;
  };
  const first = await play(7);
  const again = await play(7);
  const other = await play(8);
  deepEqual(again.times, first.times);
  deepEqual(names(again), names(first));
  notDeepEqual(other.times, first.times);
  notDeepEqual(names(other), names(first));
});

Deno.test("Adding a scenario changes neither times nor choices of the others", async () => {
  const variables = { id: { integer: { min: 1, max: 1e6 } } };
  const mine = {
    ...BROWSE,
    variables,
    requests: [...ORDERS, { path: "/{{id}}" }],
  };
  const play = async (scenarios: Record<string, unknown>) => {
    const run = new FakeRun(await parse({ scenarios }));
    run.toEnd();
    const index = Object.keys(scenarios).indexOf("mine");
    return run.environment.sent
      .filter(({ request }) => request.scenario === index)
      .map(({ request, turn, scheduled }) => [
        scheduled,
        request.path.render(turn),
      ]);
  };
  const alone = await play({ mine });
  ok(alone.length > 50);
  deepEqual(await play({ before: BROWSE, mine, after: BROWSE }), alone);
});

Deno.test("Requests are picked by weight, or in order", async () => {
  const weighted = new FakeRun(await one({ ...BROWSE, duration: "100s" }));
  weighted.toEnd();
  const all = names(weighted.environment);
  const share = all.filter((name) => name === "GET /a").length / all.length;
  const deviation = Math.sqrt(0.75 * 0.25 / all.length);
  ok(Math.abs(share - 0.75) < 4 * deviation, `${share}`);
  const ordered = new FakeRun(await one({ ...BROWSE, pick: "in-order" }));
  ordered.toEnd();
  names(ordered.environment).forEach((name, index) =>
    equal(name, index % 2 === 0 ? "GET /a" : "GET /b")
  );
});

Deno.test("A share that rounds to zero never selects beyond the last request", async () => {
  const requests = Array.from({ length: 7 }, (_, index) => ({
    path: `/${index}`,
    weight: 0.1,
  }));
  const run = new FakeRun(
    await one({ ...BROWSE, duration: "10s", requests }),
  );
  run.toEnd();
  equal(new Set(names(run.environment)).size, 7);
});

Deno.test("Active requests may continue for gracefulStop after the end, and are then cut", async () => {
  const environment = new FakeEnvironment();
  environment.takes = () => Infinity;
  const script = await one({
    ...BROWSE,
    arrivals: "uniform",
    gracefulStop: "3s",
  });
  const { summary } = new FakeRun(script, environment).toEnd();
  equal(summary.duration, 4000);
  deepEqual(summary.scenarios.s.failures, {});
  equal(summary.scenarios.s.cut, 100);
  deepEqual(summary.scenarios.s.responseTime.p50, null);
  equal(summary.ok, true);
});

Deno.test("replay sends at the recorded times, scaled, and ends with the last of them", async () => {
  const script = await one({
    executor: "replay",
    trace: { times: ["1s", "1100ms", "1400ms"] },
    scale: 2,
    start: "500ms",
    requests: ORDERS,
    pick: "in-order",
  });
  const run = new FakeRun(script);
  const { summary } = run.toEnd();
  deepEqual(run.environment.times, [500, 700, 1300]);
  deepEqual(names(run.environment), ["GET /a", "GET /b", "GET /a"]);
  equal(summary.duration, 1310);
});

Deno.test("The rate of a replay is that of its gaps", async () => {
  const rate = async (count: number) => {
    const times = Array.from({ length: count }, (_, index) => index * 100);
    const script = await one({
      executor: "replay",
      trace: { times },
      requests: ORDERS,
    });
    return new FakeRun(script).toEnd().summary.scenarios.s.rate;
  };
  deepEqual(
    [await rate(10), await rate(2), await rate(1)],
    [10, 10, 0],
  );
});

Deno.test("replay can pick by weight, and drops arrivals beyond maxInFlight", async () => {
  const script = await one({
    executor: "replay",
    trace: { times: Array.from({ length: 400 }, (_, index) => index) },
    maxInFlight: 5,
    requests: ORDERS,
  });
  const run = new FakeRun(script);
  const { s } = run.toEnd().summary.scenarios;
  deepEqual([s.scheduled, s.started + s.dropped], [400, 400]);
  ok(s.dropped > 100);
  equal(new Set(names(run.environment)).size, 2);
});

Deno.test("The target rate is reported while a scenario sends", async () => {
  const script = await one({
    ...BROWSE,
    start: "1s",
    duration: "3s",
    rate: { steps: [{ at: 0, value: "5/s" }, { at: "1500ms", value: "9/s" }] },
  });
  const run = new FakeRun(script);
  run.toEnd();
  deepEqual(
    run.ticks.map(({ scenarios }) => scenarios[0].targetRate),
    [5, 5, 9, 0],
  );
  deepEqual(run.ticks[0].scenarios[0].users, null);
});

Deno.test("replay sends the requests of an access log in their order", async () => {
  const file = new URL(
    "../../../../examples/load/access.log",
    import.meta.url,
  );
  const script = await one({
    executor: "replay",
    trace: { file: file.pathname },
  });
  const run = new FakeRun(script);
  run.toEnd();
  const recorded = (await Deno.readTextFile(file)).trim().split("\n")
    .map((line) => line.split('"')[1].replace(" HTTP/1.1", ""));
  deepEqual(
    run.environment.sent.map(({ request, turn }) =>
      `${request.method} ${request.path.render(turn)}`
    ),
    recorded,
  );
});
