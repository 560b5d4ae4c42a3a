// Runs alone, without the profiler: counts descriptors.
import { equal, ok } from "node:assert/strict";
import type { Loop } from "../../../core/net/loop.ts";
import { addressOf, resetOnClose } from "../../../core/net/sockets.ts";
import { until } from "../../support/wait.ts";
import { echoPath, serve, type Serving } from "./_http_server.ts";
import { RawClient, request } from "./_raw_client.ts";

const TOTAL = 100_000;

/** Number of connections that are open at once. */
const AT_ONCE = 400;

const encoder = new TextEncoder();

/** Clients' manners: bytes that are sent, and whether the connection is reset in the end. */
const MANNERS = [
  { text: "", reset: true },
  { text: "", reset: false },
  { text: request("/now"), reset: true },
  { text: request("/now"), reset: false },
  { text: request("/waits"), reset: true },
  { text: request("/waits"), reset: false },
  { text: request("/now", { headers: ["connection: close"] }), reset: true },
  { text: "GET / HTTP/1.1\r\nho", reset: true },
  { text: "bad\r\n\r\n", reset: true },
  {
    text: request("/", { method: "PUT", headers: ["content-length: 9"] }),
    reset: true,
  },
].map(({ text, reset }) => ({ bytes: encoder.encode(text), reset }));

function descriptors(): number {
  return [...Deno.readDirSync("/proc/self/fd")].length;
}

/** Opens connections through the C library, which is faster than Deno. */
function open(loop: Loop, port: number, round: number): number[] {
  const { calls } = loop;
  // Another address each time: one has ports for 28 000 connections a minute.
  const address = addressOf(`127.0.0.${1 + round % 50}`, port);
  return Array.from({ length: AT_ONCE }, (_, n) => {
    const fd = calls.socket(2, 1 | 0o2000000, 0);
    ok(fd >= 0);
    equal(calls.connect(fd, address, address.length), 0, `${loop.errno()}`);
    const { bytes } = MANNERS[n % MANNERS.length];
    if (bytes.length > 0) calls.send(fd, bytes, bytes.length, 0x4000);
    return fd;
  });
}

function close(loop: Loop, fds: readonly number[]): void {
  fds.forEach((fd, n) => {
    if (MANNERS[n % MANNERS.length].reset) resetOnClose(loop, fd);
    loop.calls.close(fd);
  });
}

async function serveAll(): Promise<
  Serving & { left: () => number; taken: () => number }
> {
  let left = 0;
  let taken = 0;
  const serving = await serve((incoming) => {
    taken++;
    if (incoming.method === "GET" && incoming.url.endsWith("/now")) {
      return echoPath(incoming);
    }
    incoming.onLeave({ left: () => void left++ });
  }, { host: "0.0.0.0", connections: 10_000 });
  return { ...serving, left: () => left, taken: () => taken };
}

Deno.test("100 000 connections of all manners leave no descriptor, no connection and no waiting request", async () => {
  await using serving = await serveAll();
  const { loop } = serving.server;
  const before = descriptors();
  for (let round = 0; round < TOTAL / AT_ONCE; round++) {
    const fds = open(loop, serving.port, round);
    // Every other time, the server finds them closed already.
    if (round % 2 === 0) {
      await until(() => serving.server.size > AT_ONCE / 2);
    }
    close(loop, fds);
    // Connections are accepted in their order: after the last one, none waits.
    using last = await RawClient.connect(serving.port);
    await last.send(request("/now"));
    equal((await last.response()).status, 200);
    last.close();
    await until(() => serving.server.size === 0);
  }
  equal(descriptors(), before);
  ok(serving.taken() > TOTAL / 10);
  ok(serving.left() > TOTAL / 20);
  equal(serving.failures.length, 0);
});
