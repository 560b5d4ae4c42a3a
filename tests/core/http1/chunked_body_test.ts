import { deepEqual, equal } from "node:assert/strict";
import fc from "fast-check";
import { ChunkedBody } from "../../../core/http1/chunked_body.ts";
import { HEAD_LIMITS } from "../../../core/http1/request_head.ts";
import { bytesOf } from "./_requests.ts";

interface Outcome {
  /** Bytes of the body as Latin-1. */
  readonly data: string;
  /** Number of bytes of the text that belong to the body, or minus the status of the refusal. */
  readonly length: number;
  readonly done: boolean;
  readonly reason: string;
}

/** Decodes a body whose bytes arrive in pieces, each in a buffer of its own. */
function decode(
  text: string,
  cuts: Iterable<number> = [],
  body: ChunkedBody = new ChunkedBody(HEAD_LIMITS),
): Outcome {
  const bytes = bytesOf(text);
  let data = "";
  let from = 0;
  for (const to of [...cuts, bytes.length]) {
    const buffer = new Uint8Array(to - from + 5).fill(0x30);
    buffer.set(bytes.subarray(from, to), 3);
    const after = body.decode(buffer, 3, 3 + to - from, (first, end) => {
      data += String.fromCharCode(...buffer.subarray(first, end));
    });
    if (after < 0) {
      return { data, length: after, done: body.done, reason: body.reason };
    }
    from += after - 3;
    if (body.done) break;
    equal(from, to);
  }
  return { data, length: from, done: body.done, reason: body.reason };
}

/** Asserts that a whole body is accepted, and returns its data. */
function accepted(text: string): string {
  const { data, length, done, reason } = decode(text);
  equal(reason, "");
  equal(done, true);
  equal(length, text.length);
  return data;
}

function refused(text: string, status: number): void {
  const { length, done, reason } = decode(text);
  equal(length, -status, `${JSON.stringify(text)}: ${reason}`);
  equal(done, false);
}

const BODIES: readonly string[] = [
  "0\r\n\r\n",
  "5\r\nhello\r\n0\r\n\r\n",
  '5;a=b;c="d\\"e" ; f\r\nhello\r\n000\r\nX: y\r\nZ: \r\n\r\nGET /',
  "A\r\n\r\n0\r\n\r\nabc\r\n1\r\nx\r\n0\r\n\r\n",
  "5\r\nhelloX\r\n",
  "5\r\nhello\n0\r\n\r\n",
  "5\nhello\r\n",
  "5\r\nhello\r\n0\r\nX : y\r\n\r\n",
  "5 \r\nhello\r\n0\r\n\r\n",
  "g\r\n",
  "5\r\nhel",
];

Deno.test("ChunkedBody.decode() joins chunks of hexadecimal sizes", () => {
  equal(accepted("0\r\n\r\n"), "");
  equal(accepted("5\r\nhello\r\n0\r\n\r\n"), "hello");
  equal(accepted("1\r\na\r\n02\r\nbc\r\n00\r\n\r\n"), "abc");
  equal(accepted(`1a\r\n${"x".repeat(26)}\r\n0\r\n\r\n`), "x".repeat(26));
  equal(accepted(`0F\r\n${"x".repeat(15)}\r\n0\r\n\r\n`), "x".repeat(15));
  equal(accepted("4\r\n\r\n\r\n\r\n0\r\n\r\n"), "\r\n\r\n");
});

Deno.test("ChunkedBody.decode() stops after the body", () => {
  const { length, done } = decode("1\r\na\r\n0\r\n\r\nGET / HTTP/1.1\r\n");
  equal(length, "1\r\na\r\n0\r\n\r\n".length);
  equal(done, true);
});

Deno.test("ChunkedBody.decode() refuses sizes that are no hexadecimal number", () => {
  for (
    const size of [
      "",
      "g",
      "-1",
      "+1",
      "0x1",
      " 1",
      "1 1",
      "1,1",
      "\t1",
      "1_0",
      "\xb2",
      ";a",
    ]
  ) refused(`${size}\r\na\r\n0\r\n\r\n`, 400);
});

Deno.test("ChunkedBody.decode() answers sizes above 2^53-1 or of more than 16 digits with 413", () => {
  equal(decode("1fffffffffffff\r\n").length, 16);
  equal(decode("0000000000000001\r\n").length, 18);
  refused("20000000000000\r\n", 413);
  refused("ffffffffffffffff\r\n", 413);
  refused("00000000000000001\r\n", 413);
  refused("10000000000000005\r\n", 413);
});

Deno.test("ChunkedBody.decode() refuses each line that does not end with CR LF", () => {
  const whole = "1\r\n-\r\n0\r\nA: b\r\n\r\n";
  for (
    let at = whole.indexOf("\r");
    at >= 0;
    at = whole.indexOf("\r", at + 1)
  ) {
    for (const end of ["\n", "\r", "\r\r\n", "\n\r", "", "\r \n"]) {
      refused(
        whole.slice(0, at) + end + whole.slice(at + 2) + "0\r\n\r\n",
        400,
      );
    }
  }
});

Deno.test("ChunkedBody.decode() refuses a chunk that is longer or shorter than its size", () => {
  refused("3\r\nhello\r\n0\r\n\r\n", 400);
  refused("7\r\nhello\r\n0\r\n\r\n", 400);
});

Deno.test("ChunkedBody.decode() skips valid chunk extensions and refuses others", () => {
  for (
    const extension of [
      ";a",
      ";a=b",
      ";a=b;c=d;e",
      ';a="b c\t\\"\\\\ \xe9"',
      ';a=""',
      " ; a",
      ";\ta = b ;c",
      ';a="b" ;c',
      ";a\t;b",
    ]
  ) equal(accepted(`1${extension}\r\nx\r\n0${extension}\r\n\r\n`), "x");
  for (
    const extension of [
      ";",
      "; ",
      ";;a",
      ";=b",
      ";a=",
      ";a= ",
      ";a=b c",
      ";a b",
      ';a="b',
      ';a="b"c',
      ';a="b\0"',
      ';a="b\n"',
      ';a="b\\\n"',
      ";a=b\n",
      ";a\n",
      ';a=b"c"',
      ";(a)",
      " ",
      "\t",
      ";a ",
      ";a=b ",
      ' a="b"',
      ";\r",
      ";a=@",
      ";\xe9",
    ]
  ) refused(`1${extension}\r\nx\r\n0\r\n\r\n`, 400);
});

Deno.test("ChunkedBody.decode() answers extensions of more than 16 KiB in one body with 413", () => {
  const chunk = `1;${"a".repeat(1023)}\r\nx\r\n`;
  equal(decode(chunk.repeat(16)).length, 16 * chunk.length);
  refused(chunk.repeat(17), 413);
});

Deno.test("ChunkedBody.decode() holds trailers to the rules of header lines and discards them", () => {
  equal(accepted("1\r\nx\r\n0\r\nA: b\r\nContent-Length: 5\r\n\r\n"), "x");
  for (
    const trailer of [
      "A",
      "A : b",
      " A: b",
      ": b",
      "A: b\0",
      "A: b\r\n c",
      "A: b\n",
      "A\r: b",
    ]
  ) refused(`0\r\n${trailer}\r\n\r\n`, 400);
});

Deno.test("ChunkedBody.decode() answers too many or too long trailers with 431", () => {
  const limits = { line: 100, bytes: 30, count: 2 };
  const lengths = (text: string) => [
    decode(text, [], new ChunkedBody(limits)).length,
    decode(text, bytesOf(text).keys(), new ChunkedBody(limits)).length,
  ];
  const trailers = (count: number, size: number) =>
    `0\r\n${`A:${"b".repeat(size - 4)}\r\n`.repeat(count)}\r\n`;
  deepEqual(lengths(trailers(2, 14)), [33, 33]);
  deepEqual(lengths(trailers(2, 15)), [-431, -431]);
  deepEqual(lengths(trailers(3, 5)), [-431, -431]);
});

Deno.test("ChunkedBody.decode() comes to the same result however a body is split in two or three", () => {
  for (const text of BODIES) {
    const whole = decode(text);
    for (let first = 0; first <= text.length; first++) {
      for (let second = first; second <= text.length; second++) {
        deepEqual(decode(text, [first, second]), whole);
      }
    }
  }
});

Deno.test("ChunkedBody.decode() comes to the same result if bytes arrive one by one", () => {
  for (const text of BODIES) {
    deepEqual(decode(text, bytesOf(text).keys()), decode(text));
  }
});

Deno.test("ChunkedBody.decode() comes to the same result after any other body", () => {
  for (const before of BODIES) {
    for (const text of BODIES) {
      const body = new ChunkedBody(HEAD_LIMITS);
      decode(before, [], body);
      body.reset();
      deepEqual(decode(text, [], body), decode(text));
    }
  }
});

Deno.test("ChunkedBody.decode() consumes nothing once it is done, and refuses again what it has refused", () => {
  const body = new ChunkedBody(HEAD_LIMITS);
  decode("0\r\n\r\n", [], body);
  equal(decode("5\r\n", [], body).length, 0);
  body.reset();
  equal(decode("x", [], body).length, -400);
  equal(decode("5", [], body).length, -400);
  equal(decode("", [], body).length, -400);
});

Deno.test("ChunkedBody.decode() gives back what was cut into chunks", () => {
  const bytes = fc.string({
    unit: fc.nat(255).map((n) => String.fromCharCode(n)),
    minLength: 1,
    maxLength: 40,
  });
  fc.assert(
    fc.property(
      fc.array(bytes, { maxLength: 8 }),
      fc.constantFrom("", ";a", ';a="b\\c"'),
      fc.array(fc.nat(400), { maxLength: 5 }),
      (chunks, extension, cuts) => {
        const text = [...chunks, ""].map((chunk) =>
          `${chunk.length.toString(16)}${extension}\r\n${chunk}\r\n`
        ).join("");
        const ends = cuts.filter((cut) => cut <= text.length).sort((a, b) =>
          a - b
        );
        deepEqual(decode(text, ends), {
          data: chunks.join(""),
          length: text.length,
          done: true,
          reason: "",
        });
      },
    ),
    { seed: 42, numRuns: 500 },
  );
});
