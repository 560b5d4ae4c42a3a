// Runs alone, without the profiler: measures time.
import { deepEqual, equal, match, ok, rejects } from "node:assert/strict";
import {
  createPerfmock,
  type Perfmock,
  type PerfmockInput,
} from "../../../../mod.ts";
import { PerfmockError } from "../../../../core/errors.ts";
import { VERSION } from "../../../../core/version.ts";

/** Starts servers, and ends them with the scope. */
async function servers(count: number, config: PerfmockInput = {}) {
  const all = await Promise.all(
    Array.from(
      { length: count },
      () => createPerfmock(config, { log: () => {} }),
    ),
  );
  return {
    all,
    names: all.map(({ url }) => url.host),
    [Symbol.asyncDispose]: async () => {
      await Promise.all(all.map((server) => server[Symbol.asyncDispose]()));
    },
  };
}

const TARGET: PerfmockInput = {
  routes: [{
    path: "/a/:id",
    serviceTime: { uniform: { min: 5, max: 20 } },
    faults: [{ share: 0.1, status: 503 }],
  }],
};

/** Returns the messages of the errors that a run is refused with. */
async function refusal(
  leader: Perfmock,
  script: unknown,
  options: Parameters<Perfmock["load"]>[1],
): Promise<string[]> {
  try {
    await leader.load(script, options);
  } catch (error) {
    if (!(error instanceof PerfmockError)) throw error;
    return error.issues.map(({ message }) => message);
  }
  return [];
}

/** A worker that answers as the test says; by default its share has ended when it is first asked for. */
function fakeWorker(
  answers: Partial<Record<string, (request: Request) => Response>> = {},
) {
  const calls: string[] = [];
  const server = Deno.serve(
    { port: 0, hostname: "127.0.0.1", onListen() {} },
    async (request) => {
      const path = new URL(request.url).pathname.replace("/_perfmock/", "");
      const key = `${request.method} ${path}`;
      calls.push(key);
      await request.text();
      const own = answers[key];
      if (own !== undefined) return own(request);
      switch (key) {
        case "GET health":
          return Response.json({ version: VERSION });
        case "GET load_engine/clock":
          return Response.json({
            now: performance.timeOrigin + performance.now() + 3_600_000,
          });
        case "POST load_engine/runs":
          return Response.json({ id: "r" }, { status: 201 });
        default:
          return Response.json({});
      }
    },
  );
  return {
    calls,
    name: `127.0.0.1:${server.addr.port}`,
    [Symbol.asyncDispose]: () => server.shutdown(),
  };
}

const BROWSE = {
  executor: "arrival-rate",
  rate: "60/s",
  duration: "1500ms",
  requests: [{ path: "/a/{{number}}" }],
};

Deno.test("three workers send what one run would: each arrival once, with the files of the script, judged as a whole", async () => {
  await using target = await createPerfmock(TARGET, { log: () => {} });
  await using workers = await servers(3, { control: { token: "secret" } });
  await using leader = await createPerfmock(TARGET, {
    listen: false,
    log: () => {},
  });
  const folder = await Deno.makeTempDir();
  try {
    await Deno.writeTextFile(`${folder}/ids.csv`, "id\n7\n8\n9\n");
    await Deno.writeTextFile(
      `${folder}/times.txt`,
      Array.from({ length: 50 }, (_, k) => `${k * 20}`).join("\n"),
    );
    const script = {
      name: "three",
      seed: 3,
      target: target.url.href,
      scenarios: {
        browse: {
          ...BROWSE,
          variables: { id: { csv: { file: "ids.csv", column: "id" } } },
          requests: [{ path: "/a/{{id}}", group: "look" }],
        },
        again: {
          executor: "replay",
          trace: { file: "times.txt" },
          requests: [{ path: "/a/1", name: "one" }],
        },
        turns: {
          executor: "shared-iterations",
          users: 4,
          iterations: 40,
          requests: [{ path: "/a/2" }],
        },
      },
      thresholds: {
        failed: ["rate<0.5"],
        "browse.look.responseTime": ["p(99)<10s"],
        "again.started": ["count==50"],
        "turns.completed": ["count>1000"],
      },
    };
    const lines: string[] = [];
    const summary = await leader.load(script, {
      folder,
      workers: workers.names,
      token: "secret",
      progress: (_, line) => void lines.push(line),
    });
    const { target: _, ...alone } = script;
    const whole = await leader.simulate(alone, { folder });
    for (const name of ["browse", "again", "turns"]) {
      const [sent, simulated] = [summary, whole].map(({ scenarios }) =>
        scenarios[name]
      );
      deepEqual(
        [sent.scheduled, sent.started, sent.dropped, sent.cut],
        [simulated.scheduled, simulated.started, 0, 0],
        name,
      );
      equal(sent.completed + sent.failed, sent.started);
    }
    deepEqual(
      summary.thresholds.map(({ ok, unit }) => [ok, unit]),
      whole.thresholds.map(({ ok, unit }) => [ok, unit]),
    );
    deepEqual(summary.thresholds.map(({ ok }) => ok), [
      true,
      true,
      true,
      false,
    ]);
    equal(summary.ok, false);
    equal(
      target.stats().routes["get-a-id"].arrivals,
      whole.scenarios.browse.scheduled + 50 + 40,
    );
    deepEqual(
      summary.workers?.map(({ segment, late, lost }) => [segment, late, lost]),
      [["0/3", 0, null], ["1/3", 0, null], ["2/3", 0, null]],
    );
    // One machine has one clock.
    for (const { clockOffset, clockWithin } of summary.workers ?? []) {
      ok(Math.abs(clockOffset) <= clockWithin + 1, `${clockOffset}`);
    }
    match(lines[0], /^\d.* s, .*, 3 workers$/u);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("a threshold that ends the run is judged on the whole, and ends it everywhere", async () => {
  await using target = await createPerfmock(TARGET, { log: () => {} });
  await using workers = await servers(2);
  await using leader = await createPerfmock({}, {
    listen: false,
    log: () => {},
  });
  const { aborted, scenarios } = await leader.load({
    target: target.url.href,
    scenarios: { browse: { ...BROWSE, duration: "60s" } },
    thresholds: { failed: [{ expression: "count<3", abortOnFail: true }] },
  }, { workers: workers.names });
  equal(aborted, "failed count<3");
  ok(scenarios.browse.started < 1000);
  for (const { port } of workers.all.map(({ url }) => url)) {
    const { runs } = await (await fetch(
      `http://127.0.0.1:${port}/_perfmock/load_engine/runs`,
    )).json();
    deepEqual(runs.map(({ state }: { state: string }) => state), ["aborted"]);
  }
});

Deno.test("a run on workers is stopped by its signal, with the figures so far", async () => {
  await using target = await createPerfmock(TARGET, { log: () => {} });
  await using workers = await servers(1);
  await using leader = await createPerfmock({}, {
    listen: false,
    log: () => {},
  });
  const stop = new AbortController();
  const { aborted, scenarios, workers: sent } = await leader.load({
    target: target.url.href,
    scenarios: { browse: { ...BROWSE, duration: "60s" } },
  }, {
    workers: workers.names,
    signal: stop.signal,
    progress: () => stop.abort(),
  });
  equal(aborted, "it was stopped");
  ok(scenarios.browse.started > 10);
  deepEqual(sent?.map(({ segment }) => segment), ["0/1"]);
});

Deno.test("workers and scripts that cannot do it are refused before anything is sent, all at once", async () => {
  await using leader = await createPerfmock(TARGET, {
    listen: false,
    log: () => {},
  });
  const script = {
    target: "http://127.0.0.1:9",
    scenarios: { browse: BROWSE },
  };
  deepEqual(
    await refusal(leader, script, { workers: ["a:b", "h:1", "http://h:1/"] }),
    [
      "A worker is the address of a perfmock server",
      "http://h:1/ is the same worker as h:1",
    ],
  );
  deepEqual(await refusal(leader, script, { workers: [] }), [
    "There is no worker",
  ]);
  deepEqual(
    await refusal(leader, {
      scenarios: {
        browse: BROWSE,
        slow: {
          executor: "modulate",
          set: { route: "get-a-id", dial: "scale" },
          to: 2,
        },
      },
    }, { workers: ["127.0.0.1:1"] }),
    [
      "Workers need the URL of what they send to",
      "Each worker would turn this dial of itself, and none of the target",
    ],
  );
  await using old = fakeWorker({
    "GET health": () => Response.json({ version: "0.0.1" }),
  });
  await using other = fakeWorker({ "GET health": () => new Response("hello") });
  await using closed = await servers(1, { control: { token: "secret" } });
  await using strict = await servers(1);
  await using good = fakeWorker();
  const issues = await refusal(
    leader,
    { ...script, target: "http://staging.example:80" },
    {
      workers: [
        old.name,
        other.name,
        ...closed.names,
        ...strict.names,
        good.name,
      ],
      token: "wrong",
    },
  );
  equal(issues.length, 4);
  equal(
    issues[0],
    `Worker ${old.name} runs perfmock 0.0.1, and this is ${VERSION}`,
  );
  match(issues[1], /It is no perfmock server: it answered with 200/u);
  ok(issues[2].startsWith(`Worker ${closed.names[0]}: `));
  match(issues[3], /Target http:\/\/staging.example is not allowed/u);
  // Those that were ready are let go.
  ok(good.calls.includes("DELETE load_engine/runs/r"));
  ok(!good.calls.includes("POST load_engine/runs/r/start"));
});

Deno.test("a worker that is lost is named with its part of the arrivals, and one that began late", async () => {
  await using target = await createPerfmock(TARGET, { log: () => {} });
  await using worker = await servers(1);
  await using leader = await createPerfmock(TARGET, {
    listen: false,
    log: () => {},
  });
  const { share } = await (async () => {
    await using one = await createPerfmock(TARGET, { log: () => {} });
    const path = `http://${one.url.host}/_perfmock/load_engine/runs`;
    const call = async (method: string, rest: string, body?: unknown) =>
      await (await fetch(`${path}${rest}`, {
        method,
        ...body !== undefined && { body: JSON.stringify(body) },
        headers: { "content-type": "application/json" },
      })).json();
    const script = { scenarios: { browse: BROWSE } };
    const { id, state } = await call("POST", "?segment=1/2&wait=start", script);
    equal(state, "ready");
    // A second late.
    const { now } = await (await fetch(
      path.replace("runs", "clock"),
    )).json();
    await call("POST", `/${id}/start`, { at: now - 1000 });
    const twice = await call("POST", `/${id}/start`, {});
    match(twice.title ?? twice.detail, /Cannot start run .*: it is running/u);
    for (;;) {
      const report = await call("GET", `/${id}/share`);
      if (report.state === "finished") return report;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  })();
  ok(share.late >= 1000);
  let asked = 0;
  await using fake = fakeWorker({
    "GET load_engine/runs/r/share": () =>
      asked++ === 0
        ? Response.json({
          state: "running",
          error: null,
          progress: null,
          share,
        })
        : Response.json({ title: "No such run" }, { status: 404 }),
  });
  const lines: string[] = [];
  const { ok: met, notes, workers, scenarios } = await leader.load({
    target: target.url.href,
    scenarios: { browse: BROWSE },
  }, {
    workers: [worker.names[0], fake.name],
    progress: (_, line) => void lines.push(line),
  });
  equal(met, false);
  const [arrivals, counted] = /(\d+) of its (\d+) arrivals/.exec(notes[0])
    ?.slice(1).reverse().map(Number) ?? [];
  ok(
    notes[0].startsWith(`worker ${fake.name} (share 1/2) was lost `) &&
      notes[0].includes("it knows nothing of the run any more"),
    notes[0],
  );
  ok(counted <= arrivals && arrivals > 20);
  equal(
    scenarios.browse.scheduled - counted,
    Math.ceil(
      (await leader.simulate({ scenarios: { browse: BROWSE } }))
        .scenarios.browse.scheduled / 2,
    ),
  );
  ok(notes[1].startsWith(`worker ${fake.name} (share 1/2) began 1`), notes[1]);
  deepEqual(workers?.map(({ lost }) => lost === null), [true, false]);
  // Its clock is an hour ahead.
  ok(Math.abs((workers?.[1].clockOffset ?? 0) - 3_600_000) < 1000);
  match(lines.at(-1) ?? "", /, 1 worker, lost 127/u);
});

Deno.test("without any worker left there is no result", async () => {
  await using gone = fakeWorker({
    "POST load_engine/runs/r/start": () => new Response("{}", { status: 500 }),
  });
  await using leader = await createPerfmock({}, {
    listen: false,
    log: () => {},
  });
  await rejects(
    leader.load({
      target: "http://127.0.0.1:9",
      scenarios: { browse: BROWSE },
    }, { workers: [gone.name] }),
    /No worker is left: .* was lost 0.0 s after the start: it did not start/u,
  );
});
