import { deepEqual, equal, match, ok } from "node:assert/strict";
import {
  createPerfmock,
  type Perfmock,
  PerfmockError,
  type PerfmockInput,
} from "../../mod.ts";
import { eachEngine } from "../support/each_engine.ts";
import { until } from "../support/wait.ts";

const CONFIG: PerfmockInput = {
  seed: 1,
  routes: [
    // Nothing can be taken away from them, which halves the plan.
    { id: "first", path: "/first", response: { json: {} } },
    { id: "lazy", path: "/lazy", response: { json: {} } },
  ],
};

/** Script whose command calls both routes of a server, and waits for one. */
function script(more: Readonly<Record<string, unknown>> = {}) {
  const program =
    `const get = async (path) => await (await fetch(new URL(path, Deno.env.get("PERFMOCK_URL")))).text();
const start = performance.now();
const lazy = get("/lazy");
await get("/first");
console.log(JSON.stringify({ time: performance.now() - start }));
await lazy;`;
  const url = `data:application/javascript;base64,${btoa(program)}`;
  return {
    command: {
      run: `"${Deno.execPath()}" run --no-config -A "${url}"`,
      figure: "/time",
    },
    ...more,
  };
}

const API = "_perfmock/bottleneck_finder/";

async function call(
  server: Perfmock,
  named: string,
  body?: unknown,
): Promise<Response> {
  const [method, path] = named.split(" ");
  return await fetch(new URL(API + path, server.url), {
    method,
    ...body !== undefined && { body: JSON.stringify(body) },
  });
}

eachEngine.test("calls start, watch and read an experiment", async () => {
  await using server = await createPerfmock({
    ...CONFIG,
    control: { allow: ["plugins"] },
  });
  const started = await call(
    server,
    "POST runs",
    script({ loads: 24, precision: 1, routes: ["first"] }),
  );
  equal(started.status, 201, await started.clone().text());
  equal(started.headers.get("location"), `/${API}runs/find-1`);
  const report = await started.json();
  deepEqual([report.id, report.kind, report.state], [
    "find-1",
    "find",
    "running",
  ]);
  const second = await call(server, "POST runs", script());
  equal(second.status, 429);
  await second.body?.cancel();
  const early = await call(server, "GET runs/find-1/answer");
  equal(early.status, 409);
  await early.body?.cancel();

  const events = await (await call(server, "GET runs/find-1/events")).text();
  match(events, /^event: progress\ndata: \{"elapsed":/);
  const [last] = events.trim().split("\n\n").slice(-1);
  match(last, /^event: answer\n/);
  const run = await (await call(server, "GET runs/find-1")).json();
  deepEqual([run.state, run.error, run.ok], ["finished", null, true]);
  equal(run.answer.routes[0].route, "first");
  const markdown = await call(server, "GET runs/find-1/answer?format=md");
  match(markdown.headers.get("content-type") ?? "", /^text\/markdown/);
  match(await markdown.text(), /first/);
  const page = await fetch(new URL(`${API}runs/find-1/answer`, server.url), {
    headers: { accept: "text/html,*/*" },
  });
  match(page.headers.get("content-type") ?? "", /^text\/html/);
  match(await page.text(), /<svg/);
  const json = await (await call(server, "GET runs/find-1/answer")).json();
  equal(json.figure, "/time");
});

eachEngine.test("DELETE ends an experiment, and the server's end does", async () => {
  await using server = await createPerfmock({
    ...CONFIG,
    control: { allow: ["plugins"] },
  });
  const started = await call(server, "POST runs?kind=sweep", script());
  equal((await started.json()).id, "sweep-1");
  equal(
    (await (await call(server, "DELETE runs/sweep-1")).json()).state,
    "stopping",
  );
  await until(async () => {
    const { state } = await (await call(server, "GET runs/sweep-1")).json();
    return state === "failed" || state === "finished";
  });
  await (await call(server, "POST runs", script())).body?.cancel();
  // It is still under way when the server ends.
});

eachEngine.test("an experiment goes on over a change of the configuration, says so, and puts back what it turned", async () => {
  await using server = await createPerfmock(CONFIG);
  let changed: Promise<void> | undefined;
  const { answer } = await server.find(
    script({ loads: 24, precision: 1, routes: ["first"] }),
    {
      progress({ loads }) {
        if (loads !== 8) return;
        changed = server.update({ backend: { delay: "20ms" } });
      },
    },
  );
  await changed;
  match(
    answer.notes.join("\n"),
    /^The configuration was changed 1 time during the experiment: /m,
  );
  const [first] = answer.routes;
  equal(first.route, "first");
  const before = server.requests({ route: "first" }).length;
  await (await server.fetch(new Request("http://localhost/first"))).text();
  const [{ totalMs }] = server.requests({ route: "first" }).slice(before);
  // The new delay of 20 ms, without the 100 ms of the experiment.
  ok(totalMs >= 20 && totalMs < 90, `${totalMs}`);
});

Deno.test("a call may not run code, nor open pages beyond loopback, without the power", async () => {
  await using server = await createPerfmock(CONFIG);
  const cases: [unknown, RegExp][] = [
    [{ command: "id" }, /may not run a command/],
    [{ command: { run: "id" } }, /may not run a command/],
    [{ page: { url: "/", actions: "x.ts" } }, /may not run a module/],
    [{ page: { url: "/", executable: "/bin/sh" } }, /may not run a browser/],
    [
      { page: { url: "https://example.com/" } },
      /may not name a receiver beyond loopback/,
    ],
  ];
  for (const [body, expected] of cases) {
    for (const named of ["POST runs", "POST check"]) {
      const response = await call(server, named, body);
      const text = await response.text();
      equal(response.status, 403, text);
      equal(JSON.parse(text).code, "POWER_MISSING");
      match(text, expected);
    }
  }
  const { runs } = await (await call(server, "GET runs")).json();
  deepEqual(runs, []);
});

Deno.test("calls answer wrong scripts with all errors", async () => {
  await using server = await createPerfmock(CONFIG);
  const response = await call(server, "POST runs", {
    page: { url: "/" },
    routes: ["frist"],
    loads: 0,
  });
  equal(response.status, 400);
  const { code, issues } = await response.json();
  equal(code, "SCRIPT_INVALID");
  equal(issues.length, 2);
  const good = await call(server, "POST check", { page: { url: "/" } });
  deepEqual(await good.json(), { ok: true });
  for (
    const path of [
      "GET runs/x",
      "GET runs/x/events",
      "DELETE runs/x",
      "GET runs/x/answer",
    ]
  ) {
    const missing = await call(server, path);
    equal(missing.status, 404);
    await missing.body?.cancel();
  }
});

Deno.test("a program finds and sweeps by the server", async () => {
  await using server = await createPerfmock(CONFIG);
  const { answer, ok: kept } = await server.find(
    script({ loads: 24, precision: 1, routes: ["first"] }),
  );
  equal(kept, true);
  equal(answer.routes[0].route, "first");
  const swept = await server.sweep(
    script({ factors: [1, 3], repeats: 1, routes: ["first"] }),
  );
  deepEqual(swept.answer.routes.map(({ route }) => route), ["first"]);
  equal(swept.answer.loads, 6);
});

Deno.test("a script may be text, whose errors have line and column", async () => {
  await using server = await createPerfmock(CONFIG);
  const messageOf = async (script: string) => {
    try {
      await server.find(script);
    } catch (error) {
      ok(error instanceof PerfmockError);
      equal(error.code, "SCRIPT_INVALID");
      return error.issues[0].message;
    }
    return "";
  };
  match(await messageOf("page: {"), /^Line 1, column \d+: /);
  match(await messageOf("loads: 3"), /^Nothing gives a figure/);
  match(
    await messageOf(" ".repeat(1024 ** 2 + 1)),
    /^The script has 1048577 bytes/,
  );
  const long = await call(server, "POST check", "x".repeat(1024 ** 2));
  equal(long.status, 413);
  await long.body?.cancel();
});

Deno.test("a configuration can switch the finder off", async () => {
  await using server = await createPerfmock({
    ...CONFIG,
    plugins: { bottleneck_finder: false },
  });
  let message = "";
  try {
    await server.find(script());
  } catch (error) {
    message = String(error);
  }
  match(message, /Cannot run the script/);
});
