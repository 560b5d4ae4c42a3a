import { deepEqual, equal, notDeepEqual, ok } from "node:assert/strict";
import { FakeEnvironment, FakeRun, one, parse } from "../_scripts.ts";

const PAIR = [{ path: "/a" }, { path: "/b" }];

const USERS = {
  executor: "virtual-users",
  users: 2,
  think: "40ms",
  duration: "1s",
  requests: PAIR,
  pick: "in-order",
};

/** Returns the requests of one user as [time, name]. */
function of({ sent }: FakeEnvironment, user: number): [number, string][] {
  return sent.filter(({ turn }) => turn.user === user)
    .map(({ started, request }) => [started, request.name]);
}

Deno.test("virtual-users send, wait for the response, think, and send the next request", async () => {
  const run = new FakeRun(await one({ ...USERS, duration: "200ms" }));
  const { summary } = run.toEnd();
  for (const user of [0, 1]) {
    deepEqual(of(run.environment, user), [
      [0, "GET /a"],
      [50, "GET /b"],
      [100, "GET /a"],
      [150, "GET /b"],
    ]);
  }
  equal(summary.duration, 200);
  equal(summary.scenarios.s.started, 8);
});

Deno.test("A user's next request is due when its think time is over, not when it is sent", async () => {
  const run = new FakeRun(await one({ ...USERS, users: 1 }));
  const { environment } = run;
  environment.clock.advance(20);
  run.toEnd();
  deepEqual(
    environment.sent.slice(0, 3).map(({ scheduled }) => scheduled),
    [0, 50, 100],
  );
});

Deno.test("virtual-users follow their number up and down; a surplus user leaves after its response", async () => {
  const script = await one({
    ...USERS,
    users: {
      stages: [{ duration: "1s", target: 4 }, { duration: "1s", target: 0 }],
    },
    duration: "10s",
  });
  const run = new FakeRun(script);
  const { summary } = run.toEnd();
  const first = [0, 1, 2, 3].map((user) => of(run.environment, user)[0][0]);
  // Half a user rounds up: at 125, 375, 625 and 875 ms, looked up every 50 ms.
  deepEqual(first, [150, 400, 650, 900]);
  const last = [0, 1, 2, 3].map((user) =>
    of(run.environment, user).at(-1)?.[0] ?? 0
  );
  ok(last[3] < last[2] && last[2] < last[1] && last[1] < last[0], `${last}`);
  equal(summary.duration, 2000);
  deepEqual(run.ticks[0].scenarios[0].users, 4);
});

Deno.test("A user that left continues with its own turns when it returns", async () => {
  const script = await one({
    ...USERS,
    users: {
      steps: [{ at: 0, value: 1 }, { at: "100ms", value: 0 }, {
        at: "500ms",
        value: 1,
      }],
    },
    duration: "600ms",
    variables: { id: { integer: { min: 0, max: 1e9 } } },
  });
  const run = new FakeRun(script);
  run.toEnd();
  deepEqual(of(run.environment, 0), [
    [0, "GET /a"],
    [50, "GET /b"],
    [500, "GET /a"],
    [550, "GET /b"],
  ]);
  deepEqual(
    run.environment.sent.map(({ turn }) => turn.iteration),
    [0, 0, 1, 1],
  );
});

Deno.test("virtual-users end after their iterations: passes in order, or single requests by weight", async () => {
  const ordered = new FakeRun(
    await one({ ...USERS, duration: undefined, iterations: 3 }),
  );
  equal(ordered.toEnd().summary.scenarios.s.started, 2 * 3 * 2);
  const weighted = new FakeRun(
    await one({
      ...USERS,
      duration: undefined,
      pick: "weighted",
      iterations: 3,
    }),
  );
  equal(weighted.toEnd().summary.scenarios.s.started, 2 * 3);
});

Deno.test("virtual-users with iterations wait for users that have not started yet", async () => {
  const script = await one({
    ...USERS,
    users: { steps: [{ at: 0, value: 1 }, { at: "2s", value: 2 }] },
    duration: undefined,
    iterations: 1,
  });
  const run = new FakeRun(script);
  run.toEnd();
  deepEqual(of(run.environment, 1).map(([at]) => at), [2000, 2050]);
});

Deno.test("Users without a think time send at once, or from a timer with byTimer", async () => {
  for (const byTimer of [false, true]) {
    const environment = new FakeEnvironment(byTimer);
    const script = await one({
      ...USERS,
      think: undefined,
      users: 1,
      duration: "30ms",
    });
    new FakeRun(script, environment).toEnd();
    deepEqual(environment.times, [0, 10, 20]);
  }
});

Deno.test("A user's think times and choices do not depend on the number of users", async () => {
  const play = async (users: number) => {
    const script = await parse({
      scenarios: {
        s: {
          ...USERS,
          users,
          pick: "weighted",
          think: { exponential: { mean: "40ms" } },
        },
      },
    });
    const run = new FakeRun(script);
    run.toEnd();
    return run.environment;
  };
  const few = await play(2);
  const many = await play(20);
  deepEqual(of(many, 1), of(few, 1));
  notDeepEqual(of(many, 1), of(many, 0));
  const turns = many.sent.map(({ turn }) => turn.number);
  deepEqual(turns, turns.map((_, index) => index));
});

Deno.test("shared-iterations takes all turns; faster users take more of them", async () => {
  const environment = new FakeEnvironment();
  environment.takes = ({ turn }) => turn.user === 0 ? 10 : 100;
  const script = await one({
    executor: "shared-iterations",
    users: 2,
    iterations: 22,
    requests: [{ path: "/a" }],
  });
  const { summary } = new FakeRun(script, environment).toEnd();
  equal(summary.scenarios.s.started, 22);
  equal(of(environment, 0).length, 20);
  equal(of(environment, 1).length, 2);
  equal(summary.duration, 200);
});

Deno.test("shared-iterations ends at its duration, even while users think", async () => {
  const script = await one({
    executor: "shared-iterations",
    iterations: 1000,
    think: "1s",
    duration: "2500ms",
    requests: [{ path: "/a" }],
  });
  const run = new FakeRun(script);
  const { summary } = run.toEnd();
  deepEqual(run.environment.times, [0, 1010, 2020]);
  equal(summary.duration, 2500);
  while (run.environment.clock.runNext());
  equal(run.environment.sent.length, 3);
});

Deno.test("Users beyond the number of turns take none", async () => {
  const script = await one({
    executor: "shared-iterations",
    users: 10,
    iterations: 3,
    requests: [{ path: "/a" }],
  });
  equal(new FakeRun(script).toEnd().summary.scenarios.s.started, 3);
});

Deno.test("A stopped scenario does not look up its number of users again", async () => {
  const script = await one({
    ...USERS,
    users: { ramp: { from: 0, to: 100, over: "1s" } },
  });
  const run = new FakeRun(script);
  run.environment.clock.advance(500);
  run.run.cut();
  const count = run.environment.sent.length;
  run.environment.clock.advance(5000);
  equal(run.environment.sent.length, count);
});
