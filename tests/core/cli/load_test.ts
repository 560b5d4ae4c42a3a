import { deepEqual, equal, match } from "node:assert/strict";
import { createPerfmock } from "../../../mod.ts";
import { ProgressLine } from "../../../core/cli/load.ts";
import { cli } from "../../support/cli.ts";
import { folderWith } from "../../support/plugins.ts";

const CONFIG = "routes: [ { id: orders, path: /orders, serviceTime: 5ms } ]\n";

const SCRIPT = `name: steady
scenarios:
  s: { executor: shared-iterations, users: 2, iterations: 20, requests: [ { path: /orders } ] }
thresholds: { s.responseTime: [ "min>=5ms" ], failed: [ "count==0" ] }
`;

Deno.test("load without a target starts its own server, and ends with 0 or 99", async () => {
  await using folder = await folderWith({
    "c.yaml": CONFIG,
    "s.yaml": SCRIPT,
    "bad.yaml": SCRIPT.replace("min>=", "max<"),
  });
  const config = ["--config", `${folder.path}/c.yaml`];
  const out = `${folder.path}/out.json`;
  const kept = await cli(
    ...["load", `${folder.path}/s.yaml`, ...config, "--out", out],
  );
  deepEqual([kept.status, kept.err], [0, ""]);
  match(kept.out, /^steady, seed 42: /);
  const { scenarios } = JSON.parse(await Deno.readTextFile(out));
  deepEqual([scenarios.s.started, scenarios.s.completed], [20, 20]);
  equal((await cli("load", `${folder.path}/bad.yaml`, ...config)).status, 99);
});

Deno.test("load with a target sends requests there, and starts no server", async () => {
  await using server = await createPerfmock({
    routes: [{ id: "orders", path: "/orders", serviceTime: "5ms" }],
  });
  await using folder = await folderWith({ "c.yaml": CONFIG, "s.yaml": SCRIPT });
  const { status } = await cli(
    ...["load", `${folder.path}/s.yaml`, "--target", `${server.url}`],
    ...["--config", `${folder.path}/c.yaml`],
  );
  equal(status, 0);
  equal(server.requests().length, 20);
});

Deno.test("load refuses a target that is not allowed, and explains how to allow it", async () => {
  await using folder = await folderWith({ "c.yaml": CONFIG, "s.yaml": SCRIPT });
  const { status, err } = await cli(
    ...["load", `${folder.path}/s.yaml`, "--target", "http://example.com"],
    ...["--config", `${folder.path}/c.yaml`],
  );
  equal(status, 2);
  match(err, /Target http:\/\/example\.com is not allowed/);
  match(err, /load_engine: \{ targets: \["http:\/\/example\.com"\] \}/);
});

Deno.test("ProgressLine overwrites its line on a terminal, and prints nothing elsewhere", () => {
  for (const live of [true, false]) {
    let written = "";
    const line = new ProgressLine({
      write: () => {},
      writeError: (text) => void (written += text),
      bold: (text) => text,
      dim: (text) => text,
      live,
    });
    line.clear();
    line.show({ elapsed: 0, scenarios: [] }, "1 s");
    line.show({ elapsed: 0, scenarios: [] }, "2 s");
    line.clear();
    line.clear();
    equal(written, live ? "\r\x1b[2K1 s\r\x1b[2K2 s\r\x1b[2K" : "");
  }
});

const SIMULATED =
  "routes: [ { id: orders, path: /orders, serviceTime: 20ms } ]\n";

const SIMULATION = `name: steady
scenarios:
  s: { executor: arrival-rate, arrivals: uniform, rate: 10/s, duration: 5s, requests: [ { path: /orders } ] }
thresholds: { s.responseTime: [ "max<=20ms" ] }
`;

/** Runs `simulate` in a folder with these files; s.yaml is the script. */
async function simulate(
  files: Record<string, string>,
  ...more: readonly string[]
) {
  await using folder = await folderWith({ "c.yaml": SIMULATED, ...files });
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

Deno.test("simulate prints its results, and writes them in the format of each file's extension", async () => {
  const { status, out, err, written } = await simulate(
    { "s.yaml": SIMULATION },
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

Deno.test("simulate ends with 99 if a threshold is crossed", async () => {
  const { status, out } = await simulate({
    "s.yaml": SIMULATION.replace("max<=20ms", "max<20ms"),
  });
  equal(status, 99);
  match(out, /✗ s\.responseTime max<20ms, was 20\n$/);
});

Deno.test("simulate lists all errors of a script with their places, and ends with 2", async () => {
  const { status, out, err } = await simulate({
    "s.yaml": SIMULATION.replace("duration", "duratoin").replace(
      "max<=",
      "max=",
    ),
  });
  deepEqual([status, out], [2, ""]);
  match(err, /^Cannot use the script: 3 errors \[SCRIPT_INVALID\]\n/);
  match(err, /Unknown key "duratoin"/);
  match(err, /suggestion: duration\n {4}at \.\/s\.yaml:3:/);
  match(err, /at column 4: a comparison is expected/);
});

Deno.test("simulate refuses a script that cannot be read or is too long", async () => {
  const unreadable = await simulate({});
  equal(unreadable.status, 2);
  match(unreadable.err, /Cannot read/);
  const long = await simulate({
    "s.yaml": `#${"x".repeat(1024 ** 2)}\n${SIMULATION}`,
  });
  equal(long.status, 2);
  match(long.err, /allowed: at most 1048576 bytes/);
});

Deno.test("simulate checks the extensions of its output files before the run", async () => {
  const { status, out, err } = await simulate(
    { "s.yaml": SIMULATION },
    ...["--out", "x.txt", "--out", "y"],
  );
  deepEqual([status, out], [2, ""]);
  match(err, /received: "x\.txt"/);
  match(err, /received: "y"/);
  match(err, /allowed: \.json for the summary/);
  const missing = await simulate(
    { "s.yaml": SIMULATION },
    ...["--out", "FOLDER/none/out.json"],
  );
  equal(missing.status, 2);
  match(missing.err, /Cannot write \.\/none\/out\.json/);
});

Deno.test("simulate reports that the load engine is turned off", async () => {
  const { status, err } = await simulate({
    "s.yaml": SIMULATION,
    "c.yaml": `plugins: { load_engine: false }\n${SIMULATED}`,
  });
  equal(status, 2);
  match(err, /The configuration switches the load engine off/);
});
