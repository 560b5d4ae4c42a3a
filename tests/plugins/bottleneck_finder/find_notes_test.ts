import { deepEqual, equal, match, ok, rejects } from "node:assert/strict";
import { PerfmockError } from "../../../mod.ts";
import { fakeFinder, routesOf, script } from "./_fake_page.ts";

Deno.test("find() says which share of a route's answers were errors, in every form of the answer", async () => {
  await using fake = await fakeFinder({
    routes: [
      ...routesOf({ a: 200 }) ?? [],
      {
        id: "down",
        path: "/down",
        serviceTime: 100,
        response: { status: 503, text: "down" },
      },
    ],
  }, {
    async load(call) {
      await call("/a");
      await call("/down");
    },
  });
  const { answer, table, markdown, html } = await fake.drive(
    fake.finder.find(script()),
  );
  const [a, down] = ["a", "down"].map((id) =>
    answer.routes.find(({ route }) => route === id)
  );
  equal(a?.errors?.share, 0);
  equal(down?.verdict, "critical");
  equal(down?.errors?.share, 1);
  deepEqual(Object.keys(down?.errors?.statuses ?? {}), ["503"]);
  for (const text of [table, markdown, await html(), down?.sentence ?? ""]) {
    match(text, /100 % of its answers were errors \\?\(503\\?\)/);
  }
  match(
    answer.notes.join("\n"),
    /^down answered (\d+) of \1 requests \(100 %\) with an error: 503: /m,
  );
  const swept = await fake.drive(
    fake.finder.sweep(script({ factors: [1, 2], repeats: 2 })),
  );
  match(swept.table, /errors\n/);
  match(swept.answer.notes.join("\n"), /^down answered /m);
});

Deno.test("find() adds to and takes from the delay that a route has as configured", async () => {
  await using fake = await fakeFinder({
    routes: [
      { id: "a", path: "/a", delay: 150, serviceTime: 30, response: {} },
      { id: "b", path: "/b", delay: 40, serviceTime: 90, response: {} },
    ],
  }, {
    async load(call) {
      await call("/a");
      await call("/b");
    },
  });
  const { answer } = await fake.drive(
    fake.finder.find(script({
      budget: "400ms",
      cliffs: [{ route: "a", dial: "delay", to: "600ms" }],
    })),
  );
  for (const { added, taken } of answer.routes) {
    deepEqual(added, { asked: 100, measured: 100 });
    deepEqual(taken, { asked: 100, measured: 100 });
  }
  deepEqual(
    Object.fromEntries(
      answer.routes.map(({ route, slope }) => [
        route,
        Math.round(100 * slope) / 100,
      ]),
    ),
    { a: 1, b: 1 },
  );
  deepEqual(answer.notes, []);
  // The page takes 310 ms, so that 90 ms more break the budget: a delay of 240 ms, a response time of 270 ms.
  const breaks = answer.cliffs[0].breaksAt?.value ?? 0;
  ok(Math.abs(breaks - 240) < 10, `${breaks}`);
  const largest = answer.routes.find(({ route }) => route === "a")?.largest;
  ok(Math.abs((largest?.value ?? 0) - 270) < 10, `${largest?.value}`);
  equal(await fake.responseTime("/a"), 180);
  equal(await fake.responseTime("/b"), 130);
  const swept = await fake.drive(
    fake.finder.sweep(script({ factors: [1, 2], repeats: 2 })),
  );
  deepEqual(
    swept.answer.routes.map(({ figures }) => figures.map((f) => f?.value)),
    [[310, 490], [310, 440]],
  );
});

Deno.test("find() says so where a pool makes more of the time that was added", async () => {
  let loads = 0;
  await using fake = await fakeFinder({
    plugins: { limiter: { pools: { db: { concurrency: 1, queue: 100 } } } },
    routes: [{
      id: "a",
      path: "/a",
      serviceTime: 30,
      limiter: "db",
      response: {},
    }],
  }, {
    async load(call) {
      await Promise.all(["/a", "/a", "/a"].map((path) => call(path)));
      // A figure that varies, so that it takes many loads.
      loads++;
      return 300 + 20 * (loads % 4);
    },
  });
  const { answer } = await fake.drive(fake.finder.find(script()));
  match(
    answer.notes.join("\n"),
    /^100 ms were to be added to a, and were, but its requests waited 100 ms longer in queues: /m,
  );
});

Deno.test("find() tells a command whose requests match no route", async () => {
  await using fake = await fakeFinder({ routes: routesOf({ a: 200 }) }, {
    load: async (call) => void await call("/nothing"),
  });
  await rejects(fake.drive(fake.finder.find(script())), (error) => {
    ok(error instanceof PerfmockError);
    equal(
      error.issues[0].message,
      "Its requests reached perfmock, but match no route: 3 requests in 3 loads",
    );
    return true;
  });
});

Deno.test("find() names the errors of routes where a page gives no figure", async () => {
  await using fake = await fakeFinder({
    routes: [{ id: "a", path: "/a", response: { status: 500 } }],
  }, {
    async load(call) {
      await call("/a");
      return { failure: "it has no LCP" };
    },
  });
  await rejects(fake.drive(fake.finder.find(script())), (error) => {
    ok(error instanceof PerfmockError);
    deepEqual(error.issues, [{
      path: "",
      message: "a answered 3 of 3 requests (100 %) with an error: 500",
    }]);
    return true;
  });
});

Deno.test("find() leaves out the requests before the load that is measured", async () => {
  await using fake = await fakeFinder(
    { routes: routesOf({ a: 200, b: 100 }) },
    {
      async load(call, { began }) {
        await call("/a");
        await call("/b");
        began?.();
        await call("/a");
        // The figure of the second visit alone.
        return 200;
      },
    },
  );
  const { answer } = await fake.drive(fake.finder.find(script()));
  deepEqual(answer.routes.map(({ route, calls }) => [route, calls]), [[
    "a",
    1,
  ]]);
});
