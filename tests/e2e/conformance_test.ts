/** Requirements of RFC 9110 and RFC 9112 that can be seen from outside, one request each, on the engine native. */
import { deepEqual, equal, match } from "node:assert/strict";
import { createPerfmock, type Perfmock } from "../../mod.ts";
import { ENGINES } from "../support/each_engine.ts";
import { plugin } from "../support/plugins.ts";

/** Answer of the server to some bytes. */
interface Case {
  /** Section of the RFC, `9110:` or `9112:` before it. */
  readonly section: string;
  /** The requirement, in our words. */
  readonly requires: string;
  /** Bytes of the client as Latin-1. A second request to /after follows, which tells whether the connection was kept. */
  readonly sends: string;
  /** Status codes of the answers, that of /after not included. */
  readonly statuses: readonly number[];
  /** True if the answer is the last one on its connection. */
  readonly closes: boolean;
  /** True if the answer has left before the error was there, so that it could not announce the end. */
  readonly late?: boolean;
}

const AFTER = "GET /after HTTP/1.1\r\nHost: a\r\n\r\n";

/** A request of HTTP/1.1 without a body, unless the lines say otherwise. */
function http(line: string, ...lines: readonly string[]): string {
  return [`${line} HTTP/1.1`, "Host: a", ...lines, "", ""].join("\r\n");
}

/** Makes the case of a request whose connection is kept. */
function kept(
  section: string,
  requires: string,
  sends: string,
  ...statuses: readonly number[]
): Case {
  return { section, requires, sends, statuses, closes: false };
}

/** Makes the case of a request that ends its connection. */
function closed(
  section: string,
  requires: string,
  sends: string,
  ...statuses: readonly number[]
): Case {
  return { section, requires, sends, statuses, closes: true };
}

const CHUNKED = "Transfer-Encoding: chunked";

const CASES: readonly Case[] = [
  // Messages
  kept(
    "9112:2.2",
    "an empty line before the request line is ignored",
    `\r\n${http("GET /")}`,
    200,
  ),
  closed(
    "9112:2.2",
    "white space before the first header is refused",
    "GET / HTTP/1.1\r\n Host: a\r\n\r\n",
    400,
  ),
  closed(
    "9112:2.2",
    "a carriage return alone is refused",
    "GET / HTTP/1.1\r\nHost: a\r\nX: a\rb\r\n\r\n",
    400,
  ),
  closed(
    "9112:2.3",
    "a higher major version is refused with 505",
    "GET / HTTP/2.0\r\nHost: a\r\n\r\n",
    505,
  ),
  closed(
    "9112:2.3",
    "the name of the protocol is upper case",
    "GET / http/1.1\r\nHost: a\r\n\r\n",
    400,
  ),
  closed(
    "9112:3",
    "a request line with white space in its target is refused",
    "GET /a b HTTP/1.1\r\nHost: a\r\n\r\n",
    400,
  ),
  closed(
    "9112:3",
    "a line longer than the server reads is refused with 414",
    http(`GET /${"a".repeat(20_000)}`),
    414,
  ),
  kept(
    "9112:3",
    "a line of 8000 octets is accepted",
    http(`GET /?${"a".repeat(7970)}`),
    200,
  ),
  kept("9112:3.1", "methods are case-sensitive", http("get /get-alone"), 405),
  closed(
    "9110:9.3.6",
    "a method that is not implemented is refused with 501",
    http("CONNECT a:80"),
    501,
  ),
  kept(
    "9110:15.5.6",
    "405 tells the methods that are allowed",
    http("POST /get-alone", "Content-Length: 0"),
    405,
  ),
  // Targets and Host
  kept("9112:3.2.1", "an empty path is sent as a slash", http("GET /"), 200),
  kept(
    "9112:3.2.2",
    "the absolute form is accepted",
    http("GET http://b/"),
    200,
  ),
  kept("9112:3.2.4", "OPTIONS * is accepted", http("OPTIONS *"), 404),
  closed("9112:3.2.4", "* is for OPTIONS alone", http("GET *"), 400),
  closed(
    "9112:3.2",
    "a request without Host is refused",
    "GET / HTTP/1.1\r\n\r\n",
    400,
  ),
  closed(
    "9112:3.2",
    "two Hosts are refused, even if they are equal",
    http("GET /", "Host: a"),
    400,
  ),
  closed(
    "9112:3.2",
    "a Host that is not valid is refused",
    "GET / HTTP/1.1\r\nHost: a b\r\n\r\n",
    400,
  ),
  closed(
    "9112:3.2",
    "a Host is needed beside an absolute target too",
    "GET http://b/ HTTP/1.1\r\n\r\n",
    400,
  ),
  // Headers
  closed(
    "9112:5.1",
    "white space between a name and its colon is refused",
    http("GET /", "X : a"),
    400,
  ),
  closed(
    "9112:5.2",
    "a folded line is refused",
    http("GET /", "X: a", " b"),
    400,
  ),
  closed(
    "9110:5.5",
    "NUL in a value is refused",
    http("GET /", "X: a\0b"),
    400,
  ),
  kept(
    "9110:5.5",
    "octets above 0x7f are taken as they are",
    http("GET /", "X: \xfc"),
    200,
  ),
  closed("9110:5.6.2", "a name is a token", http("GET /", "X(y): a"), 400),
  kept(
    "9110:5.1",
    "names are case-insensitive",
    http("POST /", "cOnTeNt-LeNgTh: 1") + "a",
    200,
  ),
  kept(
    "9110:5.6.3",
    "a value without white space before it, or with a tab, is accepted",
    http("GET /", "X:a", "Y:\ta\t"),
    200,
  ),
  closed(
    "9110:5.4",
    "a head larger than the server reads is refused with 431",
    http("GET /", `X: ${"a".repeat(70_000)}`),
    431,
  ),
  // Bodies
  closed(
    "9112:6.1",
    "Transfer-Encoding beside Content-Length is refused",
    http("POST /", CHUNKED, "Content-Length: 5") + "0\r\n\r\n",
    400,
  ),
  closed(
    "9112:6.1",
    "Transfer-Encoding in HTTP/1.0 ends the connection",
    `POST / HTTP/1.0\r\n${CHUNKED}\r\n\r\n0\r\n\r\n`,
    400,
  ),
  closed(
    "9112:6.1",
    "a coding that is not implemented is refused with 501",
    http("POST /", "Transfer-Encoding: gzip, chunked") + "0\r\n\r\n",
    501,
  ),
  closed(
    "9112:6.3",
    "a coding list that does not end with chunked is refused",
    http("POST /", "Transfer-Encoding: chunked, gzip"),
    400,
  ),
  closed(
    "9112:6.3",
    "differing Content-Lengths are refused",
    http("POST /", "Content-Length: 1", "Content-Length: 2") + "a",
    400,
  ),
  closed(
    "9112:6.3",
    "a Content-Length that is no number is refused",
    http("POST /", "Content-Length: +1") + "a",
    400,
  ),
  closed(
    "9110:8.6",
    "a Content-Length too large for a number is refused",
    http("POST /", `Content-Length: ${"9".repeat(30)}`),
    413,
  ),
  kept("9112:6.3", "a request without either has no body", http("POST /"), 200),
  kept(
    "9110:9.3.1",
    "the body of GET is framed and ignored",
    http("GET /", "Content-Length: 4") + "GET ",
    200,
  ),
  kept(
    "9112:7.1",
    "chunks are decoded, sizes in either case",
    http("POST /", CHUNKED) + "A\r\n0123456789\r\na\r\n0123456789\r\n0\r\n\r\n",
    200,
  ),
  kept(
    "9112:7.1.1",
    "extensions of chunks are ignored",
    http("POST /", CHUNKED) + '1;a=b;c="d"\r\nx\r\n0;e\r\n\r\n',
    200,
  ),
  kept(
    "9112:7.1.2",
    "trailers are ignored",
    http("POST /", CHUNKED) + "1\r\nx\r\n0\r\nX: a\r\n\r\n",
    200,
  ),
  kept(
    "9112:6.1",
    "the name chunked is case-insensitive",
    http("POST /", "Transfer-Encoding: CHUNKED") + "0\r\n\r\n",
    200,
  ),
  closed(
    "9112:7.1",
    "a size that is not hexadecimal is refused",
    http("POST /read", CHUNKED) + "g\r\n",
    400,
  ),
  closed(
    "9112:7.1",
    "a size that is too large is refused",
    http("POST /read", CHUNKED) + `${"f".repeat(20)}\r\n`,
    413,
  ),
  closed(
    "9112:7.1",
    "a chunk that is longer than its size is refused",
    http("POST /read", CHUNKED) + "1\r\nxx\r\n0\r\n\r\n",
    400,
  ),
  {
    section: "9112:9.3",
    requires: "an error in a body whose request is answered has no answer",
    sends: http("POST /", CHUNKED) + "g\r\n",
    statuses: [200],
    closes: true,
    late: true,
  },
  // Persistence
  kept("9112:9.3", "a connection of HTTP/1.1 persists", http("GET /"), 200),
  closed(
    "9112:9.6",
    "Connection: close is obeyed",
    http("GET /", "Connection: close"),
    200,
  ),
  closed(
    "9110:7.6.1",
    "members of Connection are case-insensitive, in a list",
    http("GET /", "Connection: x , Close"),
    200,
  ),
  closed(
    "9112:9.3",
    "a connection of HTTP/1.0 ends",
    "GET / HTTP/1.0\r\n\r\n",
    200,
  ),
  kept(
    "9112:9.3",
    "a connection of HTTP/1.0 may be kept if it asks",
    "GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n",
    200,
  ),
  kept(
    "9112:9.3.2",
    "pipelined requests are answered in order",
    http("GET /slow") + http("HEAD /") + http("GET /missing") + http("GET /"),
    200,
    200,
    404,
    200,
  ),
  // Further requirements
  kept(
    "9110:7.8",
    "Upgrade may be ignored",
    http(
      "POST /",
      "Connection: Upgrade, HTTP2-Settings",
      "Upgrade: h2c",
      "HTTP2-Settings: AAMAAABkAAQAAP__",
      "Content-Length: 1",
    ) + "a",
    200,
  ),
  kept("9110:9.3.2", "HEAD has no body", http("HEAD /"), 200),
  kept(
    "9110:10.1.1",
    "100 Continue is not sent if the body has come",
    http("POST /", "Expect: 100-continue", "Content-Length: 1") + "a",
    200,
  ),
  kept(
    "9110:10.1.1",
    "an expectation without a body is ignored",
    http("GET /", "Expect: 100-continue"),
    200,
  ),
  kept(
    "9110:10.1.1",
    "an expectation of HTTP/1.0 is ignored",
    "POST / HTTP/1.0\r\nConnection: keep-alive\r\nExpect: 100-continue\r\nContent-Length: 1\r\n\r\na",
    200,
  ),
  closed(
    "9110:10.1.1",
    "another expectation may be refused with 417",
    http("GET /", "Expect: 200-ok"),
    417,
  ),
  kept(
    "9110:15.3.5",
    "204 has no body and no Content-Length",
    http("GET /none"),
    204,
  ),
];

/** Answers of a connection: heads with their bodies, and how it ended. */
async function exchange(
  { url }: Perfmock,
  bytes: string,
): Promise<string> {
  using connection = await Deno.connect({
    hostname: url.hostname,
    port: Number(url.port),
  });
  await connection.write(Uint8Array.from(bytes, (c) => c.charCodeAt(0)));
  const last = "after";
  const decoder = new TextDecoder("latin1");
  const buffer = new Uint8Array(65_536);
  let text = "";
  for (;;) {
    const size = await connection.read(buffer);
    if (size === null) return text;
    text += decoder.decode(buffer.subarray(0, size));
    if (text.endsWith(last)) return text;
  }
}

async function start(): Promise<Perfmock> {
  return await createPerfmock({
    server: { engine: "native" },
    routes: [
      { path: "/", method: "*", response: { text: "ok" } },
      { path: "/slow", response: { text: "slow" }, serviceTime: "5ms" },
      { path: "/get-alone", response: { text: "ok" } },
      { path: "/none", response: { status: 204 } },
      { path: "/after", response: { text: "after" } },
    ],
  }, {
    plugins: [plugin("reader", {
      endpoints: [{
        method: "POST",
        path: "/read",
        summary: "Reads the body",
        answer: { type: "string" },
        handle: ({ request }) => request.text(),
      }],
    })],
  });
}

for (const engine of ENGINES.filter((name) => name === "native")) {
  for (const { section, requires, sends, statuses, closes, late } of CASES) {
    Deno.test(`${engine}, RFC ${section}: ${requires}`, async () => {
      await using server = await start();
      const text = await exchange(server, sends + AFTER);
      const answers = text.split(/(?=HTTP\/1\.1 \d{3} )/);
      const expected = [...statuses, ...closes ? [] : [200]];
      deepEqual(
        answers.map((answer) => Number(answer.slice(9, 12))),
        expected,
        text,
      );
      equal(text.endsWith("after"), !closes, text);
      for (const answer of answers) {
        // RFC 9110, section 6.6.1: a server with a clock sends Date.
        match(
          answer,
          /\r\ndate: \w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT\r\n/i,
        );
        const status = Number(answer.slice(9, 12));
        const length = /\r\ncontent-length: (\d+)\r\n/i.exec(answer)?.[1];
        const body = answer.slice(answer.indexOf("\r\n\r\n") + 4);
        if (status === 204) equal(length, undefined, answer);
        else if (body !== "") equal(Number(length), body.length, answer);
        if (status === 405) match(answer, /\r\nallow: /i);
      }
      const last = answers[answers.length - 1];
      equal(/\r\nconnection: close\r\n/i.test(last), closes && !late, last);
    });
  }
}
