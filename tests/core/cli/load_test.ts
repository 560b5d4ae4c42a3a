import { deepEqual, equal, match } from "node:assert/strict";
import { createPerfmock, type Plugin } from "../../../mod.ts";
import { ProgressLine } from "../../../core/cli/_script_file.ts";
import { cli } from "../../support/cli.ts";
import { folderWith } from "../../support/plugins.ts";

const CONFIG = "routes: [ { id: orders, path: /orders, serviceTime: 5ms } ]\n";

const SCRIPT = `name: steady
scenarios:
  s: { executor: shared-iterations, users: 2, iterations: 20, requests: [ { path: /orders } ] }
thresholds: { s.responseTime: [ "min>=5ms" ], failed: [ "count==0" ] }
`;

Deno.test("load without a target serves the configuration itself, and ends with 0 or 99", async () => {
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

Deno.test("load with a target sends there, without serving anything itself", async () => {
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

Deno.test("load that is interrupted tells what it has, and ends with 130", async () => {
  const served = Promise.withResolvers<void>();
  const watching: Plugin = {
    name: "watching",
    version: "1.0.0",
    setup: () => ({ route: () => ({ observe: () => served.resolve() }) }),
  };
  await using server = await createPerfmock({
    routes: [{ id: "orders", path: "/orders", serviceTime: "5ms" }],
  }, { plugins: [watching] });
  await using folder = await folderWith({
    "c.yaml": CONFIG,
    "s.yaml": SCRIPT.replace("iterations: 20", "iterations: 1000000"),
  });
  const ended = cli(
    ...["load", `${folder.path}/s.yaml`, "--target", `${server.url}`],
    ...["--config", `${folder.path}/c.yaml`],
  );
  // It hears signals before it sends anything.
  await served.promise;
  Deno.kill(Deno.pid, "SIGTERM");
  const { status, out } = await ended;
  equal(status, 130);
  match(out, /ended before its time: it was stopped/);
});

Deno.test("load refuses a target that is not allowed, and says how to allow it", async () => {
  await using folder = await folderWith({ "c.yaml": CONFIG, "s.yaml": SCRIPT });
  const { status, err } = await cli(
    ...["load", `${folder.path}/s.yaml`, "--target", "http://example.com"],
    ...["--config", `${folder.path}/c.yaml`],
  );
  equal(status, 2);
  match(err, /Target http:\/\/example\.com is not allowed/);
  match(err, /load_engine: \{ targets: \["http:\/\/example\.com"\] \}/);
});

Deno.test("The progress line is written over on a terminal, and not at all elsewhere", () => {
  for (const live of [true, false]) {
    let written = "";
    const line = new ProgressLine({
      write: () => {},
      complain: (text) => void (written += text),
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
