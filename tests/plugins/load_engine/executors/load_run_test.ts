import { deepEqual, equal, match, ok } from "node:assert/strict";
import { LoadRun } from "../../../../plugins/load_engine/executors/load_run.ts";
import type { TickTimes } from "../../../../plugins/load_engine/figures/time_series.ts";
import {
  FakeDials,
  FakeEnvironment,
  FakeRun,
  one,
  parse,
} from "../_scripts.ts";

const STEADY = {
  executor: "arrival-rate",
  arrivals: "uniform",
  rate: "10/s",
  duration: "5s",
  requests: [{ path: "/a" }],
};

Deno.test("A run ends with its last scenario, and reports it once", async () => {
  const script = await parse({
    scenarios: { a: STEADY, b: { ...STEADY, start: "3s", duration: "4s" } },
  });
  const run = new FakeRun(script);
  const { summary } = run.toEnd();
  equal(summary.duration, 7000);
  deepEqual(Object.keys(summary.scenarios), ["a", "b"]);
  run.run.stop();
  run.run.cut();
  equal(summary.aborted, null);
});

Deno.test("A stopped run lets active requests end; a waiting scenario never starts", async () => {
  const script = await parse({
    scenarios: { a: STEADY, b: { ...STEADY, start: "3s" } },
  });
  const environment = new FakeEnvironment();
  environment.takes = () => 950;
  const run = new FakeRun(script, environment);
  environment.clock.advance(1000);
  run.run.stop("a user stopped it");
  run.run.stop("twice");
  equal(run.result, undefined);
  const { summary } = run.toEnd();
  equal(summary.aborted, "a user stopped it");
  equal(summary.ok, false);
  equal(summary.duration, 1900);
  const { a, b } = summary.scenarios;
  deepEqual([a.started, a.completed, b.scheduled, b.rate], [10, 10, 0, 0]);
});

Deno.test("A cut run ends at once with the figures so far", async () => {
  const environment = new FakeEnvironment();
  environment.takes = () => 950;
  const run = new FakeRun(await one(STEADY), environment);
  environment.clock.advance(1000);
  run.run.cut();
  const { summary } = run.result ?? run.toEnd();
  equal(summary.duration, 1000);
  const { cut, failed, failures, startLag } = summary.scenarios.s;
  deepEqual([cut, failed, failures], [9, 0, {}]);
  equal(startLag.max, 0);
  equal(summary.aborted, "it was stopped");
  environment.clock.advance(10_000);
  equal(environment.sent.length, 10);
});

Deno.test("A threshold with abortOnFail cuts the run once it fails, but not before `after`", async () => {
  const play = async (after: string) => {
    const environment = new FakeEnvironment();
    environment.takes = () => 100;
    const script = await parse({
      scenarios: { s: STEADY },
      thresholds: {
        "s.responseTime": [
          { expression: "max<50ms", abortOnFail: true, after },
          "p(95)<1s",
        ],
      },
    });
    return new FakeRun(script, environment).toEnd().summary;
  };
  const early = await play("0s");
  equal(early.duration, 1000);
  equal(early.aborted, "s.responseTime max<50ms");
  equal(early.ok, false);
  deepEqual(early.thresholds.map(({ ok }) => ok), [false, true]);
  equal((await play("2500ms")).duration, 3000);
});

Deno.test("A threshold with abortOnFail waits for a first value", async () => {
  const script = await parse({
    scenarios: { s: { ...STEADY, start: "3s" } },
    thresholds: {
      responseTime: [{ expression: "p(95)<1s", abortOnFail: true }],
      failed: [{ expression: "rate<0.5", abortOnFail: true }],
    },
  });
  equal(new FakeRun(script).toEnd().summary.ok, true);
});

Deno.test("Progress is reported once a second and at the end, with the times since the last report", async () => {
  const times: Record<string, TickTimes>[] = [];
  const elapsed: number[] = [];
  const environment = new FakeEnvironment();
  let ended = false;
  const run = new LoadRun(
    await one({ ...STEADY, duration: "2500ms" }),
    environment,
    {
      tick: (progress, of) => {
        elapsed.push(progress.elapsed);
        times.push(of());
      },
      ended: () => ended = true,
    },
  );
  run.start();
  while (!ended) environment.clock.runNext();
  deepEqual(elapsed, [1000, 2000, 2500]);
  const counts = times.map(({ s }) => s.serviceTime[1]);
  deepEqual(counts, [10, 10, 5]);
  deepEqual([...times[0].s.startLag], [0, 10]);
  ok(Math.abs(times[0].s.responseTime[0] - 10) < 0.1);
});

Deno.test("The summary so far can be read while a run is active", async () => {
  const run = new FakeRun(await one(STEADY));
  run.environment.clock.advance(2050);
  const { summary } = run.run;
  equal(summary.scenarios.s.started, 21);
  equal(summary.duration, 2050);
});

Deno.test("A run's result carries time series and histogram", async () => {
  const { csv, hgrm, table } = new FakeRun(await one(STEADY)).toEnd();
  const lines = csv.trim().split("\n");
  equal(
    lines[0],
    "time,scenario,scheduled,started,dropped,completed,failed,refused,cut,inFlight,rate,p50,p95,p99,max",
  );
  equal(lines[2], "2,s,10,10,0,10,0,0,0,0,10,10,10,10,10");
  match(hgrm, /Total count {4}= +50\]/);
  match(table, /load, seed 42: 5\.0 s/);
});

Deno.test("A run that sends nothing lasts as long as its dials are set", async () => {
  const script = await parse({
    scenarios: {
      m: {
        executor: "modulate",
        set: { route: "orders", dial: "scale" },
        to: 2,
        start: "1s",
        duration: "3s",
      },
      forever: {
        executor: "modulate",
        set: { route: "orders", dial: "delay" },
        to: 2,
      },
    },
  }, { dials: new FakeDials() });
  const run = new FakeRun(script);
  const { summary, table } = run.toEnd();
  equal(summary.duration, 4000);
  deepEqual(summary.scenarios, {});
  equal(table, "load, seed 42: 4.0 s\n");
  const stopped = new FakeRun(script);
  stopped.run.stop();
  equal(stopped.result?.summary.aborted, "it was stopped");
  const told = stopped.ticks.length;
  stopped.environment.clock.advance(10_000);
  equal(stopped.ticks.length, told);
  const cut = new FakeRun(script);
  cut.run.cut();
  equal(cut.result?.summary.duration, 0);
});
