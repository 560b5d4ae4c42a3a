// Runs alone, without the profiler: measures time.
import { deepEqual, equal, match, ok } from "node:assert/strict";
import { createPerfmock } from "../../../../mod.ts";
import { BROWSE, fakeWorker, servers, TARGET } from "./_workers.ts";

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
      // The first question is that for its think times, before the start.
      asked++ <= 1
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
