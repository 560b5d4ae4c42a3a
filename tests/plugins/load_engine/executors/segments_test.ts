import { deepEqual, equal, ok } from "node:assert/strict";
import type { Segment } from "../../../../core/plugin.ts";
import { FakeEnvironment, FakeRun, issuesOf, parse } from "../_scripts.ts";

const REQUESTS = [
  { path: "/a/{{number}}/{{id}}", weight: 3 },
  { path: "/b/{{user}}/{{iteration}}", weight: 1 },
];

const VARIABLES = { id: { integer: { min: 1, max: 1000 } } };

const COMMON = { variables: VARIABLES, requests: REQUESTS };

/** A request as it was sent: its time and all that was chosen at random. */
interface Sent {
  readonly at: number;
  readonly path: string;
}

/** Sends the share of a script with one scenario. Response times depend on the path alone. */
async function run(
  scenario: Record<string, unknown>,
  segment?: Segment,
): Promise<{ readonly sent: Sent[]; readonly run: FakeRun }> {
  const environment = new FakeEnvironment();
  environment.takes = ({ request, turn }) =>
    5 + request.path.render(turn).length % 7;
  const script = await parse(
    { seed: 3, scenarios: { s: { ...COMMON, ...scenario } } },
    {},
    "/",
    segment,
  );
  const run = new FakeRun(script, environment);
  run.toEnd();
  const sent = environment.sent.map(({ request, turn, scheduled }) => ({
    at: scheduled,
    path: request.path.render(turn),
  }));
  return { sent, run };
}

/** Puts requests in an order of their own, so that lists can be compared as multisets. */
function sorted(sent: readonly Sent[]): Sent[] {
  return sent.toSorted((a, b) =>
    a.at - b.at || (a.path < b.path ? -1 : a.path > b.path ? 1 : 0)
  );
}

const OPEN: Record<string, Record<string, unknown>> = {
  poisson: { executor: "arrival-rate", rate: "200/s", duration: "2s" },
  "changing poisson": {
    executor: "arrival-rate",
    rate: { ramp: { from: "10/s", to: "300/s", over: "2s" } },
    start: "1s",
    duration: "2s",
  },
  uniform: {
    executor: "arrival-rate",
    arrivals: "uniform",
    rate: { sine: { mean: "100/s", amplitude: "80/s", period: "700ms" } },
    duration: "1999ms",
    pick: "in-order",
  },
  replay: {
    executor: "replay",
    trace: {
      times: Array.from({ length: 97 }, (_, k) => (k * 37) % 900).sort((a, b) =>
        a - b
      ),
    },
    scale: 1.5,
  },
};

for (const [name, scenario] of Object.entries(OPEN)) {
  Deno.test(`${name}: n shares together are the arrivals of one run, bit for bit, for n from 1 to 7`, async () => {
    const whole = sorted((await run(scenario)).sent);
    ok(whole.length > 90);
    for (let count = 1; count <= 7; count++) {
      const parts = await Promise.all(
        Array.from(
          { length: count },
          (_, index) => run(scenario, { index, count }),
        ),
      );
      deepEqual(sorted(parts.flatMap(({ sent }) => sent)), whole, `${count}`);
      const sizes = parts.map(({ sent }) => sent.length);
      ok(Math.max(...sizes) - Math.min(...sizes) <= 1, `${sizes}`);
    }
  });
}

Deno.test("virtual-users: n shares together have the users of one run, who do the same at the same times", async () => {
  const scenario = {
    executor: "virtual-users",
    users: {
      stages: [{ duration: "1s", target: 11 }, { duration: "1s", target: 4 }],
    },
    think: { exponential: { mean: "40ms" } },
    duration: "2s",
    variables: {},
    // The number of a turn among all users depends on who is first.
    requests: [{ path: "/{{user}}/{{iteration}}" }],
  };
  const whole = sorted((await run(scenario)).sent);
  for (let count = 2; count <= 7; count++) {
    const parts = await Promise.all(
      Array.from(
        { length: count },
        (_, index) => run(scenario, { index, count }),
      ),
    );
    deepEqual(sorted(parts.flatMap(({ sent }) => sent)), whole, `${count}`);
  }
});

Deno.test("the numbers of turns of n shares differ from one another", async () => {
  const scenario = {
    executor: "virtual-users",
    users: 5,
    iterations: 4,
    variables: {},
    requests: [{ path: "/{{number}}" }],
  };
  const parts = await Promise.all(
    [0, 1, 2].map((index) => run(scenario, { index, count: 3 })),
  );
  const paths = parts.flatMap(({ sent }) => sent.map(({ path }) => path));
  equal(paths.length, 20);
  equal(new Set(paths).size, 20);
});

Deno.test("shared-iterations: n shares together have its users and turns, also where there are fewer users than shares", async () => {
  for (const [users, iterations] of [[5, 23], [2, 9], [1, 3]]) {
    for (let count = 1; count <= 7; count++) {
      const parts = await Promise.all(
        Array.from(
          { length: count },
          (_, index) =>
            run({
              executor: "shared-iterations",
              users,
              iterations,
              requests: [{ path: "/{{user}}" }],
            }, { index, count }),
        ),
      );
      const sent = parts.flatMap(({ sent }) => sent);
      equal(sent.length, iterations, `${users} users, ${count} shares`);
      const used = new Set(sent.map(({ path }) => path));
      equal(used.size, Math.min(users, iterations));
    }
  }
});

Deno.test("maxInFlight is divided, and must suffice for each share", async () => {
  const scenario = {
    ...COMMON,
    executor: "arrival-rate",
    rate: "100/s",
    duration: "1s",
    maxInFlight: 5,
  };
  const environment = new FakeEnvironment();
  environment.takes = () => 10_000;
  const script = await parse({ scenarios: { s: scenario } }, {}, "/", {
    index: 0,
    count: 3,
  });
  const { summary } = new FakeRun(script, environment).toEnd();
  equal(summary.scenarios.s.started, 2);
  const script6 = { scenarios: { s: scenario } };
  deepEqual(await issuesOf(script6, {}, "/", { index: 0, count: 6 }), [{
    path: "/scenarios/s/maxInFlight",
    message:
      "Cannot divide 5 requests in flight among 6 workers: one of them could send nothing",
    value: 5,
    allowed: "at least 6, or at most 5 workers",
  }]);
});

Deno.test("the rate that a share names as its target is its part of the whole", async () => {
  const { run: { ticks } } = await run({
    executor: "arrival-rate",
    rate: "90/s",
    duration: "3s",
  }, { index: 2, count: 3 });
  deepEqual(
    ticks.map(({ scenarios: [{ targetRate }] }) => targetRate).slice(0, 2),
    [30, 30],
  );
});
