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
  deepEqual([kept.status, kept.err], [0, ""], kept.out);
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

/** Makes the progress of a run on a terminal, and a reader of what it wrote. */
function progressOn(terminal: { live?: boolean; columns?: number }) {
  let written = "";
  const line = new ProgressLine({
    write: () => {},
    writeError: (text) => void (written += text),
    bold: (text) => text,
    dim: (text) => text,
    ...terminal,
  });
  return {
    line,
    show: (elapsed: number, text: string) => line.show({ elapsed }, text),
    written: () => written,
  };
}

Deno.test("ProgressLine overwrites its line on a terminal, and never wraps", () => {
  const { line, show, written } = progressOn({ live: true, columns: 5 });
  line.clear();
  show(1000, "1 s");
  show(2000, "2 s, 10/s");
  line.clear();
  line.clear();
  equal(written(), "\r\x1b[2K1 s\r\x1b[2K2 s,\r\x1b[2K");
});

Deno.test("ProgressLine prints a line every 10 s where there is no terminal", () => {
  const { line, show, written } = progressOn({});
  // A report may come a little late, or not at all.
  const times = [1000, 9002, 9999.99, 11_000, 12_000, 19_000, 20_003];
  for (const elapsed of [...times, 45_000, 46_000, 50_001]) {
    show(elapsed, `${elapsed}`);
  }
  line.clear();
  equal(written(), "9999.99\n20003\n45000\n50001\n");
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
  match(out, /✓ s\.responseTime max<=20ms: 20 ms\n$/);
  const summary = JSON.parse(written["out.json"]);
  equal(summary.scenarios.s.completed, 50);
  match(written["out.csv"], /^time,scenario,/);
  match(written["out.hgrm"], /Total count {4}= +50\]/);
});

Deno.test("simulate ends with 99 if a threshold is crossed", async () => {
  const { status, out } = await simulate({
    "s.yaml": SIMULATION.replace("max<=20ms", "max<20ms"),
  });
  equal(status, 99);
  match(out, /✗ s\.responseTime max<20ms: 20 ms\n$/);
});

Deno.test("simulate lists all errors of a script with their places, and ends with 2", async () => {
  const { status, out, err } = await simulate({
    "s.yaml": SIMULATION.replace("duration", "duratoin").replace(
      "max<=",
      "max=",
    ),
  });
  deepEqual([status, out], [2, ""]);
  match(err, /^Cannot use the script: 2 errors \[SCRIPT_INVALID\]\n/);
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
  match(
    missing.err,
    /Cannot write \.\/none\/out\.json: there is no folder \.\/none\n/,
  );
  equal(missing.out, "");
});

Deno.test("simulate reports that the load engine is turned off", async () => {
  const { status, err } = await simulate({
    "s.yaml": SIMULATION,
    "c.yaml": `plugins: { load_engine: false }\n${SIMULATED}`,
  });
  equal(status, 2);
  match(err, /The configuration switches the load engine off/);
});

Deno.test("A script without a seed has the configuration's, or that of the command line; its own comes first", async () => {
  const seed = async (config: string, script: string, ...more: string[]) => {
    const { out } = await simulate({
      "c.yaml": `${config}${SIMULATED}`,
      "s.yaml": `${script}${SIMULATION}`,
    }, ...more);
    return /^steady, seed (.*): /.exec(out)?.[1];
  };
  equal(await seed("", ""), "42");
  equal(await seed("seed: 7\n", ""), "7");
  equal(await seed("seed: blue\n", ""), "blue");
  equal(await seed("seed: 7\n", "", "--seed", "8"), "8");
  equal(await seed("seed: 7\n", "seed: 9\n", "--seed", "8"), "9");
});

Deno.test("load sends the same requests as simulate for the same seed of the configuration", async () => {
  await using folder = await folderWith({
    "c.yaml": `seed: 7\n${CONFIG}`,
    "s.yaml": `name: mixed
scenarios:
  s:
    executor: shared-iterations
    users: 1
    iterations: 40
    requests: [ { path: /orders, weight: 3 }, { path: /orders?b, name: b } ]
`,
  });
  const sent = async (command: string) => {
    const out = `${folder.path}/${command}.json`;
    const { status, err } = await cli(
      ...[command, `${folder.path}/s.yaml`, "--out", out],
      ...["--config", `${folder.path}/c.yaml`],
    );
    equal(status, 0, err);
    const { seed, scenarios } = JSON.parse(await Deno.readTextFile(out));
    return [seed, scenarios.s.requests.b.started];
  };
  const [simulated, loaded] = [await sent("simulate"), await sent("load")];
  deepEqual(loaded, simulated);
  equal(simulated[0], 7);
});

Deno.test("load with a target refuses scenarios that turn dials, since no server of its own would notice", async () => {
  await using folder = await folderWith({
    "c.yaml": CONFIG,
    "s.yaml": `${
      SCRIPT.replace("scenarios:", "target: http://127.0.0.1:9\nscenarios:")
    }`
      .replace(
        "thresholds:",
        "  slow: { executor: modulate, set: { route: orders, dial: delay }, to: 1s }\nthresholds:",
      ),
  });
  const { status, err } = await cli(
    ...["load", `${folder.path}/s.yaml`, "--config", `${folder.path}/c.yaml`],
  );
  equal(status, 2);
  match(err, /\/scenarios\/slow\/executor: With a target, `load` starts no/);
  match(err, /at .*\/s\.yaml:5:/);
});

Deno.test("load says what was left out of a trace, and on which machine stress acts", async () => {
  await using server = await createPerfmock({
    routes: [{ id: "orders", path: "/orders" }],
  });
  const line = (request: string) =>
    `192.0.2.1 - - [22/Nov/2026:08:00:00 +0000] "${request}" 200 1\n`;
  await using folder = await folderWith({
    "c.yaml": CONFIG,
    "a.log": line("GET /orders HTTP/1.1") + line("-") +
      line("CONNECT x:443 HTTP/1.1"),
    "s.yaml": `name: replayed
scenarios:
  r: { executor: replay, trace: { file: a.log } }
  burn: { executor: stress, start: 1m, scenario: { cpu: { load: 0.1, workers: 1 }, duration: 1s } }
`,
  });
  const out = `${folder.path}/out.json`;
  const { status, out: text, err } = await cli(
    ...["load", `${folder.path}/s.yaml`, "--target", `${server.url}`],
    ...["--config", `${folder.path}/c.yaml`, "--out", out],
  );
  equal(status, 0, err);
  const { notes } = JSON.parse(await Deno.readTextFile(out));
  deepEqual(notes, [
    `burn: put stress on the machine that runs this script; the target ${server.url} notices it only there`,
    "r: 2 of 3 lines of a.log left out: 1 × no request (line 2), 1 × CONNECT (line 3)",
  ]);
  for (const note of notes) equal(text.includes(`Note: ${note}\n`), true);
  const simulated = await cli(
    ...["simulate", `${folder.path}/s.yaml`, "--config"],
    `${folder.path}/c.yaml`,
  );
  match(
    simulated.out,
    /Note: burn: left out, because stress acts on the machi/,
  );
  match(simulated.out, /Note: r: 2 of 3 lines of a\.log left out/);
});

Deno.test("load writes its other files although one can no longer be written", async () => {
  await using folder = await folderWith({ "c.yaml": CONFIG, "s.yaml": SCRIPT });
  Deno.mkdirSync(`${folder.path}/gone`);
  const removing = createPerfmock({
    routes: [{ id: "orders", path: "/orders", serviceTime: "5ms" }],
  }, {
    plugins: [{
      name: "removing",
      version: "1.0.0",
      setup: () => ({
        route: () => ({
          observe: () => {
            try {
              Deno.removeSync(`${folder.path}/gone`);
            } catch {
              // An earlier request has removed it.
            }
          },
        }),
      }),
    }],
  });
  await using server = await removing;
  const { status, err, out } = await cli(
    ...["load", `${folder.path}/s.yaml`, "--target", `${server.url}`],
    ...["--config", `${folder.path}/c.yaml`],
    ...["--out", `${folder.path}/gone/out.json`],
    ...["--out", `${folder.path}/out.csv`],
  );
  equal(status, 2);
  match(err, /Cannot write .*\/gone\/out\.json: /);
  match(out, /^steady, seed 42/);
  match(Deno.readTextFileSync(`${folder.path}/out.csv`), /^time,/);
});

Deno.test("--start-at takes a moment with its time zone only, and says how to write it", async () => {
  await using folder = await folderWith({ "c.yaml": CONFIG, "s.yaml": SCRIPT });
  const refused = async (at: string) =>
    (await cli(
      ...["load", `${folder.path}/s.yaml`, "--start-at", at],
      ...["--config", `${folder.path}/c.yaml`],
    )).err;
  for (const at of ["2026-11-29T14:30", "2026-11-29T14:30:00.5"]) {
    const text = await refused(at);
    match(text, /--start-at has no time zone/);
    match(text, /with Z for UTC or an offset, such as .*\+01:00/);
    match(text, new RegExp(`suggestion: ${at}Z`));
  }
  for (const at of ["2026-11-29", "2026-02-30T14:30Z", "14:30Z", "soon"]) {
    match(await refused(at), /--start-at is a moment/);
  }
});

Deno.test("a load that began after its agreed start is not complete: what was due before is missing", async () => {
  await using server = await createPerfmock({
    routes: [{ id: "orders", path: "/orders" }],
  });
  await using folder = await folderWith({
    "c.yaml": CONFIG,
    "s.yaml":
      "scenarios: { s: { executor: arrival-rate, rate: 20/s, duration: 1s, requests: [ { path: /orders } ] } }\n",
  });
  const out = `${folder.path}/out.json`;
  const { status } = await cli(
    ...["load", `${folder.path}/s.yaml`, "--target", `${server.url}`],
    ...["--config", `${folder.path}/c.yaml`, "--out", out],
    ...["--segment", "0/2", "--start-at", "2026-01-02T03:04:05+01:00"],
  );
  equal(status, 1);
  const { complete, ok, scenarios: { s }, share } = JSON.parse(
    await Deno.readTextFile(out),
  );
  deepEqual([complete, ok, s.started], [false, false, 0]);
  deepEqual([s.dropped > 0, s.dropped], [true, s.scheduled]);
  deepEqual(share.start, { at: Date.UTC(2026, 0, 2, 2, 4, 5), agreed: true });
});
