import { deepEqual, equal, match } from "node:assert/strict";
import { cli } from "../../support/cli.ts";
import { folderWith } from "../../support/plugins.ts";

const CONFIG = "routes: [ { id: orders, path: /orders, serviceTime: 20ms } ]\n";

const SCRIPT = `name: steady
scenarios:
  s: { executor: arrival-rate, arrivals: uniform, rate: 10/s, duration: 5s, requests: [ { path: /orders } ] }
thresholds: { s.responseTime: [ "max<=20ms" ] }
`;

/** Simulates with these files, the script as s.yaml. */
async function simulate(
  files: Record<string, string>,
  ...more: readonly string[]
) {
  await using folder = await folderWith({ "c.yaml": CONFIG, ...files });
  const { path } = folder;
  const args = more.map((arg) => arg.replace("FOLDER", path));
  const ended = await cli(
    ...["simulate", `${path}/s.yaml`, "--config", `${path}/c.yaml`],
    ...args,
  );
  const written: Record<string, string> = {};
  for await (const { name } of Deno.readDir(path)) {
    if (name.startsWith("out")) {
      written[name] = await Deno.readTextFile(`${path}/${name}`);
    }
  }
  return { ...ended, err: ended.err.replaceAll(path, "."), written };
}

Deno.test("simulate prints what came of a script, and writes it in the formats that files are named by", async () => {
  const { status, out, err, written } = await simulate(
    { "s.yaml": SCRIPT },
    ...["--out", "FOLDER/out.json", "--out", "FOLDER/out.csv"],
    ...["--out", "FOLDER/out.hgrm"],
  );
  deepEqual([status, err], [0, ""]);
  match(out, /^steady, seed 42: 5\.0 s\n/);
  match(out, /✓ s\.responseTime max<=20ms\n$/);
  const summary = JSON.parse(written["out.json"]);
  equal(summary.scenarios.s.completed, 49);
  match(written["out.csv"], /^time,scenario,/);
  match(written["out.hgrm"], /Total count {4}= +49\]/);
});

Deno.test("simulate ends with 99 where a threshold is not kept", async () => {
  const { status, out } = await simulate({
    "s.yaml": SCRIPT.replace("max<=20ms", "max<20ms"),
  });
  equal(status, 99);
  match(out, /✗ s\.responseTime max<20ms, was 20\n$/);
});

Deno.test("simulate tells all faults of a script with their places, and ends with 2", async () => {
  const { status, out, err } = await simulate({
    "s.yaml": SCRIPT.replace("duration", "duratoin").replace("max<=", "max="),
  });
  deepEqual([status, out], [2, ""]);
  match(err, /^Cannot use the script: 3 faults \[SCRIPT_INVALID\]\n/);
  match(err, /Unknown key "duratoin"/);
  match(err, /suggestion: duration\n {4}at \.\/s\.yaml:3:/);
  match(err, /at column 4: a comparison is expected/);
});

Deno.test("simulate refuses a script that cannot be read or is too long", async () => {
  const unreadable = await simulate({});
  equal(unreadable.status, 2);
  match(unreadable.err, /Cannot read/);
  const long = await simulate({
    "s.yaml": `#${"x".repeat(1024 ** 2)}\n${SCRIPT}`,
  });
  equal(long.status, 2);
  match(long.err, /allowed: at most 1048576 bytes/);
});

Deno.test("simulate refuses what it cannot write before it runs anything", async () => {
  const { status, out, err } = await simulate(
    { "s.yaml": SCRIPT },
    ...["--out", "x.txt", "--out", "y"],
  );
  deepEqual([status, out], [2, ""]);
  match(err, /received: "x\.txt"/);
  match(err, /received: "y"/);
  match(err, /allowed: \.json for the summary/);
  const missing = await simulate(
    { "s.yaml": SCRIPT },
    ...["--out", "FOLDER/none/out.json"],
  );
  equal(missing.status, 2);
  match(missing.err, /Cannot write \.\/none\/out\.json/);
});

Deno.test("simulate says so where the load engine is switched off", async () => {
  const { status, err } = await simulate({
    "s.yaml": SCRIPT,
    "c.yaml": `plugins: { load_engine: false }\n${CONFIG}`,
  });
  equal(status, 2);
  match(err, /The configuration switches the load engine off/);
});
