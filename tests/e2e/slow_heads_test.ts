// Runs on a calm machine, without the profiler: measures long times.
import { equal, match } from "node:assert/strict";
import { connect, type Socket } from "node:net";
import { createPerfmock } from "../../mod.ts";
import { ENGINES } from "../support/each_engine.ts";
import { http2Get } from "../support/tls.ts";
import { until } from "../support/wait.ts";

/** Opens a connection; `text` is what was received so far. */
function open(port: number): { socket: Socket; text: () => string } {
  const socket = connect(port, "127.0.0.1");
  let text = "";
  socket.on("data", (data) => text += data.toString("latin1"));
  socket.on("error", () => {});
  return { socket, text: () => text };
}

const REQUEST = "GET /r HTTP/1.1\r\nHost: a\r\n\r\n";

/** Engines that keep `server.limits.headTimeout`. */
const KEEPING = ENGINES.filter((engine) => engine !== "deno");

for (const engine of KEEPING) {
  Deno.test(`${engine}: a head that does not come in time is answered with 408, however slowly it goes on, and others stay`, async () => {
    await using server = await createPerfmock({
      server: { engine, limits: { headTimeout: "600ms" } },
      routes: [{ path: "/r" }],
    });
    const port = Number(server.url.port);
    const fresh = open(port);
    const used = open(port);
    used.socket.write(REQUEST);
    await until(() => used.text().includes("HTTP/1.1 200"));
    const half = open(port);
    half.socket.write("GET /r HTTP/1.1\r\nHo");
    const slow = open(port);
    slow.socket.write(`${REQUEST}GET /r HTTP/1.1\r\nX: `);
    const trickle = setInterval(() => slow.socket.write("a"), 20);
    for (const { socket } of [half, slow]) await until(() => socket.destroyed);
    clearInterval(trickle);
    match(half.text(), /^HTTP\/1\.1 408 /);
    match(slow.text(), /^HTTP\/1\.1 200 /);
    for (const { socket, text } of [fresh, used]) {
      const before = text().length;
      socket.write(REQUEST);
      await until(() => text().slice(before).includes("HTTP/1.1 200"));
      equal(socket.destroyed, false);
      socket.destroy();
    }
  });
}

Deno.test("node: a TLS handshake that does not come in time is ended, and a connection over TLS stays", async () => {
  await using server = await createPerfmock({
    server: {
      engine: "node",
      tls: "self-signed",
      limits: { headTimeout: "600ms" },
    },
    routes: [{ path: "/r" }],
  });
  const ask = async () => (await http2Get(new URL("/r", server.url))).status;
  equal(await ask(), 200);
  const { socket } = open(Number(server.url.port));
  await until(() => socket.destroyed);
  equal(await ask(), 200);
});
