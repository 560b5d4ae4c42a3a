import { equal, ok } from "node:assert/strict";
import { connect } from "node:net";
import { createPerfmock } from "../../mod.ts";
import { ENGINES } from "../support/each_engine.ts";

/** Requests with a body that nobody reads, each of which is followed by another on the same connection. */
const UNREAD = ["POST /r", "PUT /missing", "DELETE /_perfmock/sessions/none"];

/** Sizes of bodies, in bytes: more than the buffers of streams hold, and than those of sockets. */
const SIZES = [512 * 1024, 8 * 1024 * 1024];

/** Sends two requests at once on one connection. Returns the statuses of the answers until the server closes it. */
function statuses(
  port: number,
  request: string,
  size: number,
): Promise<string[]> {
  const { promise, resolve } = Promise.withResolvers<string[]>();
  const socket = connect(port, "127.0.0.1");
  let answered = "";
  // A server may close the connection instead of reading the body, which resets it.
  socket.on("error", () => {});
  socket.on("data", (data) => answered += data.toString("latin1"));
  socket.on(
    "close",
    () =>
      resolve(
        Array.from(answered.matchAll(/HTTP\/1\.1 (\d+) /g), ([, code]) => code),
      ),
  );
  socket.write(
    `${request} HTTP/1.1\r\nHost: localhost\r\nContent-Length: ${size}\r\n\r\n`,
  );
  socket.write("x".repeat(size));
  socket.write(
    "GET /r HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n",
  );
  return promise;
}

for (const engine of ENGINES) {
  Deno.test(`${engine}: a connection whose body nobody reads goes on after the answer, or is closed by Deno's server`, async () => {
    await using server = await createPerfmock({
      server: { engine, port: 0 },
      routes: [{ path: "/r", method: ["GET", "POST"] }],
    }, { log: () => {} });
    for (const request of UNREAD) {
      for (const size of SIZES) {
        const [first, ...rest] = await statuses(
          Number(server.url.port),
          request,
          size,
        );
        equal(first, request.startsWith("POST") ? "200" : "404");
        ok(
          rest.join() === "200" || engine === "deno" && rest.length === 0,
          `${request} with ${size} bytes: ${rest}`,
        );
      }
    }
  });
}
