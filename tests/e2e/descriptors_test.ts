// Runs alone, without the profiler: opens thousands of connections.
import { equal, match, ok } from "node:assert/strict";
import { ENGINES } from "../support/each_engine.ts";
import { serving } from "../support/cli.ts";
import { folderWith } from "../support/plugins.ts";
import { until } from "../support/wait.ts";

/** Number of descriptors that the server may open. */
const DESCRIPTORS = 300;

/** Number of idle connections that are tried at once, in each of two rounds. */
const CONNECTIONS = 1500;

/** Opens connections at once and sends nothing. Those that are refused or wait too long are left out. */
async function flood(port: number): Promise<readonly Deno.Conn[]> {
  const opened = await Promise.allSettled(
    Array.from({ length: CONNECTIONS }, async () => {
      const connection = await Deno.connect({
        hostname: "127.0.0.1",
        port,
        signal: AbortSignal.timeout(3000),
      } as Deno.ConnectOptions);
      return connection;
    }),
  );
  return opened.flatMap((each) =>
    each.status === "fulfilled" ? [each.value] : []
  );
}

/**
 * Opens connections at once, as soon as the server accepts at least 100 of them: it may refuse all of them while it closes the last of
 * an earlier flood.
 */
async function flooded(port: number): Promise<readonly Deno.Conn[]> {
  let connections: readonly Deno.Conn[] = [];
  await until(async () => {
    for (const connection of connections) connection.close();
    connections = await flood(port);
    return connections.length >= 100;
  });
  return connections;
}

/** Text of an answer, as soon as there is one: the server may refuse connections while it closes the last of a flood. */
async function answerOf(url: URL): Promise<string> {
  let text: string | undefined;
  await until(async () => {
    try {
      const response = await fetch(url, { signal: AbortSignal.timeout(2000) });
      text = await response.text();
      return response.status === 200;
    } catch {
      return false;
    }
  });
  return text ?? "";
}

for (const engine of ENGINES) {
  Deno.test(`${engine}: more idle connections than descriptors neither end the server nor keep it from answering afterwards`, async () => {
    await using folder = await folderWith({
      "mock.json": JSON.stringify({
        server: { engine, port: 0 },
        routes: [{ path: "/fast" }],
      }),
    });
    await using server = await serving(
      ["--config", `${folder.path}/mock.json`],
      { descriptors: DESCRIPTORS },
    );
    for (let round = 0; round < 2; round++) {
      const connections = await flooded(Number(server.url.port));
      for (const connection of connections) connection.close();
      await answerOf(new URL("/fast", server.url));
    }
    const metrics = await answerOf(new URL("/metrics", server.url));
    const held = metrics.matchAll(
      /^perfmock_connections_held_back_total\{.*\} (\d+)$/gm,
    );
    const counts = Array.from(held, ([, count]) => Number(count));
    ok(counts.some((count) => count > 0), metrics);
    const health = await answerOf(new URL("/_perfmock/health", server.url));
    match(health, /have to wait or are refused/);
    match(server.err, /have to wait or are refused/);
    server.signal("SIGTERM");
    equal((await server.ended).status, 0);
  });
}
