import { deepEqual } from "node:assert/strict";
import type { PerfmockConfig } from "../../../core/config/mod.ts";
import { restartFaults } from "../../../core/world/restart.ts";

function next(server: Partial<PerfmockConfig["server"]> = {}) {
  return {
    server: {
      host: "127.0.0.1",
      port: 1,
      cors: true,
      drainTimeout: 1,
      engine: "auto",
      ...server,
    },
  } as PerfmockConfig;
}

function faults(
  server: Partial<PerfmockConfig["server"]>,
  needs: "deno" | "node" = "deno",
  runs: "deno" | "node" | undefined = "deno",
) {
  const changed = { config: next(server), engine: needs };
  return restartFaults(next(), changed, runs).map(({ path, allowed }) => [
    path,
    allowed,
  ]);
}

Deno.test("restartFaults() lets everything change but where and how the server listens", () => {
  deepEqual(faults({ cors: false, drainTimeout: 5 }), []);
  deepEqual(faults({ host: "::1", port: 2, tls: "self-signed" }), [
    ["/server/host", '"127.0.0.1"'],
    ["/server/port", "1"],
    ["/server/tls", "nothing, as before"],
  ]);
});

Deno.test("restartFaults() refuses what needs another engine than the one that runs", () => {
  deepEqual(faults({}, "node"), [
    ["/server/engine", "what does not reset connections"],
  ]);
  deepEqual(
    faults({}, "deno", "node"),
    [],
    "Node's can do all that Deno's can",
  );
  const config = { config: next(), engine: "node" as const };
  deepEqual(restartFaults(next(), config, undefined), [], "none runs");
});
