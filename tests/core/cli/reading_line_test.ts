import { equal } from "node:assert/strict";
import { ReadingLine } from "../../../core/cli/reading_line.ts";

const MIB = 1024 ** 2;

/** Shows the reading of a file of 9.5 MiB at given times in ms after its start, one MiB further each time; returns what was written. */
function shownAt(
  times: readonly number[],
  terminal: { readonly live?: boolean; readonly columns?: number } = {},
): string {
  let written = "";
  let now = 1000;
  const real = performance.now;
  performance.now = () => now;
  try {
    const line = new ReadingLine({
      write: () => {},
      writeError: (text) => void (written += text),
      bold: (text) => text,
      dim: (text) => text,
      ...terminal,
    });
    line.clear();
    for (const [index, time] of times.entries()) {
      now = 1000 + time;
      line.show({
        file: "/logs/access.log",
        bytes: (index + 0.9) * MIB,
        size: 9.5 * MIB,
      });
    }
    line.clear();
    line.clear();
  } finally {
    performance.now = real;
  }
  return written;
}

Deno.test("ReadingLine overwrites one line every 200 ms on a terminal, never wraps, and removes it", () => {
  const clear = "\r\x1b[2K";
  equal(
    shownAt([199, 200, 399, 400], { live: true }),
    `${clear}Reading access.log: 1 of 10 MiB${clear}Reading access.log: 3 of 10 MiB${clear}`,
  );
  equal(
    shownAt([200], { live: true, columns: 8 }),
    `${clear}Reading${clear}`,
  );
});

Deno.test("ReadingLine prints a line every 2 s where there is no terminal, and none for a short reading", () => {
  equal(
    shownAt([500, 2000, 3999, 4100], { columns: 8 }),
    "Reading access.log: 1 of 10 MiB\nReading access.log: 3 of 10 MiB\n",
  );
  equal(shownAt([100, 1999]), "");
});
