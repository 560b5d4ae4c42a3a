import { deepEqual, equal } from "node:assert/strict";
import fc from "fast-check";
import {
  lineOf,
  linesOf,
  readMessages,
  type Report,
} from "../../../../core/cli/processes/messages.ts";

/** The bytes of a text in pieces of a given size, which may cut characters. */
function streamOf(
  text: string,
  size: number,
): ReadableStream<Uint8Array<ArrayBuffer>> {
  const bytes = new TextEncoder().encode(text);
  const pieces = Array.from(
    { length: Math.ceil(bytes.length / size) },
    (_, index) => bytes.slice(index * size, (index + 1) * size),
  );
  return ReadableStream.from(pieces);
}

/** Text without the characters that end a line or begin a message. */
const word = fc.string({ unit: "grapheme", minLength: 1, maxLength: 12 })
  .filter((text) => !text.includes("\n") && !text.includes("\x1e"));

Deno.test("readMessages() finds messages and printed text, however the stream is cut", async () => {
  const line = fc.oneof(
    word.map((text) => ({ text })),
    word.map((id): { readonly message: Report } => ({
      message: { kind: "prepared", id },
    })),
  );
  await fc.assert(
    fc.asyncProperty(
      fc.array(line, { maxLength: 8 }),
      fc.integer({ min: 1, max: 40 }),
      async (lines, size) => {
        const text = lines.map((each) =>
          "text" in each ? `${each.text}\n` : lineOf(each.message)
        ).join("");
        deepEqual(
          await Array.fromAsync(readMessages<Report>(streamOf(text, size))),
          lines,
        );
      },
    ),
    { seed: 42, numRuns: 100 },
  );
});

Deno.test("readMessages() takes a message that follows text without a line end", async () => {
  const text = `half a line${lineOf({ kind: "hello" })}`;
  deepEqual(await Array.fromAsync(readMessages<Report>(streamOf(text, 100))), [
    { text: "half a line" },
    { message: { kind: "hello" } },
  ]);
});

Deno.test("linesOf() ends with the rest of a stream that has no last line end", async () => {
  deepEqual(await Array.fromAsync(linesOf(streamOf("a\n\nb", 1))), [
    "a",
    "",
    "b",
  ]);
  equal((await Array.fromAsync(linesOf(streamOf("a\n", 1)))).length, 1);
});
