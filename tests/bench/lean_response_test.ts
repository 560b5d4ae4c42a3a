import { equal, throws } from "node:assert/strict";
import { MalformedResponse, ResponseReader } from "./lean_response.ts";

/** Gives a response to a reader in pieces of so many bytes; true where it was complete with the last byte. */
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

/** A reader that has read a response in pieces of every size, each time with the same result. */
function read(text: string, bodyless = false): ResponseReader {
  const reader = new ResponseReader();
  for (const piece of [1, 2, 3, 7, 64, 4096]) {
    reader.start(bodyless);
    equal(feed(reader, text, piece), true, `in pieces of ${piece} bytes`);
  }
  return reader;
}

Deno.test("ResponseReader reads a response with a content length, however it is cut", () => {
  const reader = read(
    "HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\nContent-Length: 5\r\n\r\nhello",
  );
  equal(reader.status, 200);
  equal(reader.bodyLength, 5);
  equal(reader.keepAlive, true);
});

Deno.test("ResponseReader reads chunks with extensions and a trailer, however they are cut", () => {
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

Deno.test("ResponseReader finds headers on demand, whatever their case", () => {
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

Deno.test("ResponseReader passes over interim responses", () => {
  const reader = read(
    "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n" +
      "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok",
  );
  equal(reader.status, 200);
  equal(reader.bodyLength, 2);
  equal(reader.header("link"), null);
});

Deno.test("ResponseReader takes a body without a length to end with the connection", () => {
  const reader = new ResponseReader();
  reader.start();
  equal(feed(reader, "HTTP/1.1 200 OK\r\n\r\nhello", 4), false);
  equal(reader.end(), true);
  equal(reader.bodyLength, 5);
  equal(reader.keepAlive, false);
});

Deno.test("ResponseReader finds a connection closed too early not to complete a response", () => {
  const reader = new ResponseReader();
  reader.start();
  feed(reader, "HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhel", 9);
  equal(reader.end(), false);
});

Deno.test("ResponseReader knows whether the connection stays open", () => {
  const rest = "content-length: 0\r\n\r\n";
  const keeps = (head: string) => read(head + rest).keepAlive;
  equal(keeps("HTTP/1.1 200 OK\r\n"), true);
  equal(keeps("HTTP/1.1 200 OK\r\nConnection: Close\r\n"), false);
  equal(keeps("HTTP/1.0 200 OK\r\n"), false);
  equal(keeps("HTTP/1.0 200 OK\r\nConnection: keep-alive\r\n"), true);
});

Deno.test("ResponseReader makes room for a long head and a longer body", () => {
  const reader = read(
    `HTTP/1.1 200 OK\r\nx-long: ${
      "a".repeat(40_000)
    }\r\nx-last: 1\r\ncontent-length: 100000\r\n\r\n${"b".repeat(100_000)}`,
  );
  equal(reader.header("x-last"), "1");
  equal(reader.bodyLength, 100_000);
});

Deno.test("ResponseReader refuses what is not HTTP/1.1", () => {
  const refused = [
    "SSH-2.0-OpenSSH_9.2\r\n",
    "HTTP/1.1 2x0 OK\r\n",
    "HTTP/2 200\r\n\r\n",
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
