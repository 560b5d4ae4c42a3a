import { BUILTIN } from "../../../../core/builtin.ts";
import { equal, match, rejects } from "node:assert/strict";
import type { Host, PerfmockError } from "../../../../core/plugin.ts";
import { createPerfmock } from "../../../../mod.ts";
import { runEndpoints } from "../../../../plugins/load_engine/endpoints.ts";
import {
  Runs,
  type RunsOptions,
} from "../../../../plugins/load_engine/runs/runs.ts";
import { FakeWorker, result } from "./_fakes.ts";

const SCRIPT = {
  name: "x",
  scenarios: {
    users: {
      executor: "virtual-users",
      users: 1,
      duration: "1m",
      requests: [{ path: "/" }],
    },
  },
};

/** Makes Runs on fake workers in a real server, and records its log. */
async function setUp(more: Partial<RunsOptions> = {}) {
  const workers: FakeWorker[] = [];
  const lines: string[] = [];
  const { promise, resolve } = Promise.withResolvers<Host>();
  const server = await createPerfmock({}, {
    log: (_, line) => lines.push(line),
    plugins: [{
      name: "probe",
      version: "1.0.0",
      setup: (host) => {
        resolve(host);
        return {};
      },
    }],
  });
  const startWorker = () => {
    const worker = new FakeWorker();
    workers.push(worker);
    return worker;
  };
  const host = await promise;
  const runs = new Runs({
    host,
    loadHost: {
      thread: { json: "{}", folder: "file:///", builtin: BUILTIN.module },
      virtualWorld: () => Promise.reject(new Error("Not needed here")),
    },
    targets: [],
    stress: undefined,
    startWorker,
    ...more,
  });
  const texts = {
    read: (text: string) => Promise.resolve({ value: JSON.parse(text) }),
  };
  const [post] = runEndpoints(runs, { kit: host.kit, texts });
  return {
    runs,
    workers,
    lines,
    post: () =>
      post.handle({
        request: new Request("http://localhost/runs", {
          method: "POST",
          body: JSON.stringify(SCRIPT),
        }),
        parameters: {},
        body: undefined,
        query: {},
      }) as Promise<Response>,
    [Symbol.asyncDispose]: async () => {
      for (const worker of workers) {
        worker.say({ kind: "ended", result: result() });
      }
      await runs[Symbol.asyncDispose]();
      await server[Symbol.asyncDispose]();
    },
  };
}

Deno.test("Runs accepts sixteen active runs, and another when one has ended", async () => {
  await using its = await setUp();
  const { runs, workers } = its;
  for (let i = 0; i < 16; i++) equal((await its.post()).status, 201);
  const refused = { status: 429, message: /16 are active/ };
  await rejects(its.post(), refused);
  await rejects(runs.start(SCRIPT), refused);
  workers[3].say({ kind: "ended", result: result() });
  await runs.find("x-4")?.over;
  equal((await its.post()).status, 201);
  equal(runs.active.length, 16);
});

Deno.test("Runs remembers the latest fifty ended runs, and logs failed ones", async () => {
  await using its = await setUp();
  const { runs, workers, lines } = its;
  for (let i = 0; i < 52; i++) {
    const run = await runs.start(SCRIPT);
    if (i === 51) workers[i].throw("out of luck");
    else workers[i].say({ kind: "ended", result: result() });
    await run.over;
  }
  await runs.start(SCRIPT);
  equal(runs.all.length, 51);
  equal(runs.all[0].id, "x-3");
  equal(
    lines.at(-1),
    "probe: Run x-52 failed: The load thread: out of luck",
  );
});

Deno.test("Runs starts none after its disposal", async () => {
  await using its = await setUp();
  await its.runs[Symbol.asyncDispose]();
  await rejects(its.runs.start(SCRIPT), {
    status: 503,
    message: /the server is ending/,
  });
});

/** A script with a number of users. */
function withUsers(users: unknown, more: object = {}) {
  return {
    ...SCRIPT,
    ...more,
    scenarios: { users: { ...SCRIPT.scenarios.users, users } },
  };
}

Deno.test("Runs refuses users for whose connections no descriptors are left", async () => {
  let open = 40;
  await using its = await setUp({
    readDescriptors: () => ({ openFds: open, maxFds: 1140 }),
  });
  const { runs, workers } = its;
  // 1140 − 100 − 40 are left, two for each connection to this server itself.
  await rejects(runs.start(withUsers(501)), {
    code: "SCRIPT_INVALID",
    issues: [{
      path: "/scenarios/users/users",
      message:
        "501 users at the same time need 1002 descriptors, two for each connection because this process is the target, too; this process may open 1140, of which 40 are taken and 100 are left for other use",
      value: 501,
      allowed: "at most 500 users",
      suggestion:
        "Run `ulimit -n 1142` before the start, or send from a process of its own: load SCRIPT --target URL",
    }],
  });
  const target = { target: "http://127.0.0.1:9" };
  await rejects(
    runs.start(withUsers({ ramp: { from: 0, to: 1001, over: "1m" } }, target)),
    (error) => {
      const [{ message, allowed }] = (error as PerfmockError).issues;
      match(message, /^1001 users .* one for each connection;/);
      equal(allowed, "at most 1000 users");
      return true;
    },
  );
  await runs.start(withUsers(300));
  // The first run has not opened its connections yet.
  await rejects(runs.start(withUsers(201)), /Cannot use the script/);
  // It has, and others have opened some, too.
  open = 740;
  await rejects(runs.start(withUsers(151)), /Cannot use the script/);
  await runs.start(withUsers(150));
  equal(workers.length, 2);
  workers[0].say({ kind: "ended", result: result() });
  await runs.find("x-1")?.over;
  open = 140;
  await runs.start(withUsers(300));
});

Deno.test("Runs refuses no users where the descriptors of the process are unknown", async () => {
  await using its = await setUp({ readDescriptors: () => ({}) });
  await its.runs.start(withUsers(100_000));
});
