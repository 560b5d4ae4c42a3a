import {
  deepEqual,
  equal,
  match,
  notEqual,
  ok,
  rejects,
} from "node:assert/strict";
import { constant } from "../../../core/lib/signals/mod.ts";
import {
  createSimulation,
  simulate,
  type Traffic,
} from "../../../core/simulation/mod.ts";
import type { Plugin } from "../../../core/plugin.ts";
import { errorOf, lines } from "../../support/errors.ts";
import { hooks } from "../../support/plugins.ts";
import { closed, exponential, open, route } from "./_traffic.ts";

const TWO_ROUTES = {
  routes: [
    { id: "a", path: "/a", method: ["GET", "POST"], serviceTime: "1ms" },
    { id: "b", path: "/b", method: "*", serviceTime: "2ms" },
  ],
} as const;

const LOGNORMAL = { lognormal: { median: "20ms", p99: "80ms" } };

/** Both models at once, as text. */
async function run(seed: number, serverSeed = 1): Promise<string> {
  const log: unknown[] = [];
  const observe: Traffic["sources"][number]["observe"] = (x) => {
    log.push([x.sequence, x.arrival, x.start, x.end, x.outcome]);
  };
  const result = await simulate({ seed: serverSeed, ...route(LOGNORMAL) }, {
    seed,
    duration: 5000,
    sources: [
      open({ arrivals: "poisson", observe }),
      closed({ users: 5, think: exponential(30), observe }),
    ],
  });
  return JSON.stringify({ result, log });
}

Deno.test("simulate() gives the same bytes for the same seeds, others for others", async () => {
  const first = await run(7);
  equal(await run(7), first);
  notEqual(await run(8), first);
  notEqual(await run(7, 2), first);
});

Deno.test("simulate() seeds traffic apart from the server: another server's seed moves no arrival", async () => {
  const arrivals = async (seed: number) => {
    const times: number[] = [];
    await simulate({ seed, ...route(LOGNORMAL) }, {
      exchanges: 100,
      sources: [open({
        arrivals: "poisson",
        observe: ({ sequence, arrival }) => times[sequence] = arrival,
      })],
    });
    return times;
  };
  deepEqual(await arrivals(1), await arrivals(2));
});

Deno.test("simulate() serves each exchange as the server would: the service times are those of draw", async () => {
  await using simulation = await createSimulation(route(LOGNORMAL));
  const drawn: number[] = [];
  await simulation.run({
    exchanges: 50,
    sources: [open({
      observe: (x) => {
        drawn[x.sequence] = x.service;
        ok(x.end === x.arrival + x.service);
      },
    })],
  });
  deepEqual(
    drawn,
    Array.from({ length: 50 }, (_, i) => simulation.server.draw("r", i)),
  );
});

Deno.test("An infinite server's occupancy is the offered load, by Little's law in its own figures", async () => {
  for (const serviceTime of [LOGNORMAL, { exponential: { mean: "30ms" } }]) {
    let sojourn = 0;
    let seen = 0;
    let seenSquared = 0;
    let inFlight = 0;
    const counting = hooks("counting", {
      serve: undefined,
      admit: () => {
        seen += inFlight;
        seenSquared += inFlight * inFlight;
        inFlight++;
        return { release: () => void inFlight-- };
      },
    });
    const requests = 200_000;
    const { duration, sources, routes } = await simulate({
      ...route(serviceTime),
      plugins: { counting: {} },
    }, {
      exchanges: requests,
      sources: [open({
        arrivals: "poisson",
        rate: constant(1000),
        observe: (x) => void (sojourn += x.end - x.arrival),
      })],
    }, { plugins: [counting] });
    const { meanInFlight } = sources.s;
    ok(Math.abs(meanInFlight * duration / sojourn - 1) < 1e-9);
    const target = routes.r.target.mean ?? NaN;
    ok(Math.abs(meanInFlight / (requests / duration * target) - 1) < 1e-5);
    // M/G/∞: what arrivals find is Poisson, with mean and variance λ·E[S] whatever the distribution.
    const mean = seen / requests;
    const variance = seenSquared / requests - mean * mean;
    ok(Math.abs(mean / meanInFlight - 1) < 0.01, `${mean}`);
    ok(Math.abs(variance / mean - 1) < 0.05, `${variance}`);
  }
});

Deno.test("simulate() ends after so many exchanges, and waits for the last", async () => {
  const { duration, sources } = await simulate(route("1h"), {
    exchanges: 3,
    sources: [open()],
  });
  deepEqual([duration, sources.s.answered], [3_600_030, 3]);
});

Deno.test("simulate() goes on to the end of its duration, whatever is sent", async () => {
  const { duration, sources } = await simulate(route(), {
    duration: 5000,
    sources: [open({ rate: constant(0) })],
  });
  deepEqual([duration, sources.s.scheduled], [5000, 0]);
  const none = await simulate(route(), { duration: 0, sources: [open()] });
  deepEqual([none.duration, none.sources.s.meanInFlight], [0, 0]);
});

Deno.test("A second run goes on where the first ended", async () => {
  await using simulation = await createSimulation(route("5ms"));
  const traffic = { duration: 95, sources: [open(), closed()] };
  const first = await simulation.run(traffic);
  equal(simulation.clock.now(), 95);
  const second = await simulation.run(traffic);
  equal(simulation.clock.now(), 190);
  deepEqual(second.sources, first.sources);
  equal(second.routes.r.arrivals, 2 * first.routes.r.arrivals);
  // A source that was to send more when the exchanges were used up sends nothing in the next run.
  await simulation.run({ exchanges: 2, sources: [open(), closed()] });
  simulation.server.reset();
  const last = await simulation.run({
    duration: 100,
    sources: [open({ rate: constant(0) })],
  });
  equal(last.routes.r.arrivals, 0);
});

Deno.test("Timers on the simulation's clock fire during the run", async () => {
  await using simulation = await createSimulation(route());
  const fired: number[] = [];
  const { clock } = simulation;
  clock.at(55, () => fired.push(clock.now()), undefined);
  await simulation.run({ duration: 100, sources: [open()] });
  deepEqual(fired, [55]);
});

Deno.test("Targets are chosen by weight, in the long run", async () => {
  const { routes } = await simulate(TWO_ROUTES, {
    exchanges: 40_000,
    sources: [open({
      rate: constant(1e6),
      targets: [{ route: "a", weight: 3 }, { route: "b" }],
    })],
  });
  ok(Math.abs(routes.a.arrivals - 30_000) < 300);
  equal(routes.a.arrivals + routes.b.arrivals, 40_000);
});

Deno.test("Targets are taken in order, each user's own", async () => {
  const seen: string[] = [];
  const observe = (x: { method: string; service: number }) => {
    seen.push(`${x.method} ${x.service}`);
  };
  const targets = [
    { route: "a", method: "POST" },
    { route: "b" },
    { route: "a" },
    { route: "b", method: "PUT" },
  ];
  const expected = ["POST 1", "GET 2", "GET 1", "PUT 2"];
  await simulate(TWO_ROUTES, {
    exchanges: 5,
    sources: [open({ pick: "in-order", targets, observe })],
  });
  deepEqual(seen, [...expected, "POST 1"]);
  seen.length = 0;
  await simulate(TWO_ROUTES, {
    exchanges: 8,
    sources: [closed({ users: 2, pick: "in-order", targets, observe })],
  });
  deepEqual(seen, expected.flatMap((each) => [each, each]));
});

Deno.test("Every outcome is counted", async () => {
  const outcomes: Plugin = hooks("outcomes", {
    admit: (x) => {
      switch (x.sequence % 5) {
        case 1:
          return { reason: "full", status: 503 };
        case 2:
          return { leave: () => {} };
        case 3:
          return { reason: "full", status: 503, action: "hang" };
        default:
          return { release: () => {} };
      }
    },
    serve: (x) => {
      if (x.sequence % 5 === 4) throw new Error("broken");
      return 1;
    },
  });
  const { sources, routes } = await simulate(
    {
      routes: [{ id: "r", path: "/r" }],
      plugins: { outcomes: {} },
    },
    { exchanges: 10, sources: [open()] },
    { plugins: [outcomes], log: () => {} },
  );
  deepEqual({ ...sources.s, meanInFlight: 0 }, {
    scheduled: 10,
    started: 10,
    dropped: 0,
    answered: 2,
    rejected: 2,
    reset: 0,
    failed: 2,
    cut: 4,
    meanInFlight: 0,
  });
  equal(routes.r.inFlight, 0);
  ok(sources.s.meanInFlight > 0);
});

Deno.test("A reset connection is an outcome of its own", async () => {
  const { sources } = await simulate(
    route("1ms", { faults: [{ share: 1, action: "connection-reset" }] }),
    { exchanges: 4, sources: [open()] },
  );
  deepEqual([sources.s.reset, sources.s.answered], [4, 0]);
});

Deno.test("What hangs is cut though others' timers go on for ever", async () => {
  await using simulation = await createSimulation(
    route("1ms", { faults: [{ share: 1, action: "hang" }] }),
  );
  const { clock } = simulation;
  const tick = () => void clock.at(clock.now() + 1, tick, undefined);
  tick();
  const { sources } = await simulation.run({ exchanges: 1, sources: [open()] });
  equal(sources.s.cut, 1);
});

Deno.test("Users of no thoughts and a route of no time are told, instead of going on for ever", async () => {
  const error = await errorOf(() =>
    simulate(route(), {
      duration: 1000,
      sources: [closed({ think: { draw: () => 0 }, start: 5 })],
    })
  );
  equal(error.code, "ARGUMENT_INVALID");
  match(error.message, /^Cannot simulate this traffic: .* at 5 ms/);
});

Deno.test("What the caller's functions throw ends the run, and nothing is left under way", async () => {
  await using simulation = await createSimulation(route("50ms"));
  const broken = () => {
    throw new Error("broken");
  };
  const run = (sources: Traffic["sources"]) =>
    simulation.run({ duration: 1000, sources });
  await rejects(run([open({ observe: broken })]), { message: "broken" });
  await rejects(run([closed({ think: { draw: broken } })]), {
    message: "broken",
  });
  await rejects(
    run([
      open(),
      open({ name: "t", rate: { ...constant(1), inverse: broken } }),
    ]),
    {
      message: "broken",
    },
  );
  const before = simulation.server.stats().routes.r.arrivals;
  // What the first of these had begun to send is not sent in another run.
  const { routes } = await run([open({ rate: constant(0) })]);
  equal(routes.r.arrivals, before);
  equal(simulation.server.inFlight, 0);
});

Deno.test("All faults of a traffic are told at once", async () => {
  const error = await errorOf(() =>
    simulate(TWO_ROUTES, {
      exchanges: 0,
      duration: -1,
      sources: [
        open({
          start: -1,
          maxInFlight: 0.5,
          targets: [
            { route: "c" },
            { route: "a", method: "PUT" },
            { route: "b", method: "PUT", weight: 0 },
            { route: "a", weight: Infinity },
          ],
        }),
        closed({ name: "s", users: 1.5, duration: NaN, targets: [] }),
        closed({ name: "t", users: 1e7, targets: [{ route: "a" }] }),
      ],
    })
  );
  equal(error.code, "ARGUMENT_INVALID");
  deepEqual(lines(error), [
    "/duration: Must be at least 0",
    "/exchanges: Must be a whole number, at least 1",
    "/sources/0/start: Must be at least 0",
    "/sources/0/maxInFlight: Must be a whole number, at least 1",
    '/sources/0/targets/0/route: There is no route "c"',
    '/sources/0/targets/1/method: Route "a" does not take this method',
    "/sources/0/targets/2/weight: Must be greater than 0 and finite",
    "/sources/0/targets/3/weight: Must be greater than 0 and finite",
    "/sources/1/name: Two sources have this name",
    "/sources/1/duration: Must be at least 0",
    "/sources/1/targets: Must have at least 1 entry, received 0",
    "/sources/1/users: Must be a whole number from 1 to 100000",
    "/sources/2/users: Must be a whole number from 1 to 100000",
  ]);
});

Deno.test("A traffic without an end is refused", async () => {
  deepEqual(
    lines(await errorOf(() => simulate(route(), { sources: [open()] }))),
    [
      ": A run without a duration or a number of exchanges has no end",
    ],
  );
});
