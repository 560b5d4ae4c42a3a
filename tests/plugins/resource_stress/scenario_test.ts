import { deepEqual, equal, match, ok } from "node:assert/strict";
import { BLOCKS, stressed } from "./_server.ts";

/** Reason of each scenario's end, the latest first. */
async function reasons(server: Awaited<ReturnType<typeof stressed>>) {
  const { ended } = await server.list();
  return ended.map(({ id, reason }) => [id, reason]);
}

Deno.test("A scenario ends at its duration, to the millisecond", async () => {
  await using server = await stressed();
  await server.start({ ...BLOCKS, duration: "20s" });
  server.clock.advance(19_999);
  equal((await server.list()).scenarios.length, 1);
  server.clock.advance(1);
  deepEqual((await server.list()).scenarios, []);
  deepEqual(await reasons(server), [["stress-1", "its duration is over"]]);
  equal((await server.list()).ended[0].elapsedMs, 20_000);
});

Deno.test("A scenario without a duration ends after a minute", async () => {
  await using server = await stressed();
  await server.start(BLOCKS);
  server.clock.advance(60_000);
  deepEqual(await reasons(server), [["stress-1", "its duration is over"]]);
});

Deno.test("A scenario with a lease continues while the lease is renewed, and ends when it expires", async () => {
  await using server = await stressed();
  await server.start({ ...BLOCKS, lease: "2s" });
  for (let i = 0; i < 100; i++) {
    server.clock.advance(1900);
    equal((await server.ask("PUT", "/stress-1/lease"))[0], 200);
  }
  server.clock.advance(1999);
  equal((await server.list()).scenarios.length, 1);
  server.clock.advance(51);
  deepEqual((await server.list()).scenarios, []);
  deepEqual(await reasons(server), [
    ["stress-1", "its owner did not renew the lease"],
  ]);
});

Deno.test("A scenario with a lease and a duration ends at its duration, however often the lease is renewed", async () => {
  await using server = await stressed();
  await server.start({ ...BLOCKS, lease: "2s", duration: "5s" });
  for (let i = 0; i < 5; i++) {
    server.clock.advance(1000);
    await server.ask("PUT", "/stress-1/lease");
  }
  deepEqual(await reasons(server), [["stress-1", "its duration is over"]]);
});

Deno.test("The last twenty ended scenarios are remembered", async () => {
  await using server = await stressed();
  for (let i = 0; i < 22; i++) {
    await server.start(BLOCKS);
    await server.ask("DELETE", "");
  }
  const { ended } = await server.list();
  deepEqual([ended.length, ended[0].id, ended[19].id], [
    20,
    "stress-22",
    "stress-3",
  ]);
});

Deno.test("A scenario survives a change of the configuration, and keeps its id and its end", async () => {
  await using server = await stressed();
  await server.start({ ...BLOCKS, duration: "20s" });
  server.clock.advance(5000);
  await server.server.update({
    plugins: { resource_stress: { maxMemory: 0.1 } },
  });
  server.clock.advance(5000);
  const [{ id, elapsedMs, remainingMs, resources }] =
    (await server.list()).scenarios;
  deepEqual([id, elapsedMs, remainingMs], ["stress-1", 10_000, 10_000]);
  equal(resources.eventLoop.blocks, 100);
  server.clock.advance(10_000);
  deepEqual((await server.list()).scenarios, []);
});

Deno.test("Caps follow a change of the configuration", async () => {
  await using server = await stressed();
  const { caps: before } = await server.list();
  await server.server.update({
    plugins: { resource_stress: { maxMemory: 0.25 } },
  });
  const { caps: after } = await server.list();
  equal(after.memory, Math.floor(before.memory / 2));
});

Deno.test("Turning the plugin off ends its scenarios", async () => {
  await using server = await stressed();
  await server.start(BLOCKS);
  await server.server.update({ plugins: { resource_stress: false } });
  await new Promise((resolve) => setImmediate(resolve));
  ok(
    server.log.includes(
      "info: resource_stress: Stress stress-1 ended: the server ended",
    ),
    server.log.join("\n"),
  );
});

Deno.test("Disposal ends scenarios, and leaves no timer", async () => {
  const server = await stressed();
  await server.start(BLOCKS);
  await server.start({ allocation: { rate: "1MiB/s" }, lease: "10s" });
  await server[Symbol.asyncDispose]();
  equal(server.clock.runNext(), false);
});

Deno.test("The event loop is blocked on an absolute schedule", async () => {
  await using server = await stressed();
  await server.start({
    eventLoop: {
      block: "10ms",
      every: {
        steps: [{ at: 0, value: "100ms" }, { at: "1s", value: "250ms" }],
      },
    },
  });
  server.clock.advance(950);
  const at = async () => (await server.list()).scenarios[0].resources.eventLoop;
  deepEqual([(await at()).blocks, (await at()).target], [9, 0.1]);
  server.clock.advance(1050);
  deepEqual([(await at()).blocks, (await at()).target], [14, 0.04]);
});

Deno.test("With perRequest each request blocks until the scenario ends; control calls do not", async () => {
  await using server = await stressed({ routes: [{ path: "/orders" }] });
  await server.start({
    eventLoop: { block: "10ms", perRequest: true },
    duration: "10s",
  });
  for (let i = 0; i < 3; i++) await server.request("/orders");
  const [{ resources }] = (await server.list()).scenarios;
  equal(resources.eventLoop.blocks, 3);
  equal(resources.eventLoop.target, "perRequest");
  await server.ask("DELETE", "");
  await server.request("/orders");
  const [{ resources: last }] = (await server.list()).ended;
  equal(last.eventLoop.blocks, 3);
});

Deno.test("Garbage is made at a rate that follows its signal", async () => {
  await using server = await stressed();
  await server.start({
    allocation: {
      rate: {
        steps: [{ at: 0, value: "16MiB/s" }, { at: "6s", value: "4MiB/s" }],
      },
    },
  });
  const achieved = async () => {
    const [{ resources }] = (await server.list()).scenarios;
    return Number(resources.allocation.achieved) / 2 ** 20;
  };
  server.clock.advance(5000);
  ok(Math.abs(await achieved() - 16) < 0.2, `${await achieved()}`);
  server.clock.advance(6500);
  ok(Math.abs(await achieved() - 4) < 0.2, `${await achieved()}`);
});

Deno.test("The log has a line for the start and the end of a scenario", async () => {
  await using server = await stressed();
  await server.start({ ...BLOCKS, duration: "5s" });
  server.clock.advance(5000);
  await server.list();
  match(
    server.log[0],
    /^info: resource_stress: Stress began: stress-1 \(eventLoop; started by the control API; 5 s left\)$/,
  );
  equal(
    server.log[1],
    "info: resource_stress: Stress stress-1 ended: its duration is over",
  );
});

Deno.test("A scenario reports the lateness of responses before and during it", async () => {
  await using server = await stressed({
    routes: [{ path: "/orders", serviceTime: "5ms" }],
  });
  for (let i = 0; i < 25; i++) await server.request("/orders");
  await server.start(BLOCKS);
  for (let i = 0; i < 25; i++) await server.request("/orders");
  const [{ lateness }] = (await server.list()).scenarios;
  // In virtual time nothing is late: all lie in the first bucket.
  ok(Number(lateness.beforeP99Ms) <= 0.01);
  ok(Number(lateness.duringP99Ms) <= 0.01);
  await server.ask("DELETE", "");
  match(
    server.log[1],
    /lateness p99 was 0\.01 ms before and 0\.01 ms during it/,
  );
});

Deno.test("CPU stress that takes the event loop's core adds a warning to its figures and the log", async () => {
  const { hardwareConcurrency: cores } = navigator;
  await using server = await stressed({
    plugins: { resource_stress: { spareCore: false } },
  });
  const spared = await server.start({ cpu: { load: 0.01, workers: cores } });
  equal(spared.warnings.length, 1);
  match(
    spared.warnings[0],
    /^CPU stress takes the event loop's core: \d+ threads? on \d+ cores/,
  );
  equal(server.log[1], `warn: resource_stress: ${spared.warnings[0]}`);
});

Deno.test("CPU stress leaves one core to the event loop by default", async () => {
  const { hardwareConcurrency: cores } = navigator;
  await using server = await stressed();
  equal((await server.list()).caps.threads, cores - 1);
  const refused = await server.start({ cpu: { load: 0.01, workers: cores } });
  deepEqual(
    (refused as unknown as { issues: { path: string; suggestion: string }[] })
      .issues.map(({ path, suggestion }) => [path, suggestion]),
    [[
      "/cpu/workers",
      "Set spareCore of plugin resource_stress to false, to take the event loop's core too",
    ]],
  );
});

Deno.test("A lease expires even if only requests give the event loop a turn", async () => {
  await using server = await stressed({ routes: [{ path: "/orders" }] });
  const { id } = await server.start({
    eventLoop: { block: "10ms", perRequest: true },
    lease: "1s",
  });
  server.clock.advance(1000);
  await server.request("/orders");
  equal((await server.ask("GET", `/${id}`))[1].state, "ended");
});
