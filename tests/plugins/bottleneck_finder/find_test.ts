import { deepEqual, equal, match, ok, rejects } from "node:assert/strict";
import type { FindAnswer } from "../../../core/find.ts";
import { PerfmockError } from "../../../mod.ts";
import {
  fakeFinder,
  type FakePage,
  recording,
  routesOf,
  script,
} from "./_fake_page.ts";

const TIMES = { a: 200, b: 300, c: 250, d: 150, e: 400 };

/** a; then b and c at once, of which b takes longer; then d. e is awaited by nobody. */
const PAGE: FakePage = {
  async load(call) {
    const lazy = call("/e");
    await call("/a");
    await Promise.all([call("/b"), call("/c")]);
    await call("/d");
    void lazy;
  },
};

/** Slopes of an answer by route. */
function slopesOf({ routes }: FindAnswer): Record<string, number> {
  return Object.fromEntries(
    routes.map(({ route, slope }) => [route, Math.round(slope * 100) / 100]),
  );
}

Deno.test("find() measures the slope of each route alone", async () => {
  await using fake = await fakeFinder({ routes: routesOf(TIMES) }, PAGE);
  const record = recording();
  const { answer, ok: kept } = await fake.drive(
    fake.finder.find(script(), record),
  );
  // 100 ms more on c make it 50 ms longer than b: half of it is hidden.
  deepEqual(slopesOf(answer), { a: 1, b: 1, d: 1, c: 0.5, e: 0 });
  const verdicts = Object.fromEntries(
    answer.routes.map(({ route, verdict }) => [route, verdict]),
  );
  deepEqual(verdicts, {
    a: "critical",
    b: "critical",
    c: "partly",
    d: "critical",
    e: "hidden",
  });
  const saved = Object.fromEntries(
    answer.routes.map((
      { route, saved },
    ) => [route, saved && Math.round(saved.value * 100) / 100]),
  );
  deepEqual(saved, { a: 1, b: 0.5, d: 1, c: 0, e: 0 });
  equal(answer.baseline.median, 650);
  equal(answer.stopped, "precise");
  equal(kept, true);
  match(
    record.plans[0],
    /^5 routes called; LCP about 650 ms\. Plan: about \d+ loads in /,
  );
  equal(record.lines.length, answer.loads);
});

Deno.test("find() puts all dials back and disposes the probe", async () => {
  await using fake = await fakeFinder({ routes: routesOf(TIMES) }, PAGE);
  await fake.drive(fake.finder.find(script()));
  for (const [id, time] of Object.entries(TIMES)) {
    equal(await fake.responseTime(`/${id}`), time);
  }
  deepEqual(fake.probes, { started: 1, disposed: 1 });
  equal(fake.underway.busy, false);
});

Deno.test("find() has measured the time that it added and took away", async () => {
  await using fake = await fakeFinder({ routes: routesOf(TIMES) }, PAGE);
  const { answer } = await fake.drive(fake.finder.find(script()));
  for (const { added, taken, calls, responseTime, route } of answer.routes) {
    deepEqual(added, { asked: 100, measured: 100 });
    deepEqual(taken, { asked: 100, measured: 100 });
    equal(calls, 1);
    equal(responseTime, TIMES[route as keyof typeof TIMES]);
  }
});

Deno.test("find() takes away no more than a route takes", async () => {
  await using fake = await fakeFinder(
    { routes: routesOf({ a: 60, b: 0 }) },
    {
      async load(call) {
        await call("/a");
        await call("/b");
      },
    },
  );
  const { answer } = await fake.drive(fake.finder.find(script()));
  const taken = Object.fromEntries(
    answer.routes.map(({ route, taken }) => [route, taken?.asked ?? null]),
  );
  deepEqual(taken, { a: 60, b: null });
});

Deno.test("find() gives the same plan and answer for the same seed, and others for another", async () => {
  const answers = [];
  for (const seed of [1, 1, 2]) {
    await using fake = await fakeFinder({
      routes: routesOf(TIMES),
    }, {
      async load(call) {
        await PAGE.load(call, undefined as never);
      },
    });
    const levels: string[] = [];
    const { answer } = await fake.drive(
      fake.finder.find(script({ seed }), {
        progress: (_, line) => void levels.push(line),
      }),
    );
    answers.push({ answer: { ...answer, seed: 0 }, levels });
  }
  deepEqual(answers[0], answers[1]);
  ok(JSON.stringify(answers[0]) !== JSON.stringify(answers[2]));
});

Deno.test("find() says where a budget breaks, and whether it is kept", async () => {
  await using fake = await fakeFinder({ routes: routesOf(TIMES) }, PAGE);
  const kept = await fake.drive(
    fake.finder.find(script({ budget: "700ms" })),
  );
  equal(kept.ok, true);
  const a = kept.answer.routes.find(({ route }) => route === "a");
  equal(Math.round(a?.largest?.value ?? 0), 250);
  const broken = await fake.drive(
    fake.finder.find(script({ budget: { LCP: "600ms" } })),
  );
  equal(broken.ok, false);
  equal(broken.answer.budget?.kept, false);
});

Deno.test("find() searches along a dial, and puts it back", async () => {
  await using fake = await fakeFinder({ routes: routesOf(TIMES) }, PAGE);
  const { answer } = await fake.drive(
    fake.finder.find(script({
      budget: "900ms",
      cliffs: [{ route: "e", dial: "delay", to: "1s" }],
    })),
  );
  const [cliff] = answer.cliffs;
  equal(cliff.of, "route e, delay");
  equal(cliff.unit, "ms");
  // Nobody waits for e: the page's last request ends after it up to 250 ms more.
  equal(cliff.breaksAt, null);
  equal(cliff.failsAt, null);
  equal(await fake.responseTime("/e"), 400);
});

Deno.test("find() says nothing about a search that it had no time for", async () => {
  await using fake = await fakeFinder({ routes: routesOf(TIMES) }, PAGE);
  const { answer } = await fake.drive(
    fake.finder.find(script({
      budget: "900ms",
      duration: "20s",
      cliffs: [{ route: "e", dial: "delay", to: "1s" }],
    })),
  );
  equal(answer.stopped, "duration");
  deepEqual(answer.cliffs[0].points, []);
  deepEqual(answer.notes.filter((note) => /largest delay/.test(note)), []);
});

Deno.test("find() finds the level at which a budget breaks, and where the slope changes", async () => {
  await using fake = await fakeFinder(
    { routes: routesOf({ a: 400, b: 100 }) },
    {
      load: async (call) => void await Promise.all([call("/a"), call("/b")]),
    },
  );
  const { answer } = await fake.drive(
    fake.finder.find(script({
      budget: "700ms",
      cliffs: [{ route: "b", dial: "delay", to: "1s" }],
    })),
  );
  const [{ breaksAt, bend, sentence }] = answer.cliffs;
  const breaks = breaksAt?.value ?? 0;
  const bends = bend?.at.value ?? 0;
  ok(Math.abs(breaks - 600) < 20, `${breaks}`);
  ok(Math.abs(bends - 300) < 20, `${bends}`);
  match(sentence, /budget breaks when route b, delay exceeds/);
  const b = answer.routes.find(({ route }) => route === "b");
  ok(Math.abs((b?.largest?.value ?? 0) - 700) < 20);
});

Deno.test("find() ends at the limit of loads, of time, or by a signal, and answers", async () => {
  await using fake = await fakeFinder({ routes: routesOf(TIMES) }, {
    // Noise without end: the intervals never get narrow.
    load: (() => {
      let turn = 0;
      return async (call) => {
        await PAGE.load(call, undefined as never);
        return 1000 + 400 * ((turn++ * 7919) % 101) / 101;
      };
    })(),
  });
  const loads = await fake.drive(
    fake.finder.find(script({ loads: 80, precision: 0.01 })),
  );
  equal(loads.answer.stopped, "loads");
  ok(loads.answer.loads <= 80);
  const time = await fake.drive(
    fake.finder.find(script({ duration: "40s", precision: 0.01 })),
  );
  equal(time.answer.stopped, "duration");
  ok(time.answer.duration < 41_000, `${time.answer.duration}`);
  const controller = new AbortController();
  const interrupted = await fake.drive(
    fake.finder.find(script({ precision: 0.01 }), {
      signal: controller.signal,
      progress: ({ loads }) => {
        if (loads === 60) controller.abort();
      },
    }),
  );
  equal(interrupted.answer.stopped, "interrupted");
  match(interrupted.answer.notes.join(), /it was interrupted/);
});

Deno.test("find() repeats loads without a figure, and counts them by reason", async () => {
  let count = 0;
  await using fake = await fakeFinder(
    { routes: routesOf({ a: 200, b: 300 }) },
    {
      async load(call) {
        await call("/a");
        await call("/b");
        if (++count % 10 === 5) return { failure: "the picture is missing" };
      },
    },
  );
  const { answer } = await fake.drive(fake.finder.find(script()));
  deepEqual(Object.keys(answer.failed), ["the picture is missing"]);
  deepEqual(slopesOf(answer), { a: 1, b: 1 });
  match(answer.notes.join(), /\d+ loads gave no figure and were repeated/);
});

/** Expects an error and that everything was put back. */
async function refuses(
  page: FakePage,
  written: unknown,
  expected: RegExp,
  routes: Readonly<Record<string, number>> = TIMES,
): Promise<PerfmockError> {
  await using fake = await fakeFinder({ routes: routesOf(routes) }, page);
  let found: PerfmockError | undefined;
  await rejects(fake.drive(fake.finder.find(written)), (error) => {
    ok(error instanceof PerfmockError, `${error}`);
    found = error;
    match(
      [error.message, ...error.issues.map((issue) => JSON.stringify(issue))]
        .join("\n"),
      expected,
    );
    return true;
  });
  equal(fake.probes.started, fake.probes.disposed);
  equal(fake.underway.busy, false);
  for (const [id, time] of Object.entries(routes)) {
    equal(await fake.responseTime(`/${id}`), time);
  }
  if (found === undefined) throw new Error("There was no error");
  return found;
}

Deno.test("find() refuses a page that gives no figure", async () => {
  const failure = "the page did not settle within 30 s";
  const error = await refuses(
    { load: () => Promise.resolve({ failure }) },
    script(),
    /^Cannot find the bottleneck: 3 loads in a row gave no figure: the page did not settle within 30 s$/,
  );
  equal(error.code, "FIND_FAILED");
});

Deno.test("find() takes no number for a figure that cannot be a time", async () => {
  for (const figure of [1e308, -1e13, NaN, Infinity]) {
    await refuses(
      { load: () => Promise.resolve(figure) },
      script(),
      /3 loads in a row gave no figure: Its figure, \S+ ms, is no time/,
    );
  }
});

Deno.test("find() refuses a page that stops giving figures", async () => {
  let count = 0;
  const error = await refuses(
    {
      async load(call) {
        await PAGE.load(call, undefined as never);
        if (++count > 20) return { failure: "the browser crashed" };
      },
    },
    script(),
    /9 loads in a row gave no figure: the browser crashed/,
  );
  equal(error.code, "FIND_FAILED");
});

Deno.test("find() puts everything back where a probe throws", async () => {
  let count = 0;
  await using fake = await fakeFinder({ routes: routesOf(TIMES) }, {
    async load(call) {
      await PAGE.load(call, undefined as never);
      if (++count > 20) throw new Error("Broken");
    },
  });
  await rejects(fake.drive(fake.finder.find(script())), /Broken/);
  equal(fake.probes.disposed, 1);
  for (const [id, time] of Object.entries(TIMES)) {
    equal(await fake.responseTime(`/${id}`), time);
  }
});

Deno.test("find() refuses a page that calls no route", async () => {
  await refuses(
    { load: () => Promise.resolve(100) },
    script(),
    /the page calls no route of the configuration/,
  );
  await refuses(
    { load: async (call) => void await call("/a") },
    script({ routes: ["b"] }),
    /calls none of the routes that the script lists[^]*"allowed":"a"/,
  );
});

Deno.test("find() refuses fewer loads than the plan needs, and says how many", async () => {
  const error = await refuses(
    PAGE,
    script({ loads: 12 }),
    /needs at least \d+ loads/,
  );
  equal(error.issues[0].path, "/loads");
  const [, least] = /at least (\d+)/.exec(error.issues[0].allowed ?? "") ?? [];
  await using fake = await fakeFinder({ routes: routesOf(TIMES) }, PAGE);
  const { answer } = await fake.drive(
    fake.finder.find(script({ loads: Number(least) })),
  );
  ok(answer.loads <= Number(least));
  equal(answer.routes.length, 5);
});

Deno.test("find() refuses to take away more than there is", async () => {
  const error = await refuses(
    PAGE,
    script({ routes: { a: { speedup: "300ms" } } }),
    /Only 200 ms can be taken away/,
  );
  equal(error.issues[0].path, "/routes/a/speedup");
});

Deno.test("find() runs one experiment at a time", async () => {
  await using fake = await fakeFinder({ routes: routesOf(TIMES) }, PAGE);
  const first = fake.finder.find(script());
  await rejects(
    fake.finder.find(script()),
    /another one is under way/,
  );
  equal((await fake.drive(first)).answer.routes.length, 5);
});

Deno.test("find() refuses a dial that somebody else holds, and gives back the others", async () => {
  await using fake = await fakeFinder({ routes: routesOf(TIMES) }, PAGE);
  const { dials } = fake.host;
  const other = dials.hold(
    { kind: "route", of: "d", dial: "delay" },
    "load run browse-1",
  );
  await rejects(
    fake.drive(fake.finder.find(script())),
    /Cannot turn delay of route "d": load run browse-1 holds it/,
  );
  other.release();
  for (const of of Object.keys(TIMES)) {
    dials.hold({ kind: "route", of, dial: "delay" }, "test").release();
    dials.hold({ kind: "route", of, dial: "speedup" }, "test").release();
  }
});

Deno.test("sweep() measures each route at multiples of its response time", async () => {
  await using fake = await fakeFinder({ routes: routesOf(TIMES) }, PAGE);
  const { answer } = await fake.drive(
    fake.finder.sweep(script({ budget: "1s", repeats: 3 })),
  );
  const figures = Object.fromEntries(
    answer.routes.map((
      { route, figures },
    ) => [route, figures.map((figure) => figure?.value)]),
  );
  deepEqual(figures, {
    a: [650, 850, 1250, 2050],
    b: [650, 950, 1550, 2750],
    c: [650, 850, 1350, 2350],
    d: [650, 800, 1100, 1700],
    e: [650, 650, 650, 650],
  });
  equal(answer.routes[4].route, "e");
  equal(answer.stopped, "complete");
  const breaks = Object.fromEntries(
    answer.routes.map(({ route, breaks }) => [route, breaks]),
  );
  deepEqual(breaks, { a: 4, b: 4, c: 4, d: 4, e: null });
  for (const [id, time] of Object.entries(TIMES)) {
    equal(await fake.responseTime(`/${id}`), time);
  }
});

const CDN = "https://cdn.example.com/*";

/** A route, then a picture of 40 ms of another origin that the page waits for, and 150 ms of its own work. */
const PICTURE_PAGE: FakePage = {
  async load(call, { cpu, floors }) {
    await call("/a");
    const picture = Math.max(40, floors.get(CDN) ?? 0);
    return {
      figure: 200 + picture + 150 * cpu,
      requests: [{
        url: "https://cdn.example.com/a.svg",
        method: "GET",
        startMs: 0,
        endMs: picture,
        type: "image",
      }],
      figures: {},
    };
  },
};

Deno.test("sweep() measures the page's processor and other origins beside the routes", async () => {
  await using fake = await fakeFinder(
    { routes: routesOf({ a: 200 }) },
    PICTURE_PAGE,
  );
  const { answer, table } = await fake.drive(fake.finder.sweep(
    script({ page: { url: "/", cpu: 3 }, origins: [CDN], repeats: 3 }),
  ));
  deepEqual(
    answer.routes.map(({ route, responseTime, figures }) => [
      route,
      responseTime,
      figures.map((figure) => figure?.value),
    ]),
    [
      ["cpu", null, [390, 540, 840, 1440]],
      [CDN, 40, [390, 430, 510, 670]],
      // The fake page returns 200 ms for /a whatever it takes.
      ["a", 200, [390, 390, 390, 390]],
    ],
  );
  match(answer.notes.join(), /Requests to other origins take at least/);
  match(table, /^cpu +– +390/m);
});

Deno.test("find() measures the page's processor and other origins beside the routes", async () => {
  await using fake = await fakeFinder(
    { routes: routesOf({ a: 200 }) },
    PICTURE_PAGE,
  );
  const { answer } = await fake.drive(
    fake.finder.find(script({ page: { url: "/", cpu: 3 }, origins: [CDN] })),
  );
  const found = Object.fromEntries(
    answer.routes.map(({ route, slope, verdict }) => [
      route,
      [Math.round(slope * 100) / 100, verdict],
    ]),
  );
  deepEqual(found, {
    [CDN]: [1, "critical"],
    // The fake page returns 200 ms for /a whatever it takes.
    a: [0, "hidden"],
    cpu: [1.5, "partly"],
  });
  equal(answer.routes.at(-1)?.route, "cpu");
  match(
    answer.routes.at(-1)?.sentence ?? "",
    /^A processor slower by 200 % costs \+300 ms LCP \(95 % interval /,
  );
  equal(answer.waterfall[0].url, "https://cdn.example.com/a.svg");
});

Deno.test("sweep() says how many loads it needs, and which rounds were complete", async () => {
  await using fake = await fakeFinder({ routes: routesOf(TIMES) }, PAGE);
  await rejects(
    fake.drive(fake.finder.sweep(script({ loads: 10 }))),
    (error) =>
      error instanceof PerfmockError &&
      /A sweep of 5 routes needs at least 20 loads/.test(
        error.issues[0].message,
      ),
  );
  const record = recording();
  const { answer, table, markdown } = await fake.drive(
    fake.finder.sweep(script({ loads: 30, repeats: 2 }), record),
  );
  equal(answer.stopped, "loads");
  match(answer.notes.join(), /Only 1 of 2 rounds were complete/);
  match(
    record.plans[0],
    /^5 routes; LCP about 650 ms\. Sweep: 26 loads in about /,
  );
  match(table, /a/);
  match(markdown, /^# /);
  const ended = new AbortController();
  ended.abort();
  await rejects(
    fake.drive(fake.finder.sweep(script(), { signal: ended.signal })),
    /it was interrupted after 0 loads/,
  );
});
