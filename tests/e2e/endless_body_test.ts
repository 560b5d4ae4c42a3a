import { deepEqual, match } from "node:assert/strict";
import { connect } from "node:net";
import { createPerfmock } from "../../mod.ts";
import { ENGINES } from "../support/each_engine.ts";

const CALLS = [
  "PATCH /_perfmock/config",
  "POST /_perfmock/sessions",
  "POST /_perfmock/load_engine/runs",
  "POST /_perfmock/load_engine/simulate",
] as const;

/** Sends a body without end until the answer comes. Returns the head of the answer. */
function upload(port: number, call: string): Promise<string> {
  const { promise, resolve } = Promise.withResolvers<string>();
  const socket = connect(port, "127.0.0.1");
  const piece = Buffer.from(`10000\r\n${"a".repeat(0x10000)}\r\n`);
  let answered = "";
  const send = () => {
    if (answered === "" && !socket.destroyed && socket.write(piece)) {
      setImmediate(send);
    }
  };
  socket.on("drain", send);
  socket.on("error", () => {});
  socket.on("data", (data) => {
    answered += data.toString("latin1");
    if (answered.includes("\r\n\r\n")) socket.destroy();
  });
  socket.on("close", () => resolve(answered.split("\r\n\r\n")[0]));
  socket.write(
    `${call} HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n`,
  );
  send();
  return promise;
}

for (const engine of ENGINES) {
  Deno.test(`${engine}: a call of the control API whose body has no end is answered with 413 while it arrives`, async () => {
    await using server = await createPerfmock({
      server: { engine },
      routes: [{ path: "/" }],
    });
    for (const call of CALLS) {
      const head = await upload(Number(server.url.port), call);
      match(head, /^HTTP\/1\.1 413 /, call);
      match(head, /\r\nconnection: close/i, call);
    }
  });

  Deno.test(`${engine}: a body whose length is announced as too large is refused before it arrives`, async () => {
    await using server = await createPerfmock({
      server: { engine },
      routes: [{ path: "/" }],
    });
    for (const call of CALLS) {
      const { promise, resolve } = Promise.withResolvers<string>();
      const socket = connect(Number(server.url.port), "127.0.0.1");
      socket.on("data", (data) => {
        resolve(data.toString("latin1").slice(0, 12));
        socket.destroy();
      });
      socket.write(
        `${call} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1048577\r\n\r\n`,
      );
      deepEqual([call, await promise], [call, "HTTP/1.1 413"]);
    }
  });
}
