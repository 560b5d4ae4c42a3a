import { deepEqual, equal, ok, rejects } from "node:assert/strict";
import {
  addressOf,
  formatAddress,
  listenOn,
  SocketError,
} from "../../../core/net/sockets.ts";
import { withLoop } from "./_loop.ts";

const OPTIONS = { host: "127.0.0.1", port: 0, backlog: 16, reusePort: false };

Deno.test("addressOf() and formatAddress() agree on addresses", () => {
  for (
    const [host, written] of [
      ["127.0.0.1", "127.0.0.1"],
      ["255.254.0.9", "255.254.0.9"],
      ["::", "::"],
      ["::1", "::1"],
      ["1::", "1::"],
      ["2001:DB8:0:0:0:0:2:1", "2001:db8::2:1"],
      ["2001:db8:1:2:3:4:5:6", "2001:db8:1:2:3:4:5:6"],
      ["::ffff:192.0.2.128", "192.0.2.128"],
      ["::192.0.2.128", "::c000:280"],
      ["fe80::1:0:0:1", "fe80::1:0:0:1"],
    ]
  ) equal(formatAddress(addressOf(host, 80)), written, host);
});

Deno.test("addressOf() writes the port and the family as the kernel reads them", () => {
  deepEqual(
    [...addressOf("127.0.0.1", 0x1f90).subarray(0, 8)],
    [2, 0, 0x1f, 0x90, 127, 0, 0, 1],
  );
  const six = addressOf("::1", 0x1f90);
  equal(six.length, 28);
  deepEqual([...six.subarray(0, 4), six[23]], [10, 0, 0x1f, 0x90, 1]);
});

Deno.test("listenOn() tells a port in use, an address of another machine, and a name without address", async () => {
  await withLoop(async (loop) => {
    const { fd, port } = await listenOn(loop, OPTIONS);
    const cases = [
      [{ port }, "EADDRINUSE"],
      [{ host: "192.0.2.1" }, "EADDRNOTAVAIL"],
      [{ host: "2001:db8::1" }, "EADDRNOTAVAIL"],
      [{ host: "nowhere.invalid" }, "ENOTFOUND"],
    ] as const;
    for (const [options, code] of cases) {
      await rejects(
        listenOn(loop, { ...OPTIONS, ...options }),
        (error) => {
          ok(error instanceof SocketError);
          ok(error.message.length > 0);
          equal(error.code, code);
          return true;
        },
      );
    }
    loop.calls.close(fd);
  });
});

Deno.test("listenOn() takes no address with a zone", async () => {
  await withLoop(async (loop) => {
    await rejects(listenOn(loop, { ...OPTIONS, host: "fe80::1%lo" }), /zone/);
  });
});

Deno.test("listenOn() names errors that it has no words for by their number", async () => {
  await withLoop(async (loop) => {
    const refusing = Object.create(loop, {
      calls: {
        value: { ...loop.calls, socket: () => -1 },
      },
      errno: { value: () => 92 },
    });
    await rejects(listenOn(refusing, OPTIONS), { code: "E92" });
  });
});

Deno.test("listenOn() shares a port where all ask for it", async () => {
  await withLoop(async (loop) => {
    const shared = { ...OPTIONS, reusePort: true };
    const first = await listenOn(loop, shared);
    const second = await listenOn(loop, { ...shared, port: first.port });
    equal(second.port, first.port);
    await rejects(
      listenOn(loop, { ...OPTIONS, port: first.port }),
      { code: "EADDRINUSE" },
    );
    for (const { fd } of [first, second]) loop.calls.close(fd);
  });
});

Deno.test("listenOn() takes a port again at once whose connections were closed by the server", async () => {
  await withLoop(async (loop) => {
    const { fd, port } = await listenOn(loop, OPTIONS);
    const client = await Deno.connect({ hostname: "127.0.0.1", port });
    const size = new Uint8Array(new Int32Array([28]).buffer);
    let accepted = -1;
    while (accepted < 0) {
      accepted = loop.calls.accept4(fd, new Uint8Array(28), size, 0);
    }
    // The side that closes first keeps the port for a minute.
    loop.calls.close(accepted);
    equal(await client.read(new Uint8Array(1)), null);
    client.close();
    loop.calls.close(fd);
    const again = await listenOn(loop, { ...OPTIONS, port });
    equal(again.port, port);
    loop.calls.close(again.fd);
  });
});
