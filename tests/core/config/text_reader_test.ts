import { deepEqual, equal, match, rejects } from "node:assert/strict";
import {
  FILE_READER_LIMITS,
  TEXT_READER_LIMITS,
  TextReader,
} from "../../../core/config/text_reader.ts";
import { nextTurn } from "../../../core/lib/turn.ts";

/** Notes of a text without placeholders. */
const NOTES = { placeholders: [], filled: [] };

Deno.test("TextReader reads texts on its thread, one after another, and reports syntax errors", async () => {
  await using texts = new TextReader();
  const [first, second, third] = await Promise.all([
    texts.read("a: &x [1, é]\nb: *x\n"),
    texts.read('{"a": [true, null]}'),
    texts.read("a: 1\n\na: 2\n"),
  ]);
  deepEqual(first, { value: { a: [1, "é"], b: [1, "é"] }, ...NOTES });
  deepEqual(second, { value: { a: [true, null] }, ...NOTES });
  deepEqual(third, {
    issues: [{ line: 3, column: 1, message: "the key is written twice" }],
  });
});

Deno.test("TextReader lets the event loop run while it reads a large text", async () => {
  await using texts = new TextReader();
  await texts.read("");
  const text = Array.from({ length: 20_000 }, (_, i) => `- k${i}: ${i}`);
  let turns = 0;
  let done = false;
  const reading = texts.read(text.join("\n")).finally(() => done = true);
  while (!done) {
    await nextTurn();
    turns++;
  }
  equal((await reading).issues, undefined);
  equal(turns > 10, true, `${turns} turns`);
});

Deno.test("TextReader refuses objects with too many keys, unless the text is the server's own file", async () => {
  const keys = Array.from({ length: 10_001 }, (_, i) => `k${i}: 1`).join("\n");
  {
    await using texts = new TextReader();
    deepEqual(await texts.read(keys), {
      issues: [{
        line: 1,
        column: 1,
        message: "an object has more than 10000 keys",
      }],
    });
    equal((await texts.read(keys.slice(6))).issues, undefined);
  }
  await using texts = new TextReader(FILE_READER_LIMITS);
  const { value } = await texts.read(keys) as { value: object };
  equal(Object.keys(value).length, 10_001);
});

Deno.test("TextReader refuses a text that takes too long or too much memory, and reads the next", async () => {
  const large = `{${"a: [],".repeat(100_000)}}`;
  {
    await using texts = new TextReader({ ...TEXT_READER_LIMITS, time: 1 });
    await rejects(texts.read(large), /more than 0.001 s, or 256 MiB/);
  }
  await using texts = new TextReader({
    ...TEXT_READER_LIMITS,
    memory: 64,
    time: 3000,
  });
  await rejects(
    texts.read("[".repeat(1_000_000)),
    /or 64 MiB of memory/,
  );
  deepEqual(await texts.read("a: 1"), { value: { a: 1 }, ...NOTES });
});

Deno.test("TextReader refuses further texts where many wait, and all after its end", async () => {
  const texts = new TextReader({ ...TEXT_READER_LIMITS, waiting: 1 });
  const reading = Promise.allSettled(
    ["a: 1", "b: 1", "c: 1"].map((text) => texts.read(text)),
  );
  deepEqual((await reading).map(({ status }) => status), [
    "fulfilled",
    "fulfilled",
    "rejected",
  ]);
  const last = texts.read("d: 1").catch((error) => error.message);
  await texts[Symbol.asyncDispose]();
  match(await last, /the server is ending/);
  await rejects(texts.read("e: 1"), /the server is ending/);
});

Deno.test("TextReader fills placeholders on its thread", async () => {
  await using texts = new TextReader();
  const text = '{"a": "${HOST}", "b": "${PORT:-1}"}';
  const filled = await texts.read(text, "json", {
    variables: { HOST: "::1" },
    key: "a",
  });
  deepEqual(filled, {
    value: { a: "::1", b: "${PORT:-1}" },
    placeholders: [],
    filled: [{ path: ["a"], text: "::1" }],
  });
  deepEqual(await texts.read(text), {
    value: { a: "${HOST}", b: "${PORT:-1}" },
    placeholders: [
      { name: "HOST", position: { line: 1, column: 7 } },
      { name: "PORT", position: { line: 1, column: 23 } },
    ],
    filled: [],
  });
});
