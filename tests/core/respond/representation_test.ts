import { deepEqual, equal, match, ok } from "node:assert/strict";
import fc from "fast-check";
import {
  BytesInMemory,
  MOST_RANGES,
  represent,
} from "../../../core/respond/representation.ts";
import type { Content } from "../../../core/respond/source.ts";
import { requested, testPlan } from "../../support/plan.ts";

const BYTES = Uint8Array.from({ length: 50 }, (_, n) => n);

function answer(range: string, size = BYTES.length): Content {
  return answerTo(new Headers({ range }), "GET", size);
}

function answerTo(
  headers: Headers,
  method: string,
  size = BYTES.length,
): Content {
  const { x } = requested(
    testPlan(),
    new Request("http://localhost/r", { method, headers }),
  );
  return represent(x, {
    type: "text/plain",
    size,
    modified: 0,
    etag: '"a"',
    bytes: new BytesInMemory(BYTES.slice(0, size)),
  }, false);
}

async function read({ body }: Content, limit = 7): Promise<number[]> {
  ok(body !== null && typeof body === "object" && "read" in body);
  const all: number[] = [];
  for (;;) {
    const piece = await body.read(limit);
    if (piece === null) return all;
    all.push(...piece);
  }
}

/** Parts of an answer with several: the range and the bytes of each. */
async function partsOf(content: Content): Promise<[string, number[]][]> {
  const type = content.headers?.get("content-type") ?? "";
  match(type, /^multipart\/byteranges; boundary=/);
  const bytes = await read(content);
  equal(content.headers?.get("content-length"), `${bytes.length}`);
  const text = String.fromCharCode(...bytes);
  const sections = text.split(`--${type.split("boundary=")[1]}`);
  equal(sections.shift(), "");
  equal(sections.pop(), "--\r\n");
  return sections.map((section) => {
    const [head, ...rest] = section.split("\r\n\r\n");
    match(head, /^\r\nContent-Type: text\/plain\r\n/);
    const body = rest.join("\r\n\r\n").slice(0, -2);
    return [
      /Content-Range: (.*)$/.exec(head)?.[1] ?? "",
      Array.from(body, (character) => character.charCodeAt(0)),
    ];
  });
}

/** Bytes that a range names, counted one by one. */
function named(range: [number, number], size: number): number[] {
  return Array.from(BYTES.slice(0, size)).filter((n) =>
    n >= range[0] && n <= range[1]
  );
}

Deno.test("the parts of an answer are the bytes that the ranges name, each once where they overlap", async () => {
  const place = fc.integer({ min: 0, max: 60 });
  const ranges = fc.array(
    fc.tuple(place, place).map(([a, b]): [number, number] => [
      Math.min(a, b),
      Math.max(a, b),
    ]),
    { minLength: 1, maxLength: 5 },
  );
  await fc.assert(
    fc.asyncProperty(ranges, async (asked) => {
      const size = BYTES.length;
      const content = answer(
        `bytes=${asked.map(([first, last]) => `${first}-${last}`).join(", ")}`,
      );
      const some = asked.filter(([first]) => first < size);
      if (some.length === 0) return void equal(content.status, 416);
      equal(content.status, 206);
      const wanted = new Set(some.flatMap((range) => named(range, size)));
      const range = content.headers?.get("content-range");
      const parts: [string, number[]][] = typeof range === "string"
        ? [[range, await read(content)]]
        : await partsOf(content);
      for (const [written, bytes] of parts) {
        const [, first, last] = /^bytes (\d+)-(\d+)\/50$/.exec(written) ?? [];
        deepEqual(bytes, named([Number(first), Number(last)], size));
      }
      const sent = parts.flatMap(([, bytes]) => bytes);
      equal(new Set(sent).size, sent.length);
      deepEqual(
        sent.toSorted((a, b) => a - b),
        [...wanted].sort((a, b) => a - b),
      );
    }),
    { numRuns: 300, seed: 1 },
  );
});

Deno.test("ranges are answered in the order in which they were asked for, unless they overlap", async () => {
  const rangesOf = async (range: string) =>
    (await partsOf(answer(range))).map(([written]) => written);
  deepEqual(await rangesOf("bytes=40-41,-2,0-1"), [
    "bytes 40-41/50",
    "bytes 48-49/50",
    "bytes 0-1/50",
  ]);
  deepEqual(await rangesOf("bytes=40-41,0-1,1-3"), [
    "bytes 0-3/50",
    "bytes 40-41/50",
  ]);
});

Deno.test("a request for too many ranges, or for something else, gets the whole", async () => {
  const list = Array.from({ length: MOST_RANGES + 1 }, (_, n) => `${2 * n}-`);
  for (
    const range of [
      `bytes=${list.join()}`,
      "bytes=a-b",
      "pages=1-2",
      "bytes=--",
    ]
  ) {
    const content = answer(range);
    equal(content.status, undefined, range);
    deepEqual(await read(content), [...BYTES]);
  }
});

/** Values of the headers of conditions, and what they say about the version "a" of the first of January 1970. */
const TAGS = [
  [undefined, undefined],
  ["*", true],
  ['"a"', true],
  ['"x", "a"', true],
  ['"x"', false],
  ["a", false],
] as const;

const DATES = [
  [undefined, undefined],
  ["Thu, 01 Jan 1970 00:00:00 GMT", true],
  ["Thursday, 01-Jan-70 00:00:01 GMT", true],
  ["Wed Dec 31 23:59:59 1969", false],
  // No date of HTTP: as if there were no header.
  ["1969-12-31T23:59:59Z", undefined],
] as const;

Deno.test("conditions are judged in the order of RFC 9110, section 13.2.2", () => {
  let judged = 0;
  for (const method of ["GET", "HEAD"]) {
    for (const [match, isMatch] of [...TAGS, ['W/"a"', false]] as const) {
      for (const [unmodified, isUnmodified] of DATES) {
        for (const [none, isKnown] of [...TAGS, ['W/"a"', true]] as const) {
          for (const [modified, isOld] of DATES) {
            for (const range of [undefined, "bytes=0-1"]) {
              const written = {
                "if-match": match,
                "if-unmodified-since": unmodified,
                "if-none-match": none,
                "if-modified-since": modified,
                range,
              };
              const headers = new Headers();
              for (const [name, value] of Object.entries(written)) {
                if (value !== undefined) headers.set(name, value);
              }
              const { status, headers: sent } = answerTo(headers, method);
              const first = match === undefined ? isUnmodified : isMatch;
              const known = none === undefined ? isOld : isKnown;
              const wanted = first === false
                ? 412
                : known === true
                ? 304
                : range !== undefined && method === "GET"
                ? 206
                : undefined;
              equal(status, wanted, JSON.stringify({ method, ...written }));
              equal(sent?.get("etag"), '"a"');
              judged++;
            }
          }
        }
      }
    }
  }
  equal(judged, 2 * 7 * 5 * 7 * 5 * 2);
});

Deno.test("a part of nothing cannot be had", () => {
  equal(answer("bytes=0-", 0).status, 416);
  equal(answer("bytes=-5", 0).status, 416);
});
