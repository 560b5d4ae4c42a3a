import { deepEqual, equal } from "node:assert/strict";
import {
  acceptanceOf,
  asksForWebSocket,
  handshakeError,
  offeredProtocols,
} from "../../../core/websocket/handshake.ts";

const GOOD: Readonly<Record<string, string>> = {
  upgrade: "websocket",
  connection: "keep-alive, Upgrade",
  "sec-websocket-version": "13",
  "sec-websocket-key": "dGhlIHNhbXBsZSBub25jZQ==",
};

const reader = (headers: Readonly<Record<string, string>>) => (name: string) =>
  headers[name] ?? null;

Deno.test("acceptanceOf() gives the example of the standard", () => {
  // RFC 6455, section 1.3.
  equal(
    acceptanceOf("dGhlIHNhbXBsZSBub25jZQ=="),
    "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=",
  );
});

Deno.test("handshakeError() finds what is wrong, and 426 for another version", () => {
  equal(handshakeError("GET", reader(GOOD)), undefined);
  equal(
    handshakeError("GET", reader({ ...GOOD, "content-length": "0" })),
    undefined,
  );
  const cases: readonly (readonly [Record<string, string>, number])[] = [
    [{ connection: "keep-alive" }, 400],
    [{ "sec-websocket-version": "8" }, 426],
    [{ "sec-websocket-key": "short" }, 400],
    [{ "sec-websocket-key": "dGhlIHNhbXBsZSBub25jZR==" }, 400],
    [{ "content-length": "5" }, 400],
    [{ "transfer-encoding": "chunked" }, 400],
  ];
  for (const [headers, status] of cases) {
    const found = handshakeError("GET", reader({ ...GOOD, ...headers }));
    equal(found?.status, status, JSON.stringify(headers));
  }
  equal(handshakeError("POST", reader(GOOD))?.status, 400);
});

Deno.test("asksForWebSocket() and offeredProtocols() read lists in any case", () => {
  equal(asksForWebSocket(reader({ upgrade: "WebSocket" })), true);
  equal(asksForWebSocket(reader({ upgrade: "h2c, websocket" })), true);
  equal(asksForWebSocket(reader({ upgrade: "h2c" })), false);
  equal(asksForWebSocket(reader({})), false);
  deepEqual(
    offeredProtocols(reader({ "sec-websocket-protocol": "a, b,,c" })),
    ["a", "b", "c"],
  );
  deepEqual(offeredProtocols(reader({})), []);
});
