import {
  deepEqual,
  equal,
  match,
  ok,
  rejects,
  throws,
} from "node:assert/strict";
import { PerfmockError } from "../../../../core/errors.ts";
import { VirtualClock } from "../../../../core/testing.ts";
import { VERSION } from "../../../../core/version.ts";
import { createPerfmock } from "../../../../mod.ts";
import {
  Refusal,
  WorkerClient,
} from "../../../../plugins/load_engine/http/mod.ts";
import { until } from "../../../support/wait.ts";
import { freePort, serve } from "./_orders.ts";

const SECRET = "secret";

/** Makes the client of a worker on a clock that stands still unless a test advances it. */
function client(name: string, token?: string, clock = new VirtualClock()) {
  return new WorkerClient(name, { token, clock });
}

/** Ten users' worth of requests, each with a number of a file. */
function script(target: URL, file: string) {
  return {
    name: "shared",
    seed: 3,
    target: target.href,
    scenarios: {
      users: {
        executor: "shared-iterations",
        users: 2,
        iterations: 21,
        variables: { id: { csv: { file, column: "id" } } },
        requests: [{ path: "/a/{{id}}" }],
      },
    },
  };
}

Deno.test("WorkerClient.url tells two workers from two names of one", () => {
  for (
    const [name, url, isHere] of [
      ["load-1:8080", "http://load-1:8080/_perfmock/", false],
      ["http://load-1:8080/", "http://load-1:8080/_perfmock/", false],
      ["https://load-1/admin", "https://load-1/admin/", false],
      ["https://load-1/admin//", "https://load-1/admin/", false],
      ["localhost:1", "http://localhost:1/_perfmock/", true],
      ["127.1.2.3:1", "http://127.1.2.3:1/_perfmock/", true],
      ["[::1]:1", "http://[::1]:1/_perfmock/", true],
      ["127.0.0.1.example:1", "http://127.0.0.1.example:1/_perfmock/", false],
    ] as const
  ) {
    const worker = client(name);
    deepEqual([worker.url, worker.isHere], [url, isHere], name);
  }
});

Deno.test("WorkerClient refuses a text that is no address of a server", () => {
  for (const name of ["a:b", "", "http://me@load-1:80", "load-1:80?x=1"]) {
    throws(
      () => client(name),
      (error) =>
        error instanceof PerfmockError && error.code === "ARGUMENT_INVALID" &&
        error.issues[0].value === name,
      name,
    );
  }
});

Deno.test("two workers lead the shares of a script to their end: each iteration is sent once, with values of a file that was sent", async () => {
  await using target = await createPerfmock({
    routes: [{ id: "a", path: "/a/:id", response: { text: "ok" } }],
  }, { log: () => {} });
  const config = { control: { token: SECRET } };
  await using first = await createPerfmock(config, { log: () => {} });
  await using second = await createPerfmock(config, { log: () => {} });
  const folder = await Deno.makeTempDir();
  try {
    await Deno.writeTextFile(`${folder}/ids.csv`, "id\n7\n8\n9\n");
    const shares = await Promise.all(
      [first, second].map(async ({ url }, index) => {
        const worker = client(url.host, SECRET);
        const { version, replicas } = await worker.identity();
        deepEqual([version, replicas], [VERSION, 1]);
        const file = await worker.send("ids.csv", folder);
        equal(await Deno.readTextFile(file), "id\n7\n8\n9\n");
        const id = await worker.prepare(script(target.url, file), {
          index,
          count: 2,
        });
        const waiting = await worker.report(id);
        deepEqual([waiting.state, waiting.error], ["ready", null]);
        equal(target.stats().routes.a.arrivals, 0);
        return { worker, id };
      }),
    );
    const counts = await Promise.all(shares.map(async ({ worker, id }) => {
      await worker.start(id, 0);
      // A run starts once.
      await rejects(worker.start(id, 0), { name: "Error", status: 409 });
      let report = await worker.report(id);
      await until(async () => {
        report = await worker.report(id);
        return report.state === "finished";
      });
      // After its end there is nothing to cut, and no error.
      await worker.cut(id);
      const { scenarios = [] } = report.share ?? {};
      return Object.values(scenarios[0].parts).reduce(
        (sum, { started }) => sum + started,
        0,
      );
    }));
    deepEqual(counts.toSorted((a, b) => a - b), [10, 11]);
    equal(target.stats().routes.a.arrivals, 21);
    deepEqual(
      new Set(target.requests().map(({ path }) => path)),
      new Set(["/a/7", "/a/8", "/a/9"]),
    );
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("WorkerClient.cut() ends a share that waits and one that sends, and is silent about a worker that is gone", async () => {
  const worker = await createPerfmock({
    routes: [{ id: "a", path: "/a/:id", serviceTime: "1h" }],
  }, { log: () => {} });
  const led = client(worker.url.host);
  const body = script(worker.url, "");
  const { variables: _, ...users } = body.scenarios.users;
  const plain = {
    ...body,
    scenarios: { users: { ...users, requests: [{ path: "/a/1" }] } },
  };
  const whole = { index: 0, count: 1 };
  const waits = await led.prepare(plain, whole);
  await led.cut(waits);
  await until(async () => (await led.report(waits)).state === "aborted");
  equal((await led.report(waits)).share, null);
  equal(worker.stats().routes.a.arrivals, 0);
  const sends = await led.prepare(plain, whole);
  await led.start(sends, 0);
  await until(() => worker.stats().routes.a.arrivals === 2);
  const { state, share } = await led.report(sends);
  equal(state, "running");
  deepEqual(share?.scenarios.map(({ name }) => name), ["users"]);
  await led.cut(sends);
  await until(async () => (await led.report(sends)).state === "aborted");
  equal((await led.report(sends)).share?.aborted, "it was stopped");
  await rejects(led.report("nothing-1"), { status: 404 });
  await worker[Symbol.asyncDispose]();
  await led.cut(sends);
  await rejects(led.report(sends), (error) => !(error instanceof Refusal));
});

Deno.test("WorkerClient rejects with the status, the words and the issues of a worker that refuses", async () => {
  await using worker = await createPerfmock({ control: { token: SECRET } }, {
    log: () => {},
  });
  const { host } = worker.url;
  for (const token of [undefined, "wrong"]) {
    await rejects(client(host, token).readClock(), { status: 401 });
  }
  await rejects(
    client(host, SECRET).prepare(
      { scenarios: { a: { executor: "user" }, b: 3 } },
      { index: 0, count: 2 },
    ),
    (error) => {
      ok(error instanceof Refusal);
      equal(error.status, 400);
      deepEqual(error.issues.map(({ path }) => path), [
        "/scenarios/a/executor",
        "/scenarios/b",
      ]);
      return true;
    },
  );
  const { runs } = await (await fetch(
    new URL("_perfmock/load_engine/runs", worker.url),
    { headers: { authorization: `Bearer ${SECRET}` } },
  )).json();
  deepEqual(runs, []);
});

Deno.test("WorkerClient says of other servers what they answered with", async () => {
  const answers: [Response, RegExp][] = [
    [new Response("hello"), /no perfmock server: it answered with 200 and no/],
    [Response.redirect("http://127.0.0.1:1/"), /answered with 302 and no JSON/],
    [Response.json({ title: "Busy" }, { status: 503 }), /^Busy$/],
    [
      Response.json({ title: "Busy", detail: "16 are active" }, {
        status: 429,
      }),
      /^16 are active$/,
    ],
    [Response.json(null, { status: 500 }), /^It answered with 500$/],
  ];
  let turn = 0;
  await using server = serve(() => answers[turn++][0]);
  const worker = client(`127.0.0.1:${server.port}`);
  for (const [{ status }, message] of answers) {
    await rejects(worker.identity(), (error) => {
      ok(error instanceof Refusal);
      match(error.message, message);
      equal(error.status, status);
      deepEqual(error.issues, []);
      return true;
    });
  }
  await rejects(
    client(`127.0.0.1:${freePort()}`).identity(),
    (error) => !(error instanceof Refusal),
  );
});

Deno.test("WorkerClient.readClock() counts the reading that took least, from the middle of its call", async () => {
  const clock = new VirtualClock();
  const took = [50, 8, 20, 4, 6, 90, 10, 12, 30];
  const AHEAD = 3_600_000;
  let turn = 0;
  await using server = serve(() => {
    // The worker reads its clock after a quarter of the call.
    const whole = took[turn++];
    clock.advance(whole / 4);
    const now = performance.timeOrigin + clock.now() + AHEAD;
    clock.advance(whole * 3 / 4);
    return Response.json({ now });
  });
  const { offset, within } = await client(
    `127.0.0.1:${server.port}`,
    undefined,
    clock,
  ).readClock();
  equal(turn, took.length);
  equal(within, 2);
  // The true offset is within what it claims: one ms of four was the difference.
  ok(Math.abs(offset - (AHEAD - 1)) < 0.001, `${offset}`);
  ok(Math.abs(offset - AHEAD) <= within);
});
