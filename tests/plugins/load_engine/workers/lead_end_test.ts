import { deepEqual, equal, match, ok, rejects } from "node:assert/strict";
import { createPerfmock, type Perfmock } from "../../../../mod.ts";
import { PerfmockError } from "../../../../core/errors.ts";
import { VERSION } from "../../../../core/version.ts";
import { BROWSE, fakeWorker, servers, TARGET } from "./_workers.ts";

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
  ok(scenarios.browse.started > 0);
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
  equal(issues.length, 3);
  equal(
    issues[0],
    `Worker ${old.name} runs perfmock 0.0.1, and this is ${VERSION}`,
  );
  match(issues[1], /It is no perfmock server: it answered with 200/u);
  ok(issues[2].startsWith(`Worker ${closed.names[0]}: `));
  // Nothing was sent to those that could take part.
  deepEqual(good.calls, ["GET health", "GET load_engine/clock"]);
  const refused = await refusal(
    leader,
    { ...script, target: "http://staging.example:80" },
    { workers: [...strict.names, good.name] },
  );
  equal(refused.length, 1);
  match(refused[0], /Target http:\/\/staging.example is not allowed/u);
  // Those that were ready are let go.
  ok(good.calls.includes("DELETE load_engine/runs/r"));
  ok(!good.calls.includes("POST load_engine/runs/r/start"));
});

Deno.test("one worker under two names, and one that is several processes, are refused by name before anything is sent", async () => {
  await using leader = await createPerfmock({}, {
    listen: false,
    log: () => {},
  });
  await using workers = await servers(1);
  await using fleet = fakeWorker({
    "GET health": () => Response.json({ version: VERSION, replicas: [{}, {}] }),
  });
  const { port } = workers.all[0].url;
  deepEqual(
    await refusal(leader, {
      target: "http://127.0.0.1:9",
      scenarios: { browse: BROWSE },
    }, { workers: [`127.0.0.1:${port}`, fleet.name, `localhost:${port}`] }),
    [
      `Worker ${fleet.name} answers for 2 replicas, each of which would send the share`,
      `localhost:${port} is the same worker as 127.0.0.1:${port}`,
    ],
  );
  deepEqual(
    await (await fetch(
      `http://127.0.0.1:${port}/_perfmock/load_engine/runs`,
    )).json(),
    { runs: [] },
  );
});

Deno.test("workers whose configurations have other profiles of the script are refused by name, and let go", async () => {
  const config = (mean: string) => ({
    plugins: {
      distributions: {
        profiles: { reading: { exponential: { mean } }, unused: mean },
      },
    },
  });
  await using leader = await createPerfmock(config("1s"), {
    listen: false,
    log: () => {},
  });
  await using same = await servers(2, config("1s"));
  await using other = await servers(1, config("2s"));
  await using target = await createPerfmock(TARGET, { log: () => {} });
  const users = (think: string) => ({
    target: target.url.href,
    scenarios: {
      browse: BROWSE,
      users: {
        executor: "virtual-users",
        users: 3,
        duration: "100ms",
        think,
        requests: [{ path: "/a/1" }],
      },
    },
  });
  const workers = [...same.names, ...other.names];
  deepEqual(await refusal(leader, users("reading"), { workers }), [
    `Worker ${
      other.names[0]
    } draws the think times of users from other distributions than ${
      same.names[0]
    }: their configurations differ`,
  ]);
  equal(target.requests().length, 0);
  // Profiles that the script does not name may differ.
  const { complete } = await leader.load({
    ...users("50ms"),
    scenarios: { users: users("50ms").scenarios.users },
  }, { workers });
  equal(complete, true);
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
