import { deepEqual, equal, match } from "node:assert/strict";
import { preview } from "../../../core/cli/preview.ts";
import { errorOf, lines } from "../../support/errors.ts";
import { folderWith } from "../../support/plugins.ts";

const USUAL = { unit: "rate", points: "25" };

/** Returns the lines that `preview` prints. */
async function printed(
  text: string,
  options: Partial<Parameters<typeof preview>[1]> = {},
): Promise<string[]> {
  let output = "";
  const status = await preview(text, { ...USUAL, ...options }, {
    write: (text) => output += text,
    writeError: () => {},
    bold: (text) => text,
    dim: (text) => text,
  });
  equal(status, 0);
  return output.trimEnd().split("\n");
}

Deno.test("preview prints times, rates, arrivals and bars from 0 to a signal's end", async () => {
  const bar = (length: number) => "█".repeat(length);
  deepEqual(
    await printed("{ramp: {from: 0/s, to: 100/s, over: 40s}}", { points: "5" }),
    [
      "  time  value  arrivals",
      "   0ms    0/s         0",
      `   10s   25/s       125  ${bar(13)}`,
      `   20s   50/s       500  ${bar(25)}`,
      `   30s   75/s      1125  ${bar(38)}`,
      `   40s  100/s      2000  ${bar(50)}`,
    ],
  );
});

Deno.test("preview shows two minutes of a signal without an end, or the duration of --over", async () => {
  const wave = '{"sine":{"mean":1,"amplitude":3,"period":"1m"}}';
  const all = await printed(wave);
  equal(all.length, 26);
  match(all[25], /^ +2m/);
  const quarters = await printed(wave, {
    unit: "number",
    over: "60s",
    points: "5",
  });
  deepEqual(quarters.map((line) => line.trim().split(/ +/).slice(0, 2)), [
    ["time", "value"],
    ["0ms", "1"],
    ["15s", "4"],
    ["30s", "1"],
    ["45s", "-2"],
    ["60s", "1"],
  ]);
  equal((await printed("0", { points: "2" }))[1], "   0ms    0/s         0");
});

Deno.test("preview reads files, with paths relative to the file", async () => {
  await using folder = await folderWith({
    "signal.yaml": "trace: { file: course.csv }\n",
    "course.csv": "0s,10/s\n10s,30/s\n",
  });
  const [, ...rows] = await printed(`${folder.path}/signal.yaml`, {
    points: "3",
  });
  deepEqual(rows.map((row) => row.trim().split(/ +/)[1]), [
    "10/s",
    "20/s",
    "30/s",
  ]);
});

Deno.test("preview lists all errors of a signal", async () => {
  const error = await errorOf(() =>
    printed("{ramp: {from: 5/sec, too: 1, over: 0s}}")
  );
  equal(error.message, "Cannot preview this signal");
  deepEqual(lines(error), [
    '/ramp/from: Cannot read "5/sec" as a rate → 5/s',
    '/ramp/over: Must be greater than 0, received "0s"',
    '/ramp/too: Unknown key "too" → to',
  ]);
});

Deno.test("preview reports the syntax error of malformed YAML", async () => {
  const error = await errorOf(() => printed("{a: ["));
  equal(error.code, "ARGUMENT_INVALID");
  match(lines(error)[0], /at line 1, column 6$/);
  match(lines(await errorOf(() => printed("*nothing")))[0], /alias/);
});

Deno.test("preview lists all errors of its options", async () => {
  const error = await errorOf(() =>
    printed("5", { unit: "rat", over: "0", points: "many" })
  );
  equal(error.message, "Cannot preview with these options");
  deepEqual(lines(error), [
    '--unit: Must be "rate" or "number", received "rat" → rate',
    '--over: Cannot read "0" as a duration → 0ms or 0s',
    "--points: Expected a whole number, received a string",
  ]);
});
