import { deepEqual, equal, ok, throws } from "node:assert/strict";
import { MetricRegistry } from "../../../../core/observe/metric_registry.ts";
import { type Dials, WHOLE } from "../../../../core/plugin.ts";
import { VirtualClock } from "../../../../core/testing.ts";
import { Run } from "../../../../plugins/load_engine/runs/run.ts";
import {
  loadMetrics,
  RunSeries,
} from "../../../../plugins/load_engine/runs/series.ts";
import type {
  Script,
  StressScenarios,
} from "../../../../plugins/load_engine/script/script.ts";
import { at } from "../http/_orders.ts";
import { FakeWorker, progress, result, times } from "./_fakes.ts";

const ADDRESS = { kind: "route", of: "a", dial: "scale" };

/** A script that sets one dial and puts stress on the machine. */
const SCRIPT: Script = {
  name: "demo",
  seed: 1,
  target: undefined,
  digests: { script: "", files: "", draws: {} },
  segment: WHOLE,
  thresholds: [],
  notes: [],
  scenarios: [{
    name: "slow",
    index: 0,
    start: 0,
    executor: "modulate",
    dial: ADDRESS,
    course: { at: () => 4, end: 0 } as never,
    duration: Infinity,
  }, {
    name: "burn",
    index: 1,
    start: 1000,
    executor: "stress",
    scenario: {},
  }],
};

/** Makes a run on a fake worker, and records what happens to the server. */
function start(
  { available = true, stressed = () => Promise.resolve() }: {
    readonly available?: boolean;
    readonly stressed?: () => Promise<void>;
  } = {},
) {
  const happened: string[] = [];
  const dials: Dials = {
    list: () => [ADDRESS],
    typeOf: () => undefined,
    configured: () => undefined,
    summaryOf: () => undefined,
    hold: (_, holder) => {
      if (!available) throw new Error("Another run holds it");
      happened.push(`${holder} holds`);
      return {
        turn: (value) => happened.push(`turned to ${value}`),
        release: () => happened.push("released"),
      };
    },
  };
  const stress: StressScenarios = {
    issues: () => [],
    start: async (_, owner) => {
      happened.push(`${owner} burns`);
      await stressed();
      return {
        id: "1",
        stop: () => {
          happened.push("cooled");
          return Promise.resolve();
        },
      };
    },
  };
  const worker = new FakeWorker();
  const clock = new VirtualClock();
  const series = new RunSeries(loadMetrics(new MetricRegistry()), clock);
  const run = new Run({
    id: "demo-1",
    script: SCRIPT,
    order: { destination: at(80) } as never,
    clock,
    dials,
    stress,
    series,
    startWorker: () => worker,
  });
  return { run, worker, clock, happened };
}

Deno.test("Run begins when its thread is ready, and leaves nothing behind at its end", async () => {
  const { run, worker, clock, happened } = start();
  equal(run.state, "starting");
  equal(await run.summarize(), undefined);
  deepEqual(happened, ["load run demo-1 holds"]);
  worker.say({ kind: "ready", notes: ["its log has junk"] });
  equal(run.state, "running");
  clock.advance(1000);
  worker.say({ kind: "tick", progress: progress(1000), times: times(1, 2) });
  worker.say({ kind: "ended", result: result() });
  equal(run.isOver, false);
  await run.over;
  equal(run.state, "finished");
  equal((await run.summarize())?.name, "demo");
  ok(worker.terminated);
  deepEqual(happened, [
    ...["load run demo-1 holds", "turned to 4", "load run demo-1 burns"],
    ...["released", "cooled"],
  ]);
  deepEqual(run.report, {
    id: "demo-1",
    name: "demo",
    state: "finished",
    error: null,
    scenarios: ["slow", "burn"],
    target: "http://127.0.0.1:80",
    notes: ["its log has junk"],
    progress: progress(1000),
  });
});

Deno.test("Run reports progress to its listeners, and its end to late ones", async () => {
  const { run, worker } = start();
  const heard: string[] = [];
  const listener = (name: string) => ({
    progress: () => heard.push(`${name} progress`),
    ended: () => heard.push(`${name} ended, ${run.state}`),
  });
  run.listen(listener("a"));
  const leave = run.listen(listener("b"));
  worker.say({ kind: "ready", notes: [] });
  worker.say({ kind: "tick", progress: progress(1000), times: {} });
  leave();
  worker.say({ kind: "ended", result: result() });
  await run.over;
  run.listen(listener("c"))();
  deepEqual(heard, [
    ...["a progress", "b progress", "a ended, finished", "c ended, finished"],
  ]);
});

Deno.test("Run.summarize() asks the thread while it runs", async () => {
  const { run, worker } = start();
  worker.say({ kind: "ready", notes: [] });
  const summary = run.summarize();
  worker.say({ kind: "summary", summary: result("so far").summary });
  equal((await summary)?.aborted, "so far");
  worker.say({ kind: "ended", result: result() });
  await run.over;
});

Deno.test("Run.stop() lets active requests end; the second call cuts them", async () => {
  const { run, worker } = start();
  worker.say({ kind: "ready", notes: [] });
  run.stop();
  equal(run.state, "stopping");
  run.stop();
  run.stop();
  deepEqual(worker.received, ["prepare", "start", "stop", "cut", "cut"]);
  worker.say({ kind: "ended", result: result("it was stopped") });
  await run.over;
  equal(run.state, "aborted");
  run.stop();
  equal(run.result?.summary.aborted, "it was stopped");
});

Deno.test("Run is aborted if it is stopped before it begins", async () => {
  const { run, worker, happened } = start();
  run.stop();
  await run.over;
  equal(run.state, "aborted");
  equal(run.result, undefined);
  worker.say({ kind: "ready", notes: [] });
  deepEqual(worker.received, ["prepare", "close"]);
  deepEqual(happened, ["load run demo-1 holds", "released"]);
});

Deno.test("Run is aborted if a threshold with abortOnFail fails", async () => {
  const { run, worker } = start();
  worker.say({ kind: "ready", notes: [] });
  worker.say({ kind: "ended", result: result("failed rate<0.01") });
  await run.over;
  equal(run.state, "aborted");
});

Deno.test("Run fails with its thread, and releases its dials", async () => {
  const { run, worker, happened } = start();
  worker.say({ kind: "ready", notes: [] });
  worker.throw("out of memory");
  await run.over;
  equal(run.state, "failed");
  equal(run.error, "The load thread: out of memory");
  equal(await run.summarize(), undefined);
  equal(happened.at(-1), "released");
});

Deno.test("Run fails with the figures so far if a stress scenario cannot be run", async () => {
  const { run, worker, clock } = start({
    stressed: () => Promise.reject(new Error("the machine is full")),
  });
  worker.say({ kind: "ready", notes: [] });
  clock.advance(1000);
  while (!worker.received.includes("cut")) await Promise.resolve();
  worker.say({ kind: "ended", result: result("the machine is full") });
  await run.over;
  equal(run.state, "failed");
  equal(run.error, "the machine is full");
  equal(run.result?.summary.name, "demo");
});

Deno.test("Run fails if its thread does not end within 3 s", async () => {
  const { run, worker, clock } = start();
  worker.say({ kind: "ready", notes: [] });
  run.cut("the server ended");
  clock.advance(2999);
  equal(run.state, "stopping");
  clock.advance(1);
  await run.over;
  equal(run.state, "failed");
  equal(run.error, "Its load thread did not end in time");
});

Deno.test("Run starts nothing if a dial cannot be held", () => {
  throws(() => start({ available: false }), /Cannot run the script/);
});
