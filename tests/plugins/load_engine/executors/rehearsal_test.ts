import { deepEqual, equal, ok } from "node:assert/strict";
import { rehearse } from "../../../../plugins/load_engine/executors/rehearsal.ts";
import type { Script } from "../../../../plugins/load_engine/script/script.ts";
import {
  FakeDials,
  FakeEnvironment,
  FakeRun,
  one,
  parse,
} from "../_scripts.ts";

const REQUESTS = [{ path: "/a", weight: 3 }, { path: "/b" }];

/** One scenario of each executor that sends, none of which is quick by itself. */
const SCENARIOS = {
  open: {
    executor: "arrival-rate",
    rate: "1/s",
    start: "1h",
    duration: "1h",
    requests: REQUESTS,
  },
  users: {
    executor: "virtual-users",
    users: 2,
    think: "exponential(mean=10s)",
    iterations: 2,
    requests: REQUESTS,
  },
  shared: {
    executor: "shared-iterations",
    iterations: 2,
    think: "1h",
    requests: REQUESTS,
  },
  replay: {
    executor: "replay",
    trace: { times: ["1m", "2m"] },
    requests: REQUESTS,
  },
} as const;

/** Rehearses in virtual time; the target answers after 0.05 ms. */
async function rehearsal(
  script: Script,
  { turns = Infinity, answers = 0.05 } = {},
) {
  const environment = new FakeEnvironment();
  environment.takes = () => answers;
  const { clock } = environment;
  let targets = 0;
  let disposed = 0;
  let ticks = 0;
  let over = false;
  const done = rehearse(script, {
    clock,
    target: () => {
      if (++targets > turns) return undefined;
      return {
        environment: Object.assign(environment, { connectAhead() {} }) as never,
        [Symbol.dispose]: () => void disposed++,
      };
    },
    tick: (_progress, times) => {
      ticks++;
      ok(Object.keys(times()).length > 0);
    },
    isOver: () => targets > turns,
  }).then(() => over = true);
  while (!over) {
    clock.runNext();
    await Promise.resolve();
  }
  await done;
  return { sent: environment.sent, clock, targets, disposed, ticks };
}

for (const [executor, scenario] of Object.entries(SCENARIOS)) {
  Deno.test(`rehearse() sends the requests of a scenario thousands of times within 0.5 s, and leaves no timer: ${executor}`, async () => {
    const script = await one(scenario);
    const { sent, clock, targets, disposed, ticks } = await rehearsal(script);
    ok(sent.length > 2000, `${sent.length} requests`);
    deepEqual(
      [...new Set(sent.map(({ request }) => request.name))].sort(),
      ["GET /a", "GET /b"],
    );
    ok(clock.now() <= 500, `${clock.now()} ms`);
    // Each turn has a target of its own.
    equal(targets, disposed);
    ok(targets > 1 && ticks > targets);
    while (clock.runNext());
    ok(clock.now() <= 500, `a timer at ${clock.now()} ms`);
  });
}

Deno.test("rehearse() ends in time where the target never answers", async () => {
  const script = await parse({ scenarios: SCENARIOS });
  const { clock } = await rehearsal(script, { answers: Infinity });
  ok(clock.now() <= 500, `${clock.now()} ms`);
});

Deno.test("rehearse() does nothing for a script that sends nothing, and stops when the run is over or there is no target", async () => {
  const control = await parse({
    scenarios: {
      m: {
        executor: "modulate",
        set: { route: "orders", dial: "scale" },
        to: 2,
        duration: "3s",
      },
    },
  }, { dials: new FakeDials() });
  equal((await rehearsal(control)).targets, 0);
  const script = await one(SCENARIOS.open);
  const { sent, targets, disposed } = await rehearsal(script, { turns: 1 });
  deepEqual([targets, disposed], [2, 1]);
  ok(sent.length > 0);
});

Deno.test("rehearse() changes nothing of the run that follows: times, requests and figures", async () => {
  const written = {
    seed: 7,
    scenarios: {
      a: {
        ...SCENARIOS.open,
        start: 0,
        rate: "100/s",
        duration: "2s",
        variables: { id: { integer: { min: 1, max: 5000 } } },
        requests: [{ path: "/{{id}}" }, ...REQUESTS],
      },
      b: { ...SCENARIOS.users, think: "exponential(mean=50ms)" },
    },
  };
  const runOf = (script: Script) => {
    const run = new FakeRun(script);
    const { summary, csv } = run.toEnd();
    const sent = run.environment.sent.map(({ request, scheduled, turn }) => [
      scheduled,
      request.path.render(turn),
    ]);
    return { sent, summary, csv };
  };
  const expected = runOf(await parse(written));
  const script = await parse(written);
  await rehearsal(script);
  const found = runOf(script);
  deepEqual(found, expected);
  ok(found.sent.length > 100);
});
