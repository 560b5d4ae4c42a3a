import { equal, throws } from "node:assert/strict";
import fc from "fast-check";
import {
  MalformedResponse,
  ResponseReader,
} from "../../../../plugins/load_engine/http/mod.ts";

/** Passes a response to a reader in pieces of a number of bytes. Returns true if it was complete with the last byte. */
function feed(reader: ResponseReader, text: string, piece: number): boolean {
  const bytes = new TextEncoder().encode(text);
  let complete = false;
  for (let from = 0; from < bytes.length; from += piece) {
    if (complete) return false;
    const part = bytes.subarray(from, from + piece);
    reader.space().set(part);
    complete = reader.push(part.length);
  }
  return complete;
}

/** Returns a reader that has read a response in pieces of every size, each time with the same result. */
function read(text: string, bodyless = false): ResponseReader {
  const reader = new ResponseReader();
  for (const piece of [1, 2, 3, 7, 64, 4096]) {
    reader.start(bodyless);
    equal(feed(reader, text, piece), true, `in pieces of ${piece} bytes`);
  }
  return reader;
}

Deno.test("ResponseReader reads a response with a content length in pieces of any size", () => {
  const reader = read(
    "HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\nContent-Length: 5\r\n\r\nhello",
  );
  equal(reader.status, 200);
  equal(reader.bodyLength, 5);
  equal(reader.keepAlive, true);
});

Deno.test("ResponseReader reads chunks with extensions and a trailer in pieces of any size", () => {
  const reader = read(
    "HTTP/1.1 201 Created\r\nTransfer-Encoding: gzip, chunked\r\n\r\n" +
      "5\r\nhello\r\n1a;name=value\r\nabcdefghijklmnopqrstuvwxyz\r\n0\r\nx-after: 1\r\n\r\n",
  );
  equal(reader.status, 201);
  equal(reader.bodyLength, 31);
});

Deno.test("ResponseReader reads an empty chunked body", () => {
  const reader = read(
    "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n",
  );
  equal(reader.bodyLength, 0);
});

Deno.test("ResponseReader.header() ignores the case of header names", () => {
  const reader = read(
    "HTTP/1.1 200\r\nPerfmock-Sequence: 17\r\nserver-timing:total;dur=20.031 \r\ncontent-length: 0\r\nX:\r\n\r\n",
  );
  equal(reader.header("perfmock-sequence"), "17");
  equal(reader.header("server-timing"), "total;dur=20.031");
  equal(reader.header("x"), "");
  equal(reader.header("perfmock"), null);
  equal(reader.header("absent"), null);
});

Deno.test("ResponseReader keeps a head readable until the bytes of the next response come", () => {
  const reader = read(
    "HTTP/1.1 200 OK\r\nx-first: yes\r\ncontent-length: 1\r\n\r\na",
  );
  reader.space();
  equal(reader.header("x-first"), "yes");
});

Deno.test("ResponseReader expects no body after HEAD, 204 and 304", () => {
  const head = "content-length: 5\r\n\r\n";
  equal(read(`HTTP/1.1 200 OK\r\n${head}`, true).bodyLength, 0);
  equal(read(`HTTP/1.1 304 Not Modified\r\n${head}`).status, 304);
  equal(read("HTTP/1.1 204 No Content\r\n\r\n").status, 204);
});

Deno.test("ResponseReader skips interim responses", () => {
  const reader = read(
    "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n" +
      "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok",
  );
  equal(reader.status, 200);
  equal(reader.bodyLength, 2);
  equal(reader.header("link"), null);
});

Deno.test("ResponseReader ends a body without a length with the connection", () => {
  const reader = new ResponseReader();
  reader.start();
  equal(feed(reader, "HTTP/1.1 200 OK\r\n\r\nhello", 4), false);
  equal(reader.end(), true);
  equal(reader.bodyLength, 5);
  equal(reader.keepAlive, false);
});

Deno.test("ResponseReader does not complete a response if the connection closes too early", () => {
  const reader = new ResponseReader();
  reader.start();
  feed(reader, "HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhel", 9);
  equal(reader.end(), false);
});

Deno.test("ResponseReader reports whether the connection stays open", () => {
  const rest = "content-length: 0\r\n\r\n";
  const keeps = (head: string) => read(head + rest).keepAlive;
  equal(keeps("HTTP/1.1 200 OK\r\n"), true);
  equal(keeps("HTTP/1.1 200 OK\r\nConnection: Close\r\n"), false);
  equal(keeps("HTTP/1.0 200 OK\r\n"), false);
  equal(keeps("HTTP/1.0 200 OK\r\nConnection: keep-alive\r\n"), true);
  equal(keeps("HTTP/1.1 200 OK\r\nConnection: x-a , close\r\n"), false);
  equal(keeps("HTTP/1.0 200 OK\r\nConnection: x-a,keep-alive\r\n"), true);
  equal(keeps("HTTP/1.1 200 OK\r\nConnection: upgrade\r\n"), true);
});

Deno.test("ResponseReader grows its buffer for a long head and a longer body", () => {
  const reader = read(
    `HTTP/1.1 200 OK\r\nx-long: ${
      "a".repeat(40_000)
    }\r\nx-last: 1\r\ncontent-length: 100000\r\n\r\n${"b".repeat(100_000)}`,
  );
  equal(reader.header("x-last"), "1");
  equal(reader.bodyLength, 100_000);
});

Deno.test("ResponseReader rejects bytes that are not HTTP/1.1", () => {
  const refused = [
    "SSH-2.0-OpenSSH_9.2\r\n",
    "HTTP/1.1 2x0 OK\r\n",
    "HTTP/2 200\r\n\r\n",
    "HTTP/1.1 2000 OK\r\n",
    "HTTP/1.1 101 Switching Protocols\r\n",
    "HTTP/1.1 200 OK\r\ncontent-length: 1\r\ncontent-length: 2\r\n",
    "HTTP/1.1 200 OK\r\ncontent-length:\r\n",
    "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n1234567890123\r\n",
    "HTTP/1.1 200 OK\r\ncontent-length: five\r\n",
    "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nokmore",
    "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nxyz\r\n",
    "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n\r\n",
    "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nokmore\r\n",
    `HTTP/1.1 200 OK\r\nx: ${"a".repeat(70_000)}`,
  ];
  for (const text of refused) {
    const reader = new ResponseReader();
    reader.start();
    throws(() => feed(reader, text, 4096), MalformedResponse, text);
  }
});

Deno.test("ResponseReader ends a body with another transfer encoding than chunked with the connection", () => {
  const reader = new ResponseReader();
  reader.start();
  const head =
    "HTTP/1.1 200 OK\r\ntransfer-encoding: gzip\r\ncontent-length: 2\r\n\r\n";
  equal(feed(reader, `${head}hello`, 4096), false);
  equal(reader.end(), true);
  equal(reader.bodyLength, 5);
});

Deno.test("ResponseReader accepts the same content length twice, and blanks around it", () => {
  const reader = read(
    "HTTP/1.1 200 OK\r\ncontent-length:\t2 \r\ncontent-length: 2\r\n\r\nok",
  );
  equal(reader.bodyLength, 2);
});

Deno.test("ResponseReader keeps at most 1 MiB of a body's text, and only with keepBody", () => {
  const reader = new ResponseReader();
  reader.start(false, true);
  feed(reader, "HTTP/1.1 200 OK\r\ncontent-length: 6\r\n\r\ngrün!", 3);
  equal(reader.bodyText, "grün!");
  reader.start(false, true);
  const size = 0x180000;
  feed(
    reader,
    `HTTP/1.1 200 OK\r\ncontent-length: ${size}\r\n\r\n${"a".repeat(size)}`,
    4096,
  );
  equal(reader.bodyLength, size);
  equal(reader.bodyText, "a".repeat(0x100000));
  reader.start();
  feed(reader, "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok", 4096);
  equal(reader.bodyText, "");
});

/** A possible response, and its content. */
const responses = fc.record({
  status: fc.integer({ min: 200, max: 599 }).filter((status) =>
    status !== 204 && status !== 304
  ),
  interim: fc.boolean(),
  body: fc.array(fc.string({ minLength: 1, maxLength: 40 }), { maxLength: 6 }),
  chunked: fc.boolean(),
  header: fc.stringMatching(/^[a-zA-Z0-9]{0,30}$/),
}).map(({ status, interim, body, chunked, header }) => {
  const bytes = (text: string) => new TextEncoder().encode(text).length;
  const head = `HTTP/1.1 ${status} X\r\nX-Header: ${header}\r\n`;
  const whole = body.join("");
  const framed = chunked
    ? `Transfer-Encoding: chunked\r\n\r\n${
      body.map((part) => `${bytes(part).toString(16)};e=1\r\n${part}\r\n`)
        .join("")
    }0\r\nX-After: 1\r\n\r\n`
    : `Content-Length: ${bytes(whole)}\r\n\r\n${whole}`;
  const before = interim ? "HTTP/1.1 103 Early Hints\r\nlink: x\r\n\r\n" : "";
  return {
    status,
    header,
    body: whole,
    text: before + head + framed,
  };
});

Deno.test("ResponseReader reads every response alike in pieces of any size", () => {
  const reader = new ResponseReader();
  fc.assert(
    fc.property(
      responses,
      fc.array(fc.integer({ min: 1, max: 30 }), { minLength: 1 }),
      ({ status, header, body, text }, pieces) => {
        reader.start(false, true);
        const bytes = new TextEncoder().encode(text);
        let complete = false;
        for (let from = 0, i = 0; from < bytes.length; i++) {
          equal(complete, false);
          const part = bytes.subarray(from, from + pieces[i % pieces.length]);
          reader.space().set(part);
          complete = reader.push(part.length);
          from += part.length;
        }
        equal(complete, true);
        equal(reader.status, status);
        equal(reader.header("x-header"), header);
        equal(reader.bodyText, body);
      },
    ),
    { seed: 9, numRuns: 300 },
  );
});

Deno.test("ResponseReader reports garbage as malformed or incomplete, and is usable afterwards", () => {
  const reader = new ResponseReader();
  fc.assert(
    fc.property(
      fc.uint8Array({ minLength: 1, maxLength: 200 }),
      fc.constantFrom(
        "",
        "HTTP/1.1 ",
        "HTTP/1.1 200 OK\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
      ),
      (garbage, before) => {
        reader.start();
        try {
          for (const bytes of [new TextEncoder().encode(before), garbage]) {
            if (bytes.length === 0) continue;
            reader.space().set(bytes);
            reader.push(bytes.length);
          }
        } catch (error) {
          equal((error as Error).name, "MalformedResponse");
        }
        reader.start();
        equal(feed(reader, "HTTP/1.1 204 No Content\r\n\r\n", 5), true);
      },
    ),
    { seed: 9, numRuns: 500 },
  );
});
