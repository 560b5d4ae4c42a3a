import { deepEqual, equal, match } from "node:assert/strict";
import type { EngineName } from "../../mod.ts";
import { createPerfmock, type Perfmock } from "../../core/app.ts";
import type { Plugin } from "../../core/plugin.ts";
import { ENGINES } from "../support/each_engine.ts";
import { until } from "../support/wait.ts";

const encoder = new TextEncoder();

/** Plugin whose endpoint and hooks wait for what a client sends, or for ever. */
const WAITING: Plugin = {
  name: "waiting",
  version: "1.0.0",
  setup: () => ({
    route: ({ id }) => {
      if (id === "never") return { respond: () => new Promise(() => {}) };
      if (id === "breaks") {
        return { respond: () => new Response(breaking()) };
      }
      return undefined;
    },
    endpoints: [{
      method: "POST",
      path: "/endpoint",
      summary: "Length of the body",
      handle: async ({ request }) => ({
        length: (await request.text()).length,
      }),
    }],
  }),
};

/** A body that breaks after its first piece. */
function breaking(): ReadableStream {
  let pieces = 0;
  return new ReadableStream({
    async pull(controller) {
      // Not in the turn of the headers.
      await new Promise((resolve) => setTimeout(resolve, 5));
      if (pieces++ === 0) controller.enqueue(encoder.encode("part"));
      else controller.error(new Error("broken on purpose"));
    },
  });
}

async function start(engine: EngineName, log: string[]): Promise<Perfmock> {
  return await createPerfmock({
    server: { engine, port: 0 },
    routes: [
      { id: "never", path: "/never", method: ["GET", "POST"] },
      { id: "breaks", path: "/breaks" },
      { id: "plain", path: "/plain" },
    ],
  }, {
    plugins: [WAITING],
    log: (level, line) => log.push(`${level} ${line}`),
  });
}

async function connect({ url }: Perfmock, text: string): Promise<Deno.TcpConn> {
  const connection = await Deno.connect({
    hostname: "127.0.0.1",
    port: Number(url.port),
  });
  await connection.write(encoder.encode(text));
  return connection;
}

/** Reads until the connection ends. */
async function answerOf(connection: Deno.TcpConn): Promise<string> {
  const decoder = new TextDecoder();
  const buffer = new Uint8Array(4096);
  let text = "";
  try {
    for (;;) {
      const count = await connection.read(buffer);
      if (count === null) return text;
      text += decoder.decode(buffer.subarray(0, count));
    }
  } catch {
    // A server may reset the connection of such a client.
    return text;
  }
}

/** Number of connections to a port that the client has closed and the server has not. */
async function halfClosed(port: number): Promise<number> {
  const CLOSE_WAIT = "08";
  const lines = (await Deno.readTextFile("/proc/net/tcp")).split("\n");
  const local = `:${port.toString(16).toUpperCase().padStart(4, "0")}`;
  return lines.map((line) => line.trim().split(/\s+/))
    .filter(([, address, , state]) =>
      address?.endsWith(local) && state === CLOSE_WAIT
    ).length;
}

for (const engine of ENGINES) {
  Deno.test({
    name:
      `${engine}: a connection ends when its client leaves a respond hook that never settles`,
    ignore: Deno.build.os !== "linux",
    fn: async () => {
      await using server = await start(engine, []);
      const port = Number(server.url.port);
      // Some engines begin with requests before those ahead of them are answered.
      for (const [method, times] of [["GET", 1], ["POST", 1], ["GET", 3]]) {
        const head =
          `${method} /never HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n`;
        const connection = await connect(server, head.repeat(Number(times)));
        await until(() => server.stats().inFlight > 0);
        connection.close();
        await until(() => server.stats().inFlight === 0);
        await until(async () => await halfClosed(port) === 0);
      }
    },
  });

  Deno.test(`${engine}: a body that a client does not send as announced is no error of the plugin that reads it`, async () => {
    const log: string[] = [];
    await using server = await start(engine, log);
    for (
      const target of [
        "POST /endpoint",
        "PATCH /_perfmock/config",
      ]
    ) {
      const head = `${target} HTTP/1.1\r\nHost: localhost\r\n`;
      const chunked = `${head}Transfer-Encoding: chunked\r\n\r\n`;
      using malformed = await connect(server, `${chunked}2\r\nab\r\n`);
      await malformed.write(encoder.encode("no size\r\n"));
      match(await answerOf(malformed), /^(HTTP\/1\.1 400 |$)/, target);
      for (
        const cut of [`${chunked}9\r\nab`, `${head}Content-Length: 9\r\n\r\nab`]
      ) {
        const connection = await connect(server, cut);
        // The server reads the beginning first.
        await (await fetch(new URL("/plain", server.url))).body?.cancel();
        connection.close();
      }
    }
    await until(() => server.stats().inFlight === 0);
    deepEqual(log, []);
    deepEqual(server.health().reasons, []);
  });

  Deno.test(`${engine}: a body that breaks, made by a respond hook, is logged as the hook's failure`, async () => {
    const log: string[] = [];
    await using server = await start(engine, log);
    using connection = await connect(
      server,
      "GET /breaks HTTP/1.1\r\nHost: localhost\r\n\r\n",
    );
    match(await answerOf(connection), /^HTTP\/1\.1 200 [^]*part/);
    equal(log.length, 1);
    match(
      log[0],
      /^error Hook "respond" of plugin "waiting" failed on route "breaks": Error: broken on purpose/,
    );
  });
}
