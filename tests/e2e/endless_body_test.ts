import { deepEqual, equal, match, ok } from "node:assert/strict";
import { connect } from "node:net";
import { createPerfmock } from "../../mod.ts";
import { ENGINES } from "../support/each_engine.ts";
import { until } from "../support/wait.ts";

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

const encoder = new TextEncoder();

/** Number of bytes of a body that no buffer of the system holds. */
const BLIND = 8 * 1024 * 1024;

/** Heads of a request with a body that is too large, and the frame of each piece of the body. */
const FRAMINGS: Readonly<Record<string, readonly [string, string, string]>> = {
  chunked: ["Transfer-Encoding: chunked", "10000\r\n", "\r\n"],
  sized: [`Content-Length: ${BLIND}`, "", ""],
};

/** Sends a whole body before it reads anything, as many clients do. Returns the answer until its head is complete. */
async function uploadBlindly(
  port: number,
  call: string,
  [header, before, after]: readonly [string, string, string],
): Promise<string> {
  using connection = await Deno.connect({ hostname: "127.0.0.1", port });
  const send = async (bytes: Uint8Array) => {
    for (let at = 0; at < bytes.length;) {
      at += await connection.write(bytes.subarray(at));
    }
  };
  await send(
    encoder.encode(`${call} HTTP/1.1\r\nHost: localhost\r\n${header}\r\n\r\n`),
  );
  const piece = encoder.encode(`${before}${"a".repeat(0x10000)}${after}`);
  for (let sent = 0; sent < BLIND; sent += 0x10000) await send(piece);
  if (before !== "") await send(encoder.encode("0\r\n\r\n"));
  const buffer = new Uint8Array(65_536);
  let answered = "";
  while (!answered.includes("\r\n\r\n")) {
    const count = await connection.read(buffer);
    if (count === null) break;
    answered += new TextDecoder().decode(buffer.subarray(0, count));
  }
  return answered;
}

for (const engine of ENGINES) {
  for (const [name, framing] of Object.entries(FRAMINGS)) {
    Deno.test(`${engine}: a client that reads only once it has sent its whole ${name} body receives the 413`, async () => {
      await using server = await createPerfmock({
        server: { engine },
        routes: [{ path: "/" }],
      });
      const head = await uploadBlindly(
        Number(server.url.port),
        "POST /_perfmock/sessions",
        framing,
      );
      equal(head.slice(0, 12), "HTTP/1.1 413");
    });
  }
}

Deno.test("deno: an upload that goes on after its refusal is discarded, and others are answered meanwhile", async () => {
  await using server = await createPerfmock({
    server: { engine: "deno" },
    routes: [{ path: "/" }],
  });
  const socket = connect(Number(server.url.port), "127.0.0.1");
  const piece = Buffer.alloc(0x10000, "a");
  let sent = 0;
  let refused = false;
  const send = () => {
    while (!socket.destroyed && socket.write(piece)) sent += piece.length;
    sent += piece.length;
  };
  socket.on("drain", send);
  socket.on("error", () => {});
  socket.on("data", () => refused = true);
  socket.write(
    "PATCH /_perfmock/config HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100000000000\r\n\r\n",
  );
  send();
  await until(() => refused);
  const before = sent;
  let answers = 0;
  await until(async () => {
    const response = await fetch(server.url);
    await response.body?.cancel();
    answers++;
    return sent > before + 64 * 1024 * 1024;
  });
  ok(answers > 1, `${answers} answers`);
  socket.destroy();
});
