import { deepEqual, equal } from "node:assert/strict";
import fc from "fast-check";
import { RequestHead } from "../../../core/http1/request_head.ts";
import {
  bytesOf,
  get,
  outcomeOf,
  parsePieces,
  parseWhole,
  SHAPES,
} from "./_requests.ts";

Deno.test("RequestHead.parse() comes to the same result however a head is split in two or three", () => {
  for (const text of SHAPES) {
    const whole = parseWhole(text);
    for (let first = 0; first <= text.length; first++) {
      for (let second = first; second <= text.length; second++) {
        deepEqual(parsePieces(text, [first, second]), whole);
      }
    }
  }
});

Deno.test("RequestHead.parse() comes to the same result if bytes arrive one by one", () => {
  for (const text of SHAPES) {
    deepEqual(parsePieces(text, bytesOf(text).keys()), parseWhole(text));
  }
});

Deno.test("RequestHead.parse() tells what is wrong at the first wrong byte", () => {
  for (const text of SHAPES) {
    const { length } = parseWhole(text);
    if (length >= 0) continue;
    const first = [...bytesOf(text).keys()].find((end) =>
      parseWhole(text.slice(0, end)).length < 0
    ) ?? text.length;
    equal(parseWhole(text.slice(0, first)).length, length);
  }
});

Deno.test("RequestHead.parse() comes to the same result after any other head", () => {
  for (const before of SHAPES) {
    for (const text of SHAPES) {
      const parser = new RequestHead();
      parsePieces(before, [], parser);
      parser.reset();
      deepEqual(parsePieces(text, [5], parser), parseWhole(text));
      parser.reset();
      deepEqual(parsePieces(text, [], parser), parseWhole(text));
    }
  }
});

Deno.test("RequestHead.parse() gives its answer again until it is reset", () => {
  for (const text of [get(), "GET\r\n\r\n"]) {
    const parser = new RequestHead();
    const bytes = bytesOf(text);
    const answer = parser.parse(bytes, 0, bytes.length);
    equal(parser.parse(bytes, 0, bytes.length), answer);
  }
});

Deno.test("RequestHead.parse() tells heads apart that differ in any one byte, short and long ones", () => {
  for (const size of [1, 100, 500, 2500]) {
    const parser = new RequestHead();
    const first = bytesOf(get(`X: ${"a".repeat(size)}`, "Y: b"));
    const parsed = (bytes: Uint8Array) => {
      parser.reset();
      return outcomeOf(parser, parser.parse(bytes, 0, bytes.length));
    };
    for (let at = 0; at < first.length; at += size > 1000 ? 101 : 1) {
      const changed = first.slice();
      changed[at] ^= 1;
      const expected = parseWhole(String.fromCharCode(...first));
      deepEqual(parsed(first), expected);
      deepEqual(
        parsed(changed),
        parseWhole(String.fromCharCode(...changed)),
      );
      deepEqual(parsed(first), expected);
      deepEqual(parsed(first), expected);
    }
  }
});

Deno.test("RequestHead.parse() waits for the rest of a head that starts as the one before", () => {
  const parser = new RequestHead();
  const bytes = bytesOf(get(`X: ${"a".repeat(200)}`));
  parser.parse(bytes, 0, bytes.length);
  for (let end = 0; end < bytes.length; end++) {
    parser.reset();
    equal(parser.parse(bytes, 0, end), 0);
    equal(parser.parse(bytes, 0, bytes.length), bytes.length);
  }
});

Deno.test("RequestHead.parse() is right about each of many different heads in a row", () => {
  const parser = new RequestHead();
  for (let i = 0; i < 100; i++) {
    const bytes = bytesOf(get(`X: ${i % 7}`).replace("/", `/${i % 7}`));
    parser.reset();
    equal(parser.parse(bytes, 0, bytes.length), bytes.length);
    equal(parser.target, `/${i % 7}`);
    equal(parser.take().header("x"), `${i % 7}`);
  }
});

/** Bytes that heads are made of, and some that they are not. */
const piece = fc.constantFrom(
  ..."GET|POST|/|*|http://a| |\r\n|\r|\n|\t|HTTP/1.1|HTTP/1.0|Host: a|:|A: b|\0|\x7f|\xe9|,|Content-Length: 1|Transfer-Encoding: chunked|chunked|#"
    .split("|"),
);

Deno.test("RequestHead.parse() depends on the bytes alone, not on how they arrive", () => {
  const parser = new RequestHead();
  fc.assert(
    fc.property(
      fc.array(piece, { maxLength: 12 }),
      fc.boolean(),
      fc.array(fc.nat(120), { maxLength: 4 }),
      (pieces, isRequest, cuts) => {
        const text = (isRequest ? "GET / HTTP/1.1\r\nHost: a\r\n" : "") +
          pieces.join("");
        const ends = cuts.filter((cut) => cut <= text.length)
          .sort((a, b) => a - b);
        parser.reset();
        deepEqual(parsePieces(text, ends, parser), parseWhole(text));
      },
    ),
    { seed: 42, numRuns: 2000 },
  );
});
