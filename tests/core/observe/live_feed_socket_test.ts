// Runs alone, without the profiler: measures memory.
import { deepEqual, equal, ok } from "node:assert/strict";
import { LiveFeed } from "../../../core/observe/live_feed.ts";
import { PreciseClock } from "../../../core/lib/time/mod.ts";
import { createPerfmock } from "../../../mod.ts";
import { Events } from "./_live_feed.ts";
import { ENGINES } from "../../support/each_engine.ts";

/** A snapshot of 2 MiB, which soon fills the buffers of a connection. */
const LARGE = `{"padding":"${"x".repeat(2 * 1024 * 1024)}"}`;

/** Waits until a condition holds; the test runner ends a test that waits forever. */
async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise((resolve) => setTimeout(resolve, 20));
}

/** Requests live on its own connection, and reads nothing. */
async function connect(url: URL, path: string): Promise<Deno.TcpConn> {
  const connection = await Deno.connect({
    hostname: url.hostname,
    port: Number(url.port),
  });
  await connection.write(
    new TextEncoder().encode(`GET ${path} HTTP/1.1\r\nHost: localhost\r\n\r\n`),
  );
  return connection;
}

Deno.test("a reader that does not read costs no more than its connection's buffers, and learns what it missed once it reads", async () => {
  await using clock = new PreciseClock();
  await clock.start();
  let snapshots = 0;
  let read = 0;
  using live = new LiveFeed({
    clock,
    run: "run",
    snapshot: () => [LARGE.slice(0, -1), `,"n":${++snapshots}}`],
  });
  const server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen: () => {} },
    () => live.follow(100),
  );
  const url = new URL(`http://127.0.0.1:${server.addr.port}`);
  const connection = await connect(url, "/");
  try {
    // No snapshot is made for a reader without room: the number of snapshots stops growing once all buffers are full.
    // Polls are counted instead of time: ticks occur between them, however busy the machine is.
    let before = -1;
    let looks = 0;
    await until(() => {
      if (snapshots !== before) [before, looks] = [snapshots, 0];
      return ++looks > 75;
    });
    equal(live.readers, 1);
    ok(snapshots < 40, `${snapshots} snapshots were made without a reader`);
    const memory = Deno.memoryUsage().rss;
    await until(() => ++looks > 150);
    equal(snapshots, before);
    ok(Deno.memoryUsage().rss - memory < 32 * 1024 * 1024);

    // Now it reads all events in order, with the number of those dropped in between.
    const decoder = new TextDecoder();
    const buffer = new Uint8Array(1 << 20);
    let text = "";
    const found: { tick: number; dropped: number }[] = [];
    while (!found.some(({ dropped }) => dropped > 0)) {
      const size = await connection.read(buffer);
      ok(size !== null);
      read += size;
      text = text.slice(-100) + decoder.decode(buffer.subarray(0, size));
      for (
        const [, tick, dropped] of text.matchAll(
          /id: run-100-(\d+)\ndata: \{"dropped":(\d+),/g,
        )
      ) {
        if (found.at(-1)?.tick === Number(tick)) continue;
        found.push({ tick: Number(tick), dropped: Number(dropped) });
      }
    }
    ok(read > LARGE.length);
    const last = found[found.length - 1];
    ok(
      last.dropped >= 25,
      `150 looks, 20 ms apart, are 30 ticks: ${last.dropped}`,
    );
    let expected = found[0].tick;
    for (const { tick, dropped } of found) {
      equal(tick, expected + dropped);
      expected = tick + 1;
    }
  } finally {
    connection.close();
  }
  await until(() => live.readers === 0);
  live[Symbol.dispose]();
  await server.shutdown();
});

for (const engine of ENGINES) {
  Deno.test(`GET live streams from a server of the engine ${engine} until the server ends`, async () => {
    const server = await createPerfmock({
      server: { engine },
      routes: [{ id: "r", path: "/r", serviceTime: "1ms" }],
    });
    const live = new URL("/_perfmock/live?interval=100ms", server.url);
    const response = await fetch(live);
    equal(response.headers.get("content-type"), "text/event-stream");
    const events = new Events(response);
    equal((await events.next())?.data.dropped, 0);
    await (await fetch(new URL("/r", server.url))).text();
    const routes = (data: unknown) =>
      (data as { routes: { r: { answered: number } } }).routes;
    let answered = 0;
    while (answered < 1) {
      answered = routes((await events.next())?.data).r.answered;
    }
    equal(answered, 1);
    const end = (async () => {
      while (await events.next() !== undefined);
    })();
    await server[Symbol.asyncDispose]();
    await end;
  });
}

Deno.test("a reader that has left is removed, whether it closed or lost its connection", async () => {
  await using server = await createPerfmock({});
  // 64 readers take all places; a further one is accepted only if those that left were removed.
  const path = "/_perfmock/live?interval=100ms";
  const connections = await Promise.all(
    Array.from({ length: 64 }, () => connect(server.url, path)),
  );
  const buffer = new Uint8Array(4096);
  for (const connection of connections) ok(await connection.read(buffer));
  const refused = await fetch(new URL(path, server.url));
  deepEqual([refused.status, await refused.json().then(({ code }) => code)], [
    503,
    undefined,
  ]);
  for (const connection of connections) connection.close();
  let status = 503;
  while (status === 503) {
    const response = await fetch(new URL(path, server.url));
    status = response.status;
    await response.body?.cancel();
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  equal(status, 200);
});
