// Runs alone, without the profiler: counts descriptors.
import { deepEqual, ok } from "node:assert/strict";
import { type AddressInfo, createServer, type Socket } from "node:net";
import { CARRIERS, onCarrier } from "./_carriers.ts";
import { at, exchange, HandClock, plan } from "./_orders.ts";

for (const carrier of CARRIERS) {
  Deno.test(`TcpEnvironment leaves no descriptor after thousands of connections, however they end (${carrier})`, () =>
    onCarrier(carrier, async (connectTo) => {
      const ok200 = "HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n";
      const endings: ((socket: Socket) => void)[] = [
        (socket) => socket.end(ok200),
        (socket) => socket.write(ok200),
        (socket) => socket.resetAndDestroy(),
        (socket) => socket.end("garbage\r\n\r\n"),
        (socket) => socket.end("HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nx"),
      ];
      let turn = 0;
      const server = createServer((socket) => {
        socket.on("error", () => {});
        socket.on("data", () => endings[turn++ % endings.length](socket));
      });
      await new Promise<void>((listens) =>
        server.listen(0, "127.0.0.1", listens)
      );
      const descriptors = () => [...Deno.readDirSync("/proc/self/fd")].length;
      const { port } = server.address() as AddressInfo;
      const before = descriptors();
      const seen = new Map<string, number>();
      {
        using environment = connectTo(at(port), new HandClock());
        for (let round = 0; round < 50; round++) {
          const orders = await Promise.all(
            Array.from(
              { length: 40 },
              () => exchange(environment, plan({ keepAlive: false })),
            ),
          );
          for (const { error } of orders) {
            seen.set(error, (seen.get(error) ?? 0) + 1);
          }
        }
      }
      await new Promise((closed) => server.close(closed));
      ok(descriptors() <= before);
      deepEqual(Object.fromEntries(seen), {
        "": 800,
        reset: 400,
        protocol: 400,
        closed: 400,
      });
    }));
}
