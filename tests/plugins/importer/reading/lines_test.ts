import { deepEqual, ok } from "node:assert/strict";
import { linesIn } from "../../../../plugins/importer/reading/lines.ts";

/** The lines of a text in parts, each with its number; undefined for one that is too long. */
async function linesOf(
  parts: readonly string[],
  longest = 1000,
): Promise<[number, string | undefined][]> {
  const found: [number, string | undefined][] = [];
  const pieces = async function* () {
    await Promise.resolve();
    yield* parts;
  };
  for await (const { first, lines } of linesIn(pieces(), longest)) {
    lines.forEach((line, i) => found.push([first + i, line]));
  }
  return found;
}

Deno.test("Lines are the same wherever the text is divided", async () => {
  const text = "a\r\nbb\n\nccc\r\n\rd\ne";
  const expected = [
    [1, "a"],
    [2, "bb"],
    [3, ""],
    [4, "ccc"],
    [5, "\rd"],
    [6, "e"],
  ];
  for (let i = 0; i <= text.length; i++) {
    for (let j = i; j <= text.length; j++) {
      const parts = [text.slice(0, i), text.slice(i, j), text.slice(j)];
      deepEqual(await linesOf(parts), expected, JSON.stringify(parts));
    }
  }
  deepEqual(await linesOf([]), []);
  deepEqual(await linesOf(["a\n"]), [[1, "a"]]);
});

Deno.test("A line that is too long is passed over, wherever the text is divided, and the others keep their numbers", async () => {
  for (const text of ["ab\n0123456789\ncd\n", "ab\n0123456789\ncd"]) {
    for (let size = 1; size <= text.length; size++) {
      const parts = Array.from(
        { length: Math.ceil(text.length / size) },
        (_, i) => text.slice(i * size, (i + 1) * size),
      );
      deepEqual(
        await linesOf(parts, 4),
        [[1, "ab"], [2, undefined], [3, "cd"]],
        `${size}`,
      );
    }
  }
  deepEqual(await linesOf(["0123456789"], 4), [[1, undefined]]);
  deepEqual(await linesOf(["01234", "56789"], 4), [[1, undefined]]);
});

Deno.test("A line without end takes no memory", async () => {
  const part = "x".repeat(65_536);
  const before = Deno.memoryUsage().heapUsed;
  const lines = await linesOf(Array.from({ length: 4096 }, () => part), 65_536);
  deepEqual(lines, [[1, undefined]]);
  ok(Deno.memoryUsage().heapUsed - before < 64 * 1024 ** 2);
});
