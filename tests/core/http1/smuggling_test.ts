/**
 * Known shapes of request smuggling: bytes that one server in a chain takes for one request, and another for two. perfmock either
 * refuses such bytes and closes, or reads them as the RFC tells everybody to.
 */
import { deepEqual, equal } from "node:assert/strict";
import { ChunkedBody } from "../../../core/http1/chunked_body.ts";
import { HEAD_LIMITS, RequestHead } from "../../../core/http1/request_head.ts";
import { bytesOf } from "./_requests.ts";

/** Reads all requests of a connection: their targets and bodies, and the status of the refusal if there is one. */
function connection(text: string): (string | number)[] {
  const head = new RequestHead(HEAD_LIMITS);
  const chunks = new ChunkedBody(HEAD_LIMITS);
  const bytes = bytesOf(text);
  const seen: (string | number)[] = [];
  let at = 0;
  while (at < bytes.length) {
    head.reset();
    const length = head.parse(bytes, at, bytes.length);
    if (length <= 0) return [...seen, length === 0 ? "waits" : -length];
    at += length;
    const first = at;
    let body = "";
    if (head.chunked) {
      chunks.reset();
      at = chunks.decode(bytes, at, bytes.length, (from, to) => {
        body += text.slice(from, to);
      });
      if (at < 0) return [...seen, -at];
      if (!chunks.done) return [...seen, "waits"];
    } else {
      at += head.contentLength;
      if (at > bytes.length) return [...seen, "waits"];
      body = text.slice(first, at);
    }
    seen.push(`${head.method} ${head.path} ${body}`.trimEnd());
    if (!head.keepAlive) return seen;
  }
  return seen;
}

/** A POST with header lines and a body. */
function post(lines: readonly string[], body: string): string {
  return ["POST / HTTP/1.1", "Host: a", ...lines, "", body].join("\r\n");
}

const SMUGGLED = "GET /admin HTTP/1.1\r\nHost: a\r\n\r\n";

/** Why, what is sent, and what becomes of it. */
const CASES: readonly (readonly [
  why: string,
  text: string,
  seen: readonly (string | number)[],
])[] = [
  [
    "CL.TE: the front reads by Content-Length, the back by chunks; both headers together are refused",
    post(
      [`Content-Length: ${5 + SMUGGLED.length}`, "Transfer-Encoding: chunked"],
      `0\r\n\r\n${SMUGGLED}`,
    ),
    [400],
  ],
  [
    "TE.CL: the other way round, refused as well",
    post(
      ["Transfer-Encoding: chunked", "Content-Length: 4"],
      `22\r\n${SMUGGLED}\r\n0\r\n\r\n`,
    ),
    [400],
  ],
  [
    "CL.0: a body that a server forgets to skip would be the next request; it is part of this one",
    post([`Content-Length: ${SMUGGLED.length}`], SMUGGLED),
    [`POST / ${SMUGGLED}`.trimEnd()],
  ],
  [
    "GET with a body: the body of any method is skipped, so that it is no request",
    `GET / HTTP/1.1\r\nHost: a\r\nContent-Length: ${SMUGGLED.length}\r\n\r\n${SMUGGLED}`,
    [`GET / ${SMUGGLED}`.trimEnd()],
  ],
  [
    "CL.CL: two lengths are refused even if they are equal, since a proxy may have cut one",
    post(["Content-Length: 0", `Content-Length: ${SMUGGLED.length}`], SMUGGLED),
    [400],
  ],
  [
    "CL.CL in one line: a list is no number",
    post(["Content-Length: 5, 5"], "hello"),
    [400],
  ],
  [
    "A sign before the length: some parsers take it",
    post(["Content-Length: +5"], "hello"),
    [400],
  ],
  [
    "A negative length: it could become a large one",
    post(["Content-Length: -1"], ""),
    [400],
  ],
  [
    "A hexadecimal length: some parsers stop at the x",
    post(["Content-Length: 0x5"], "hello"),
    [400],
  ],
  [
    "A space in the length: some parsers stop there",
    post(["Content-Length: 5 0"], "hello"),
    [400],
  ],
  [
    "A length beyond 2^64: it could wrap around to 5",
    post(["Content-Length: 18446744073709551621"], "hello"),
    [413],
  ],
  [
    "TE.TE: one server knows the first coding, the other the last; chunked must be alone",
    post(["Transfer-Encoding: chunked", "Transfer-Encoding: cow"], "0\r\n\r\n"),
    [400],
  ],
  [
    "TE.TE in one line",
    post(["Transfer-Encoding: chunked, identity"], "0\r\n\r\n"),
    [400],
  ],
  [
    "TE.TE with chunked last: the body could not be read",
    post(["Transfer-Encoding: x, chunked"], "0\r\n\r\n"),
    [501],
  ],
  [
    "chunked twice",
    post(["Transfer-Encoding: chunked, chunked"], "0\r\n\r\n"),
    [400],
  ],
  ["A misspelt coding", post(["Transfer-Encoding: xchunked"], "0\r\n\r\n"), [
    400,
  ]],
  ["A quoted coding", post(['Transfer-Encoding: "chunked"'], "0\r\n\r\n"), [
    400,
  ]],
  [
    "A vertical tab before the coding: some parsers trim it",
    post(["Transfer-Encoding:\x0bchunked"], "0\r\n\r\n"),
    [400],
  ],
  [
    "A NUL after the coding: some parsers stop there",
    post(["Transfer-Encoding: chunked\0"], "0\r\n\r\n"),
    [400],
  ],
  [
    "A no-break space before the coding: only spaces and tabs are trimmed",
    post(["Transfer-Encoding:\xa0chunked"], "0\r\n\r\n"),
    [400],
  ],
  [
    "A tab before the coding is white space as any",
    post(["Transfer-Encoding:\tchunked"], "0\r\n\r\n"),
    ["POST /"],
  ],
  [
    "Any case of the coding is the same coding",
    post(["TRANSFER-encoding: CHUNKED"], "0\r\n\r\n"),
    ["POST /"],
  ],
  [
    "A space before the colon: some servers ignore the line, others do not",
    post(["Transfer-Encoding : chunked"], "0\r\n\r\n"),
    [400],
  ],
  [
    "A space before the name: the line could continue the one before",
    post([" Transfer-Encoding: chunked"], "0\r\n\r\n"),
    [400],
  ],
  [
    "A folded value: proxies join or split such lines",
    post(["Transfer-Encoding:", " chunked"], "0\r\n\r\n"),
    [400],
  ],
  [
    "An underscore in the name is another header",
    post(["Transfer_Encoding: chunked"], ""),
    ["POST /"],
  ],
  [
    "A name with a control character",
    post(["Transfer-\x01Encoding: chunked"], "0\r\n\r\n"),
    [400],
  ],
  [
    "A bare LF hides a header within a value",
    post(["X: y\nTransfer-Encoding: chunked"], "0\r\n\r\n"),
    [400],
  ],
  [
    "A bare CR hides a header within a value",
    post(["X: y\rTransfer-Encoding: chunked"], "0\r\n\r\n"),
    [400],
  ],
  [
    "A bare CR before the colon",
    post(["Transfer-Encoding\r: chunked"], "0\r\n\r\n"),
    [400],
  ],
  ["A head that ends with bare LFs", "GET / HTTP/1.1\nHost: a\n\n", [400]],
  [
    "A head whose last line ends with a bare LF",
    "GET / HTTP/1.1\r\nHost: a\r\n\nGET /admin HTTP/1.1\r\nHost: a\r\n\r\n",
    [400],
  ],
  [
    "Transfer-Encoding in HTTP/1.0: older proxies pass it on unread",
    "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\nConnection: keep-alive\r\n\r\n0\r\n\r\n",
    [400],
  ],
  [
    "HTTP/0.9: no headers, so that the next lines would be requests",
    "GET /\r\nGET /admin\r\n",
    [400],
  ],
  ["HTTP/1.1 in a lower case", "GET / http/1.1\r\nHost: a\r\n\r\n", [400]],
  [
    "Two spaces in the request line",
    "GET  /admin HTTP/1.1\r\nHost: a\r\n\r\n",
    [400],
  ],
  [
    "A second version in the target: servers split at the first or the last space",
    "GET / HTTP/1.1 /admin HTTP/1.1\r\nHost: a\r\n\r\n",
    [400],
  ],
  ["A tab instead of a space", "GET\t/ HTTP/1.1\r\nHost: a\r\n\r\n", [400]],
  [
    "Two hosts: proxy and server could choose different ones",
    "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
    [400],
  ],
  ["A host with a user name", "GET / HTTP/1.1\r\nHost: a@b\r\n\r\n", [400]],
  ["A host with a path", "GET / HTTP/1.1\r\nHost: a/admin\r\n\r\n", [400]],
  [
    "A host before which the line starts with a space",
    "GET / HTTP/1.1\r\n Host: b\r\nHost: a\r\n\r\n",
    [400],
  ],
  [
    "An absolute target wins over Host, as the RFC demands",
    "GET http://b/x HTTP/1.1\r\nHost: a\r\n\r\n",
    ["GET /x"],
  ],
  [
    "An expectation does not change where the body ends",
    post(["Expect: 100-continue", "Content-Length: 5"], `hello${SMUGGLED}`),
    ["POST / hello", "GET /admin"],
  ],
  [
    "An expectation with more in it",
    post(["Expect: 100-continue, x", "Content-Length: 5"], "hello"),
    [417],
  ],
  [
    "An h2c upgrade is ignored: what follows is HTTP/1.1",
    `GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\n\r\n${SMUGGLED}`,
    ["GET /", "GET /admin"],
  ],
  [
    "Upgrade with a coding that is unknown",
    post(
      ["Upgrade: x", "Connection: upgrade", "Transfer-Encoding: x"],
      SMUGGLED,
    ),
    [400],
  ],
  [
    "Connection cannot remove Content-Length from this hop",
    post(
      ["Connection: Content-Length", "Content-Length: 5"],
      `hello${SMUGGLED}`,
    ),
    ["POST / hello", "GET /admin"],
  ],
  [
    "Nothing is read after Connection: close",
    `GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n${SMUGGLED}`,
    ["GET /"],
  ],
  [
    "CONNECT: a tunnel would pass anything on",
    `CONNECT b:80 HTTP/1.1\r\nHost: b:80\r\n\r\n${SMUGGLED}`,
    [501],
  ],
  ["An HTTP/2 preface", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", [505]],
  ["Pipelined requests come one after the other", SMUGGLED + SMUGGLED, [
    "GET /admin",
    "GET /admin",
  ]],
];

/** Why, the chunks, and what becomes of a chunked request followed by another. */
const CHUNKED: readonly (readonly [
  why: string,
  body: string,
  seen: readonly (string | number)[],
])[] = [
  [
    "A request within a chunk is data",
    `${SMUGGLED.length.toString(16)}\r\n${SMUGGLED}\r\n0\r\n\r\n`,
    [`POST / ${SMUGGLED}`.trimEnd(), "GET /admin"],
  ],
  [
    "A size beyond 2^64 could wrap around",
    "10000000000000005\r\nhello\r\n0\r\n\r\n",
    [413],
  ],
  ["A size with 0x", "0x5\r\nhello\r\n0\r\n\r\n", [400]],
  ["A size with a sign", "+5\r\nhello\r\n0\r\n\r\n", [400]],
  ["A size with a space before it", " 5\r\nhello\r\n0\r\n\r\n", [400]],
  ["A size with a space after it", "5 \r\nhello\r\n0\r\n\r\n", [400]],
  ["No size", "\r\nhello\r\n0\r\n\r\n", [400]],
  ["A bare LF after the size", "5\nhello\r\n0\r\n\r\n", [400]],
  ["A bare CR after the size", "5\rhello\r\n0\r\n\r\n", [400]],
  ["A bare LF after the data", "5\r\nhello\n0\r\n\r\n", [400]],
  [
    "Two other bytes in place of CR LF after the data",
    "5\r\nhelloXX0\r\n\r\n",
    [400],
  ],
  ["A chunk that is longer than its size", "4\r\nhello\r\n0\r\n\r\n", [400]],
  [
    "A bare LF within an extension: servers that ignore extensions end the line there",
    "5;\nxx\r\nhello\r\n0\r\n\r\n",
    [400],
  ],
  ["A bare CR within an extension", "5;a\rb\r\nhello\r\n0\r\n\r\n", [400]],
  [
    "A line's end within a quoted extension",
    '5;a="\r\n"\r\nhello\r\n0\r\n\r\n',
    [400],
  ],
  ["A bare LF after the last chunk", "0\n\r\n", [400]],
  [
    "A last chunk without a blank line: the next request line is no trailer",
    "0\r\n",
    [400],
  ],
  ["A bare LF for the blank line", "0\r\n\n", [400]],
  ["A length as a trailer is discarded", "0\r\nContent-Length: 5\r\n\r\n", [
    "POST /",
    "GET /admin",
  ]],
  ["A host as a trailer is discarded", "0\r\nHost: b\r\n\r\n", [
    "POST /",
    "GET /admin",
  ]],
  ["A folded trailer", "0\r\nX: y\r\n z\r\n\r\n", [400]],
  ["A bare LF in a trailer", "0\r\nX: y\n\r\n", [400]],
];

for (const [why, text, seen] of CASES) {
  Deno.test(`Smuggling: ${why}`, () => {
    deepEqual(connection(text), seen);
  });
}

for (const [why, body, seen] of CHUNKED) {
  Deno.test(`Smuggling in chunks: ${why}`, () => {
    deepEqual(
      connection(post(["Transfer-Encoding: chunked"], body) + SMUGGLED),
      seen,
    );
  });
}

Deno.test("Smuggling: no shape is read in another way if its bytes arrive one by one", () => {
  for (const [, text] of CASES) {
    const bytes = bytesOf(text);
    const head = new RequestHead(HEAD_LIMITS);
    const whole = head.parse(bytes, 0, bytes.length);
    head.reset();
    let length = 0;
    for (let end = 1; end <= bytes.length && length === 0; end++) {
      length = head.parse(bytes, 0, end);
    }
    equal(length, whole);
  }
});
