import { deepEqual } from "node:assert/strict";
import type { PerfmockConfig } from "../../../core/config/mod.ts";
import { restartIssues } from "../../../core/world/revision.ts";

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

function issues(
  server: Partial<PerfmockConfig["server"]>,
  needs: "deno" | "node" = "deno",
  runs: "deno" | "node" | undefined = "deno",
) {
  const changed = { config: next(server), engine: needs };
  return restartIssues(next(), changed, runs).map(({ path, allowed }) => [
    path,
    allowed,
  ]);
}

Deno.test("restartIssues() allows all changes except to the settings of the listener", () => {
  deepEqual(issues({ cors: false, drainTimeout: 5 }), []);
  deepEqual(issues({ host: "::1", port: 2, tls: "self-signed" }), [
    ["/server/host", '"127.0.0.1"'],
    ["/server/port", "1"],
    ["/server/tls", "nothing, as before"],
  ]);
});

Deno.test("restartIssues() refuses changes that require another engine", () => {
  deepEqual(issues({}, "node"), [
    ["/server/engine", "what does not reset connections"],
  ]);
  deepEqual(
    issues({}, "deno", "node"),
    [],
    "Node's can do all that Deno's can",
  );
  const config = { config: next(), engine: "node" as const };
  deepEqual(restartIssues(next(), config, undefined), [], "none runs");
});
