import { deepEqual, equal, ok, rejects } from "node:assert/strict";
import { createSocket, type Socket } from "node:dgram";
import { once } from "node:events";
import { openUdp } from "../../../plugins/exporters/statsd_udp.ts";

const never = new AbortController().signal;

/** True if this machine supports IPv6. */
const hasV6 = ((): boolean => {
  try {
    Deno.listen({ hostname: "::1", port: 0 }).close();
    return true;
  } catch {
    return false;
  }
})();

/** A socket that listens, and its port. */
async function listen(type: "udp4" | "udp6", address: string) {
  const socket = createSocket(type);
  socket.bind(0, address);
  await once(socket, "listening");
  return { socket, port: socket.address().port };
}

function close(socket: Socket): Promise<void> {
  return new Promise((resolve) => socket.close(resolve));
}

Deno.test("openUdp() sends datagrams to a receiver, by address and by name", async () => {
  for (
    const [type, bound, host] of [
      ["udp4", "127.0.0.1", "127.0.0.1"],
      ["udp4", "0.0.0.0", "127.0.0.1"],
      ["udp4", "127.0.0.1", "localhost"],
      ...(hasV6 ? [["udp6", "::1", "::1"] as const] : []),
    ] as const
  ) {
    const { socket, port } = await listen(type, bound);
    const channel = await openUdp({ host, port }, never);
    const received = once(socket, "message");
    await channel.send(new TextEncoder().encode("a:1|c"));
    equal(String((await received)[0]), "a:1|c");
    channel.close();
    await close(socket);
  }
});

Deno.test(
  "openUdp() knows if a process listens on the loopback interface",
  {
    ignore: Deno.build.os !== "linux",
  },
  async () => {
    const { socket, port } = await listen("udp4", "127.0.0.1");
    const channel = await openUdp({ host: "127.0.0.1", port }, never);
    deepEqual(await channel.receiver(), {
      isListening: true,
      overflowed: 0,
      waiting: 0,
    });
    await close(socket);
    equal((await channel.receiver())?.isListening, false);
    channel.close();
  },
);

Deno.test(
  "openUdp() finds receivers that listen on all addresses, also of IPv6",
  {
    ignore: Deno.build.os !== "linux" || !hasV6,
  },
  async () => {
    const { socket, port } = await listen("udp6", "::");
    for (const host of ["127.0.0.1", "::1"]) {
      const channel = await openUdp({ host, port }, never);
      equal((await channel.receiver())?.isListening, true);
      channel.close();
    }
    await close(socket);
  },
);

Deno.test(
  "openUdp() counts datagrams dropped by a receiver that does not read",
  {
    ignore: Deno.build.os !== "linux",
  },
  async () => {
    // A process that binds its socket and then reads nothing.
    const child = new Deno.Command(Deno.execPath(), {
      args: [
        "eval",
        `const s = (await import("node:dgram")).createSocket("udp4");
      s.bind(0, "127.0.0.1", () => {
        console.log(s.address().port);
        Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
      });`,
      ],
      stdout: "piped",
    }).spawn();
    const reader = child.stdout.getReader();
    const { value } = await reader.read();
    const port = Number(new TextDecoder().decode(value));
    const channel = await openUdp({ host: "127.0.0.1", port }, never);
    for (let n = 0; n < 1000; n++) await channel.send(new Uint8Array(1400));
    const receiver = await channel.receiver();
    ok((receiver?.overflowed ?? 0) > 0);
    ok((receiver?.waiting ?? 0) > 100_000);
    channel.close();
    child.kill("SIGKILL");
    await reader.cancel();
    await child.status;
  },
);

Deno.test("openUdp() rejects if a name does not resolve", async () => {
  await rejects(
    openUdp({ host: "no-such-host.invalid", port: 8125 }, never),
    /ENOTFOUND|EAI_AGAIN/,
  );
});

Deno.test("openUdp() stops waiting for a name when its signal is aborted", async () => {
  const controller = new AbortController();
  controller.abort(new Error("Too late"));
  await rejects(
    openUdp({ host: "localhost", port: 8125 }, controller.signal),
    /Too late/,
  );
});

Deno.test("openUdp() does not know the state of receivers on other machines", async () => {
  const channel = await openUdp({ host: "192.0.2.1", port: 8125 }, never);
  equal(await channel.receiver(), undefined);
  channel.close();
});
