import { deepEqual, equal } from "node:assert/strict";
import fc from "fast-check";
import { RequestHead } from "../../../core/http1/request_head.ts";
import {
  accepted,
  bytesOf,
  get,
  outcomeOf,
  parseWhole,
  refused,
} from "./_requests.ts";

Deno.test("RequestHead.parse() reads request line and header lines", () => {
  const facts = accepted(
    "POST /a?b=%20 HTTP/1.1\r\nHost: example.org:8080\r\nContent-Length: 5\r\n\r\n",
  );
  deepEqual(facts, {
    method: "POST",
    target: "/a?b=%20",
    path: "/a?b=%20",
    host: "example.org:8080",
    minor: 1,
    keepAlive: true,
    contentLength: 5,
    chunked: false,
    expectsContinue: false,
    entries: [["Host", "example.org:8080"], ["Content-Length", "5"]],
  });
});

Deno.test("RequestHead.parse() finds the end of a head that another request follows", () => {
  const first = get("X: 1");
  equal(parseWhole(first + get()).length, first.length);
});

Deno.test("RequestHead.parse() takes any token of up to 32 bytes as a method", () => {
  const tokens = "GET HEAD POST PUT DELETE PATCH OPTIONS TRACE get M-SEARCH";
  for (
    const method of [...tokens.split(" "), "!#$%&'*+-.^_`|~9", "M".repeat(32)]
  ) {
    equal(accepted(get().replace("GET", method)).method, method);
  }
  refused(get().replace("GET", "M".repeat(33)), 501);
  for (const method of ["", "G(ET", "G\tET", "GÉT", "GET:", "\x00", '"GET"']) {
    refused(get().replace("GET", method), 400);
  }
});

Deno.test("RequestHead.parse() requires exactly one space between the parts of the request line", () => {
  for (
    const line of [
      "GET  / HTTP/1.1",
      "GET /  HTTP/1.1",
      " GET / HTTP/1.1",
      "GET / HTTP/1.1 ",
      "GET\t/ HTTP/1.1",
      "GET /\tHTTP/1.1",
      "GET / HTTP/1.1\t",
      "GET /a b HTTP/1.1",
      "GET /",
      "GET",
      "GET ",
      "",
    ]
  ) {
    refused(`${line}\r\nHost: a\r\n\r\n`, 400);
  }
});

Deno.test("RequestHead.parse() accepts versions 1.0 and 1.1, and answers others with 505", () => {
  equal(accepted("GET / HTTP/1.0\r\n\r\n").minor, 0);
  equal(accepted(get()).minor, 1);
  for (const version of ["0.9", "1.2", "1.9", "2.0", "3.0", "9.9"]) {
    refused(`GET / HTTP/${version}\r\n\r\n`, 505);
  }
  for (
    const version of [
      "http/1.1",
      "HTTP/1.x",
      "HTTP/1,1",
      "HTTP/1.11",
      "HTTP/11.1",
      "HTTP/1",
      "HTTP/x.1",
      "HTTPS/1.1",
      "ICY",
    ]
  ) {
    refused(`GET / ${version}\r\n\r\n`, 400);
  }
});

Deno.test("RequestHead.parse() refuses HTTP/2 and TLS at the first byte that gives them away", () => {
  const parser = new RequestHead({ line: 100, bytes: 100, count: 10 });
  const http2 = bytesOf("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
  equal(parser.parse(http2, 0, 11), 0);
  equal(parser.parse(http2, 0, 12), -505);
  parser.reset();
  equal(parser.parse(bytesOf("\x16\x03\x01"), 0, 1), -400);
});

Deno.test("RequestHead.parse() takes visible ASCII but # in a target", () => {
  const target = "/!\"$%&'()*+,-./09:;<=>?@AZ[\\]^_`az{|}~";
  equal(accepted(get().replace("/", () => target)).target, target);
  for (const byte of ["#", "\0", "\x7f", "\x80", "é", "\xff", "\x1f"]) {
    refused(get().replace("/", `/a${byte}b`), 400);
  }
});

Deno.test("RequestHead.parse() takes host and path from an absolute target", () => {
  const parsed = (target: string, method = "GET") => {
    const { host, path, target: sent } = accepted(
      get().replace("/", () => target).replace("GET", method),
    );
    equal(sent, target);
    return [host, path];
  };
  deepEqual(parsed("http://b.example:81/p?q"), ["b.example:81", "/p?q"]);
  deepEqual(parsed("HTTPS://b"), ["b", "/"]);
  deepEqual(parsed("http://b?q=/"), ["b", "/?q=/"]);
  deepEqual(parsed("http://[::1]:8080/"), ["[::1]:8080", "/"]);
  deepEqual(parsed("http://b", "OPTIONS"), ["b", "*"]);
  deepEqual(parsed("http://b/", "OPTIONS"), ["b", "/"]);
  for (
    const target of [
      "http://",
      "http:///p",
      "http://u@b/",
      "http://u:p@b/",
      "http://b:x/",
      "http://b:65536/",
      "http://[::1/",
      "ftp://b/",
      "http:/b",
      "b:80",
      "b",
      "?q",
    ]
  ) refused(get().replace("/", () => target), 400);
});

Deno.test("RequestHead.parse() takes the target * for OPTIONS alone", () => {
  equal(accepted(get().replace("GET /", "OPTIONS *")).path, "*");
  refused(get().replace("/", "*"), 400);
  refused(get().replace("GET /", "OPTIONS **"), 400);
});

Deno.test("RequestHead.parse() answers CONNECT with 501", () => {
  refused("CONNECT a:80 HTTP/1.1\r\nHost: a\r\n\r\n", 501);
  refused("CONNECT / HTTP/1.1\r\nHost: a\r\n\r\n", 501);
});

Deno.test("RequestHead.parse() skips at most 4 empty lines before the request line", () => {
  equal(accepted("\r\n".repeat(4) + get()).method, "GET");
  refused("\r\n".repeat(5) + get(), 400);
  refused(`\n${get()}`, 400);
  refused(`\r${get()}`, 400);
  refused(`\r\n\n${get()}`, 400);
});

Deno.test("RequestHead.parse() refuses each line that does not end with CR LF", () => {
  const whole = get("A: b");
  for (
    let at = whole.indexOf("\r");
    at >= 0;
    at = whole.indexOf("\r", at + 1)
  ) {
    for (const end of ["\n", "\r", "\r\r\n", "\n\r", "\r \n"]) {
      refused(whole.slice(0, at) + end + whole.slice(at + 2) + "\r\n", 400);
    }
  }
});

Deno.test("RequestHead.parse() refuses folded lines", () => {
  refused(get("A: b", " c"), 400);
  refused(get("A: b", "\tc"), 400);
  refused("GET / HTTP/1.1\r\n Host: a\r\n\r\n", 400);
});

Deno.test("RequestHead.parse() takes tokens as names of headers", () => {
  const name = "!#$%&'*+-.^_`|~09azAZ";
  deepEqual(accepted(get(`${name}: x`)).entries[1], [name, "x"]);
  for (
    const line of [
      ": x",
      "A : x",
      "A\t: x",
      "A",
      "A B: x",
      "A(: x",
      "A\0: x",
      "É: x",
      "A\x7f: x",
      '"A": x',
      "A/B: x",
      "A@: x",
    ]
  ) refused(get(line), 400);
});

Deno.test("RequestHead.parse() takes all but control characters in values", () => {
  const value = 'a\tb "x" (y) \x80\xa0\xff';
  deepEqual(accepted(get(`A: ${value}`)).entries[1], ["A", value]);
  for (const byte of ["\0", "\x01", "\x08", "\x0b", "\x0c", "\x1f", "\x7f"]) {
    refused(get(`A: b${byte}c`), 400);
    refused(get(`A:${byte}`), 400);
  }
});

Deno.test("RequestHead.parse() cuts spaces and tabs around values", () => {
  deepEqual(
    accepted(get("A: \t b c \t ", "B:", "C: \t ", "D:x")).entries.slice(1),
    [
      ["A", "b c"],
      ["B", ""],
      ["C", ""],
      ["D", "x"],
    ],
  );
});

Deno.test("RequestHead.parse() requires one valid Host in HTTP/1.1", () => {
  const withHost = (...hosts: readonly string[]) =>
    `GET / HTTP/1.1\r\n${
      hosts.map((host) => `Host: ${host}\r\n`).join("")
    }\r\n`;
  for (
    const host of [
      "a",
      "a:80",
      "a:",
      "a.example",
      "127.0.0.1:8080",
      "[::1]",
      "[::ffff:1.2.3.4]:80",
      "a_b-c~d!$&'()*+,;=%41",
      "a:65535",
    ]
  ) equal(accepted(withHost(host)).host, host);
  for (
    const host of [
      "",
      ":80",
      "a b",
      "a/b",
      "a@b",
      "a:b",
      "a:-1",
      "a:65536",
      "a:80:80",
      "[::1",
      "[]",
      "[:]",
      "[::1]x",
      "[g::]",
      "::1",
      "a?b",
      "a#b",
      "a\\b",
      "é",
      "http://a",
      "<a>",
    ]
  ) refused(withHost(host), 400);
  refused(withHost(), 400);
  refused(withHost("a", "a"), 400);
  refused(withHost("a", "b"), 400);
  refused("GET http://a/ HTTP/1.1\r\n\r\n", 400);
});

Deno.test("RequestHead.parse() requires no Host in HTTP/1.0, but a valid one if there is one", () => {
  equal(accepted("GET / HTTP/1.0\r\n\r\n").host, "");
  equal(accepted("GET / HTTP/1.0\r\nHost:\r\n\r\n").host, "");
  equal(accepted("GET / HTTP/1.0\r\nHost: a\r\n\r\n").host, "a");
  refused("GET / HTTP/1.0\r\nHost: a b\r\n\r\n", 400);
  refused("GET / HTTP/1.0\r\nHost: a\r\nHost: a\r\n\r\n", 400);
});

Deno.test("RequestHead.parse() takes one Content-Length of digits up to 2^53-1", () => {
  for (
    const [value, length] of [["0", 0], ["5", 5], ["0005", 5], [
      "9007199254740991",
      2 ** 53 - 1,
    ]] as const
  ) {
    const facts = accepted(get(`Content-Length: ${value}`));
    equal(facts.contentLength, length);
    equal(facts.chunked, false);
  }
  for (
    const value of [
      "",
      "+5",
      "-5",
      "5.0",
      "0x5",
      "5 5",
      "5, 5",
      "5,5",
      "5,",
      ",5",
      "five",
      "5e1",
      "5_0",
      "\xb5",
    ]
  ) refused(get(`Content-Length: ${value}`), 400);
  refused(get("Content-Length: 9007199254740992"), 413);
  refused(get("Content-Length: 99999999999999999999999"), 413);
  refused(get("Content-Length: 5", "Content-Length: 5"), 400);
  refused(get("Content-Length: 5", "content-length: 6"), 400);
});

Deno.test("RequestHead.parse() takes no Transfer-Encoding but chunked", () => {
  for (const value of ["chunked", "Chunked", "CHUNKED", " chunked\t"]) {
    const facts = accepted(get(`Transfer-Encoding:${value}`));
    equal(facts.chunked, true);
    equal(facts.contentLength, -1);
  }
  for (
    const value of [
      "",
      "identity",
      "gzip",
      "chunked, gzip",
      "chunked, identity",
      "chunked, chunked",
      "xchunked",
      "chunkedx",
      "chunked;q=1",
      "chunked,",
      "chun ked",
      '"chunked"',
      "\x0bchunked",
    ]
  ) refused(get(`Transfer-Encoding: ${value}`), 400);
  for (const value of ["gzip, chunked", "identity, chunked", ", chunked"]) {
    refused(get(`Transfer-Encoding: ${value}`), 501);
  }
  refused(get("Transfer-Encoding: gzip", "Transfer-Encoding: chunked"), 501);
  refused(get("Transfer-Encoding: chunked", "Transfer-Encoding: chunked"), 400);
  refused(get("Transfer-Encoding: chunked", "Transfer-Encoding: x"), 400);
});

Deno.test("RequestHead.parse() refuses Transfer-Encoding beside Content-Length and in HTTP/1.0", () => {
  refused(get("Transfer-Encoding: chunked", "Content-Length: 5"), 400);
  refused(get("Content-Length: 5", "Transfer-Encoding: chunked"), 400);
  refused("POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n", 400);
});

Deno.test("RequestHead.parse() takes no Expect but 100-continue", () => {
  const post = (...lines: readonly string[]) =>
    accepted(get("Content-Length: 1", ...lines)).expectsContinue;
  equal(post("Expect: 100-continue"), true);
  equal(post("expect: 100-CONTINUE"), true);
  equal(post(), false);
  equal(accepted(get("Expect: 100-continue")).expectsContinue, false);
  equal(
    accepted(get("Expect: 100-continue", "Transfer-Encoding: chunked"))
      .expectsContinue,
    true,
  );
  equal(
    accepted(
      "POST / HTTP/1.0\r\nContent-Length: 1\r\nExpect: 100-continue\r\n\r\n",
    ).expectsContinue,
    false,
  );
  for (const value of ["", "x", "100-continue, x", "200-ok", "100"]) {
    refused(get(`Expect: ${value}`), 417);
  }
});

Deno.test("RequestHead.keepAlive follows version and Connection", () => {
  const keeps = (minor: 0 | 1, ...lines: readonly string[]) =>
    accepted(get(...lines).replace("1.1", `1.${minor}`)).keepAlive;
  equal(keeps(1), true);
  equal(keeps(0), false);
  equal(keeps(1, "Connection: close"), false);
  equal(keeps(1, "connection: CLOSE"), false);
  equal(keeps(1, "Connection: te, Close"), false);
  equal(keeps(1, "Connection: ,\tclose ,"), false);
  equal(keeps(1, "Connection: te", "Connection: close"), false);
  equal(keeps(1, "Connection: closed"), true);
  equal(keeps(1, "Connection: keep-alive"), true);
  equal(keeps(0, "Connection: keep-alive"), true);
  equal(keeps(0, "Connection: te, Keep-Alive"), true);
  equal(keeps(0, "Connection: keep-alive, close"), false);
  equal(keeps(0, "Proxy-Connection: keep-alive"), false);
});

Deno.test("RequestHead.parse() ignores an offer to upgrade", () => {
  const facts = accepted(
    get(
      "Connection: Upgrade, HTTP2-Settings",
      "Upgrade: h2c",
      "HTTP2-Settings: AAEAAEAAAAIAAAABAAMAAABkAAQBAAAAAAUAAEAA",
    ),
  );
  equal(facts.keepAlive, true);
});

Deno.test("RequestHead.parse() answers a long request line with 414", () => {
  const limits = { line: 30, bytes: 1000, count: 10 };
  const line = (length: number) =>
    get().replace("/", `/${"a".repeat(length - "GET / HTTP/1.1".length)}`);
  accepted(line(30), limits);
  accepted(`\r\n${line(30)}`, limits);
  refused(line(31), 414, limits);
  refused(`\r\n${line(31)}`, 414, limits);
  refused(line(45), 414, limits);
  refused(line(30).slice(0, 29), 0, limits);
  refused("M".repeat(31), 414, { ...limits, line: 20 });
});

Deno.test("RequestHead.parse() answers a long head with 431", () => {
  const head = get("A: 1", "B: 2");
  accepted(head, { line: 100, bytes: head.length, count: 3 });
  for (let bytes = 9; bytes < head.length; bytes++) {
    refused(head, 431, { line: 100, bytes, count: 3 });
    refused(head.slice(0, bytes), 431, { line: 100, bytes, count: 3 });
    refused(head.slice(0, bytes - 1), 0, { line: 100, bytes, count: 3 });
  }
  refused(head, 431, { line: 100, bytes: 1000, count: 2 });
});

Deno.test("RequestHead.parse() keeps as many lines as are allowed", () => {
  const lines = Array.from({ length: 199 }, (_, i) => `A${i}: ${i}`);
  const { entries } = accepted(get(...lines));
  deepEqual(entries.slice(1).map((pair) => pair.join(": ")), lines);
  refused(get(...lines, "B: 1"), 431);
});

Deno.test("RequestHead.header() finds a header whatever its case and joins several lines", () => {
  const parser = new RequestHead();
  const bytes = bytesOf(
    get("ACCEPT: a", "X: 1", "accept: b", "Cookie: c=1", "COOKIE: d=2", "E:"),
  );
  parser.parse(bytes, 0, bytes.length);
  const taken = parser.take();
  for (const head of [parser, taken]) {
    equal(head.header("accept"), "a, b");
    equal(head.header("cookie"), "c=1; d=2");
    equal(head.header("e"), "");
    equal(head.header("absent"), null);
    equal(head.header("accepts"), null);
  }
});

Deno.test("RequestHead.header() finds in each head of a connection what that head has", () => {
  const parser = new RequestHead();
  const values = ["X: 1", "A: 1", "X: 1", "X: 1", "A: 2", "A: 2"].map(
    (line) => {
      parser.reset();
      const bytes = bytesOf(get(line));
      parser.parse(bytes, 0, bytes.length);
      return [parser.header("a"), parser.header("b"), parser.header("a")];
    },
  );
  const without = [null, null, null];
  deepEqual(values, [
    without,
    ["1", null, "1"],
    without,
    without,
    ["2", null, "2"],
    ["2", null, "2"],
  ]);
});

Deno.test("RequestHead.take() outlives the buffer and the next head", () => {
  const parser = new RequestHead();
  const bytes = bytesOf(`\r\n${get("A:  \xa0b\xe9 ")}`);
  parser.parse(bytes, 0, bytes.length);
  const taken = parser.take();
  bytes.fill(0);
  parser.reset();
  const next = bytesOf("POST /x HTTP/1.0\r\n\r\n");
  parser.parse(next, 0, next.length);
  equal(taken.header("a"), "\xa0b\xe9");
  equal(new Headers(taken.entries()).get("host"), "a");
  deepEqual(parser.take().entries(), []);
});

Deno.test("RequestHead.take() shares the copy of equal heads in a row only", () => {
  const parser = new RequestHead();
  const take = (text: string) => {
    parser.reset();
    const bytes = bytesOf(text);
    parser.parse(bytes, 0, bytes.length);
    return parser.take();
  };
  const first = take(get("A: 1"));
  equal(take(get("A: 1")), first);
  equal(take(get("A: 2")).header("a"), "2");
  equal(take(get("A: 1")).header("a"), "1");
  equal(first.header("a"), "1");
});

Deno.test("RequestHead.parse() gives back the headers that a head was made of", () => {
  const name = fc.stringMatching(/^X-[!#$%&'*+.^_`|~0-9A-Za-z-]{1,20}$/);
  const value = fc.stringMatching(
    /^([\x21-\x7e\x80-\xff]([\t -~\x80-\xff]{0,30}[\x21-\x7e\x80-\xff])?)?$/,
  );
  fc.assert(
    fc.property(fc.array(fc.tuple(name, value), { maxLength: 20 }), (pairs) => {
      const head = get(...pairs.map(([key, text]) => `${key}:${text}`));
      const parser = new RequestHead();
      const bytes = bytesOf(head);
      const outcome = outcomeOf(parser, parser.parse(bytes, 0, bytes.length));
      deepEqual(outcome.facts?.entries.slice(1), pairs);
      for (const [key] of pairs) {
        const lower = key.toLowerCase();
        equal(parser.header(lower), parser.take().header(lower));
        equal(
          parser.header(lower),
          new Headers(
            pairs.map(([k, v]): [string, string] => [k, v]),
          ).get(lower),
        );
      }
    }),
    { seed: 42, numRuns: 300 },
  );
});
