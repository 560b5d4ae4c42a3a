import { deepEqual, equal, match, rejects, throws } from "node:assert/strict";
import { VirtualClock } from "../../../../core/load.ts";
import { PerfmockError } from "../../../../core/plugin.ts";
import {
  type ControlOptions,
  ControlRun,
} from "../../../../plugins/load_engine/executors/control_run.ts";
import type { StressScenarios } from "../../../../plugins/load_engine/script/script.ts";
import { FakeDials, parse } from "../_scripts.ts";

const SEND = {
  executor: "arrival-rate",
  rate: "1/s",
  duration: "1s",
  requests: [{ path: "/" }],
};

function modulate(dial: string, to: unknown, more: object = {}) {
  return { executor: "modulate", set: { route: "orders", dial }, to, ...more };
}

/** Makes the options of a script's ControlRun with a test's stress service. */
async function controls(
  scenarios: Record<string, unknown>,
  stress?: StressScenarios,
) {
  const clock = new VirtualClock(1000);
  const dials = new FakeDials(clock);
  const script = await parse({ scenarios: { send: SEND, ...scenarios } }, {
    dials,
    stress,
  });
  const errors: unknown[] = [];
  const options: ControlOptions = {
    clock,
    dials,
    stress,
    owner: "a test",
    failed: (error) => void errors.push(error),
  };
  return { clock, dials, script, errors, options };
}

Deno.test("modulate sets a dial at each step of its timeline, and releases it at the end", async () => {
  const { clock, dials, script, options } = await controls({
    m: modulate("scale", {
      timeline: [{ at: 0, value: 1 }, { at: "1s", value: 4 }],
    }, { start: "500ms" }),
  });
  const run = new ControlRun(script, options);
  deepEqual([...dials.held], ["scale"]);
  deepEqual(dials.turned, []);
  run.start();
  clock.advance(10_000);
  deepEqual(dials.turned, [["scale", 1, 1500], ["scale", 4, 2500]]);
  equal(clock.pending, 0);
  await run.stop();
  deepEqual([...dials.held], []);
});

Deno.test("modulate follows a signal every 20 ms, for its duration", async () => {
  const { clock, dials, script, options } = await controls({
    m: modulate("scale", { ramp: { from: 0, to: 10, over: "100ms" } }, {
      duration: "50ms",
    }),
  });
  const run = new ControlRun(script, options);
  run.start();
  clock.advance(49);
  deepEqual(dials.turned, [
    ["scale", 0, 1000],
    ["scale", 2, 1020],
    ["scale", 4, 1040],
  ]);
  equal(dials.held.size, 1);
  clock.advance(1);
  equal(dials.held.size, 0);
  equal(clock.pending, 0);
  // Held by another run from here on.
  dials.held.add("scale");
  await run.stop();
  equal(dials.held.size, 1);
});

Deno.test("A stopped run sets no dial any more, and releases all", async () => {
  const { clock, dials, script, options } = await controls({
    a: modulate("scale", {
      sine: { mean: 5, amplitude: 1, period: "1s" },
    }),
    b: modulate("delay", 3, { start: "1m" }),
  });
  const run = new ControlRun(script, options);
  run.start();
  clock.advance(100);
  const count = dials.turned.length;
  await run.stop();
  await run.stop();
  clock.advance(100_000);
  equal(dials.turned.length, count);
  deepEqual([...dials.held], []);
});

Deno.test("If one dial cannot be held, none is, and all issues are reported", async () => {
  const { dials, script, options } = await controls({
    a: modulate("scale", 1),
    b: modulate("delay", 1),
  });
  dials.held.add("delay");
  throws(
    () => new ControlRun(script, options),
    (error) => {
      const { code, issues } = error as PerfmockError;
      equal(code, "SCRIPT_INVALID");
      deepEqual(issues.map(({ path, message }) => [path, message]), [
        ["/scenarios/b/set", "delay is held"],
      ]);
      return true;
    },
  );
  deepEqual([...dials.held], ["delay"]);
});

/** A stress service that records its calls. */
function stress(calls: string[], stop = () => Promise.resolve()) {
  return {
    issues: () => [],
    start: (value: unknown, owner: string) => {
      calls.push(`start ${JSON.stringify(value)} for ${owner}`);
      return Promise.resolve({
        id: "1",
        stop: () => {
          calls.push("stop");
          return stop();
        },
      });
    },
  };
}

const BURN = { executor: "stress", start: "2s", scenario: { cpu: 0.5 } };

Deno.test("stress starts at its time and is stopped with the run", async () => {
  const calls: string[] = [];
  const { clock, script, options, errors } = await controls(
    { burn: BURN, later: { ...BURN, start: "1h" } },
    stress(calls),
  );
  const run = new ControlRun(script, options);
  run.start();
  clock.advance(1999);
  deepEqual(calls, []);
  clock.advance(1);
  deepEqual(calls, ['start {"cpu":0.5} for a test']);
  await run.stop();
  deepEqual(calls.slice(1), ["stop"]);
  clock.advance(3_600_000);
  equal(calls.length, 2);
  deepEqual(errors, []);
});

Deno.test("stress that cannot be started or stopped is reported, and does not affect the rest", async () => {
  const calls: string[] = [];
  const good = stress(calls, () => Promise.reject(new Error("it hangs")));
  let refusing = false;
  const { clock, script, options, errors } = await controls(
    { a: BURN, b: { ...BURN, start: "3s" }, c: { ...BURN, start: "1s" } },
    {
      ...good,
      start: (value, owner) =>
        refusing
          ? Promise.reject(new Error("no memory"))
          : good.start(value, owner),
    },
  );
  const run = new ControlRun(script, options);
  run.start();
  clock.advance(2500);
  refusing = true;
  clock.advance(1000);
  await run.stop();
  deepEqual(calls.filter((call) => call === "stop").length, 2);
  deepEqual(errors.map(String).sort(), [
    "Error: it hangs",
    "Error: it hangs",
    "Error: no memory",
  ]);
});

Deno.test("Without a stress service, stress is left out, as in simulation", async () => {
  const { clock, script, options } = await controls(
    { burn: BURN },
    stress([]),
  );
  const run = new ControlRun(script, { ...options, stress: undefined });
  run.start();
  equal(clock.pending, 0);
  await run.stop();
});

Deno.test("A script is rejected if a stress scenario has issues or cannot be run", async () => {
  await rejects(controls({ burn: BURN }), (error) => {
    match(
      String((error as PerfmockError).issues[0].allowed),
      /resource_stress/,
    );
    return error instanceof PerfmockError;
  });
  await rejects(
    controls({ burn: BURN }, {
      ...stress([]),
      issues: () => [{ path: "/cpu", message: "Too much" }],
    }),
    (error) => {
      const { issues } = error as PerfmockError;
      deepEqual(issues, [{
        path: "/scenarios/burn/scenario/cpu",
        message: "Too much",
      }]);
      return true;
    },
  );
});
