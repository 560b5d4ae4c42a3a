import { equal } from "node:assert/strict";
import { prepareRequest } from "../../../../plugins/load_engine/http/mod.ts";
import { kindOfError } from "../../../../plugins/load_engine/http/mod.ts";

function textOf(request: Parameters<typeof prepareRequest>[0]): string {
  return new TextDecoder().decode(prepareRequest(request, "a.test").bytes);
}

Deno.test("prepareRequest() writes head and body", () => {
  equal(
    textOf({
      method: "POST",
      path: "/x?y=1",
      headers: [["content-type", "text/plain"]],
      body: "ä",
    }),
    "POST /x?y=1 HTTP/1.1\r\nhost: a.test\r\ncontent-type: text/plain\r\ncontent-length: 2\r\n\r\nä",
  );
});

Deno.test("prepareRequest() sends content-length 0 if the method has a body", () => {
  equal(
    textOf({ method: "PUT", path: "/", headers: [] }),
    "PUT / HTTP/1.1\r\nhost: a.test\r\ncontent-length: 0\r\n\r\n",
  );
  equal(
    textOf({ method: "DELETE", path: "/", headers: [] }),
    "DELETE / HTTP/1.1\r\nhost: a.test\r\n\r\n",
  );
});

Deno.test("prepareRequest() accepts the request's own host header, but no framing headers", () => {
  equal(
    textOf({
      method: "GET",
      path: "/",
      headers: [["host", "b.test"], ["content-length", "7"], [
        "connection",
        "upgrade",
      ], ["transfer-encoding", "chunked"]],
      keepAlive: false,
    }),
    "GET / HTTP/1.1\r\nhost: b.test\r\nconnection: close\r\n\r\n",
  );
});

Deno.test("prepareRequest() lets no value end its line", () => {
  equal(
    textOf({
      method: "GET",
      path: "/a b\r\nc\u{1f600}\x7f",
      headers: [["x-a", "1\r\n\r\nGET /"]],
    }),
    "GET /a%20b%0D%0Ac%F0%9F%98%80%7F HTTP/1.1\r\nhost: a.test\r\nx-a: 1 GET /\r\n\r\n",
  );
});

Deno.test("prepareRequest() encodes an unpaired surrogate", () => {
  equal(
    textOf({ method: "GET", path: "/\ud800", headers: [] }).split(" ")[1],
    "/%EF%BF%BD",
  );
});

Deno.test("kindOfError() finds the kind by the words of an error and its causes", () => {
  const fetchFailed = (message: string) =>
    kindOfError(new TypeError("fetch failed", { cause: new Error(message) }));
  equal(
    fetchFailed("tcp connect error: Connection refused"),
    "connection-refused",
  );
  equal(fetchFailed("invalid peer certificate: UnknownIssuer"), "tls");
  equal(fetchFailed("client error (Connect): dns error"), "connect");
  equal(fetchFailed("Connection reset by peer (os error 104)"), "reset");
  equal(fetchFailed("connection closed before message completed"), "closed");
  equal(fetchFailed("invalid HTTP version parsed"), "protocol");
  equal(kindOfError("something else"), "protocol");
});
