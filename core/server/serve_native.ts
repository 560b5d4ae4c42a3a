/**
 * The native engine: HTTP/1.1 on the loop over the kernel's sockets, on Linux. Loaded only if it is used.
 *
 * @module
 */
import { HttpServer } from "../http1/server.ts";
import { raiseDescriptorLimit } from "../net/descriptors.ts";
import { Loop } from "../net/loop.ts";
import { LoopWaker } from "../net/loop_waker.ts";
import {
  connectionLimit,
  descriptorWarning,
  type Engine,
  type EngineOptions,
  lacksDescriptors,
} from "./engine.ts";
import { inUrl } from "./listen_errors.ts";

/**
 * Starts to listen.
 *
 * @throws SocketError with the system's error, or an Error whose message says why the engine cannot run here
 */
export async function listenWithNative(
  { failed, heldBack, host, limits, log, port, receive, reusePort }:
    EngineOptions,
): Promise<Engine> {
  requirePermission(host, port);
  const loop = await Loop.acquire();
  const descriptors = raiseDescriptorLimit(loop);
  let server: HttpServer;
  try {
    server = await HttpServer.start(loop, {
      host,
      port,
      backlog: limits.backlog,
      reusePort,
      limits: {
        head: {
          line: limits.requestLine,
          bytes: limits.head,
          count: limits.headers,
        },
        body: limits.body,
        connections: connectionLimit(descriptors, limits.connections),
        headTimeout: limits.headTimeout || Infinity,
        idleTimeout: limits.idleTimeout || Infinity,
      },
      receive,
      failed,
      full: () => heldBack("connections"),
      starved: () => heldBack("descriptors"),
    });
  } catch (error) {
    await loop.release();
    throw error;
  }
  if (lacksDescriptors(descriptors, limits.connections)) {
    log("warn", descriptorWarning(descriptors, limits.connections));
  }
  const ended = server.ended.then(() => loop.release());
  return {
    name: "native",
    port: server.port,
    async drive(clock) {
      // The clock outlives the engine, and needs the loop to its end.
      const own = await Loop.acquire();
      try {
        clock.wakeBy((ring) => new LoopWaker(own, ring));
      } catch (error) {
        await own.release();
        throw error;
      }
    },
    async shutdown() {
      server.shutdown();
      await ended;
    },
    async cut() {
      server.cut();
      await ended;
    },
  };
}

/** The kernel does not know on which addresses Deno permits to listen. Never prompts: Deno's server does, which then takes over. */
function requirePermission(host: string, port: number): void {
  // Zones of addresses are refused elsewhere, with the reason.
  if (host.includes("%")) return;
  const address = `${inUrl(host)}:${port}`;
  const { state } = Deno.permissions.querySync({ name: "net", host: address });
  if (state === "granted") return;
  throw new Error(`it needs the permission --allow-net for ${address}`);
}
