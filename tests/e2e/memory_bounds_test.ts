// Runs alone, without the profiler: measures memory.
import { deepEqual, ok } from "node:assert/strict";
import { measured } from "../support/measured.ts";
import { FILLS } from "./_memory_bounds.ts";

const UNITS: Readonly<Record<string, number>> = {
  KiB: 1024,
  MiB: 1024 ** 2,
  steps: 1,
};

/** Rows of the table in docs/limits.md: names and bounds. */
async function documented(): Promise<Record<string, number>> {
  const url = new URL("../../docs/limits.md", import.meta.url);
  const [text] = (await Deno.readTextFile(url)).split(
    "\nThese are bounded by number",
  );
  const rows = text.matchAll(
    /^\| `([^`]+)` +\|[^|]+\| +([\d. ]+) (KiB|MiB|steps)\b/gm,
  );
  return Object.fromEntries(
    Array.from(rows, ([, name, amount, unit]) => [
      name,
      Number(amount.replaceAll(" ", "")) * UNITS[unit],
    ]),
  );
}

const BOUNDS = await documented();

Deno.test("docs/limits.md lists each place that is filled here, and no other", () => {
  deepEqual(Object.keys(BOUNDS), Object.keys(FILLS));
});

for (const [name, fill] of Object.entries(FILLS)) {
  Deno.test(`memory: ${name} stay within the bound of docs/limits.md`, async () => {
    const { taken, bound } = await fill();
    // "label values" and "log lines" are rounded up; all others are the constants of the code.
    ok(bound <= BOUNDS[name], `the code allows ${bound}`);
    ok(taken <= bound, `${taken} of ${bound}`);
    ok(taken > bound / 3, `only ${taken} of ${bound}: this fills nothing`);
  });
}

Deno.test("memory of a server under a flood of long texts grows by less than the sum of its bounds", async () => {
  const { before, after } = await measured<
    Record<"before" | "after", number>
  >("flood_memory.ts");
  // The server has one pool of each kind, one fault with `per`, and a journal of 1000 entries.
  const sum = BOUNDS.urls + BOUNDS.overrides + BOUNDS["first requests"] +
    BOUNDS["rate limits"] + BOUNDS.clients + 1000 * BOUNDS.journal;
  ok(after - before < sum, `${after - before} of ${sum} bytes`);
});
