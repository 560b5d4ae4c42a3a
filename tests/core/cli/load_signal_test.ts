// Runs alone, without the profiler: sends a signal to its own process.
import { equal, match } from "node:assert/strict";
import { createPerfmock, type Plugin } from "../../../mod.ts";
import { cli } from "../../support/cli.ts";
import { folderWith } from "../../support/plugins.ts";

const CONFIG = "routes: [ { id: orders, path: /orders, serviceTime: 5ms } ]\n";

const SCRIPT = `name: steady
scenarios:
  s: { executor: shared-iterations, users: 2, iterations: 1000000, requests: [ { path: /orders } ] }
`;

Deno.test("load prints its results when interrupted, and ends with 130", async () => {
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
    "s.yaml": SCRIPT,
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
  match(out, /ended early: it was stopped/);
});
