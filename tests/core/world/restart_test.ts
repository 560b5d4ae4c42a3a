import { deepEqual } from "node:assert/strict";
import type { EngineName, PerfmockConfig } from "../../../core/config/mod.ts";
import { restartIssues } from "../../../core/world/refused_changes.ts";

const LIMITS = { headers: 200 } as PerfmockConfig["server"]["limits"];

function next(server: Partial<PerfmockConfig["server"]> = {}) {
  return {
    server: {
      host: "127.0.0.1",
      port: 1,
      cors: true,
      drainTimeout: 1,
      engine: "auto",
      reusePort: false,
      limits: LIMITS,
      ...server,
    },
  } as PerfmockConfig;
}

function issues(
  server: Partial<PerfmockConfig["server"]>,
  resets = false,
  runs: EngineName | undefined = "deno",
) {
  const changed = { config: next(server), resets };
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
  deepEqual(
    issues({
      host: ["127.0.0.1", "::1"],
      engine: "native",
      reusePort: true,
      limits: { ...LIMITS, headers: 5 },
    }).map(([path]) => path),
    ["/server/host", "/server/reusePort", "/server/engine", "/server/limits"],
  );
});

Deno.test("restartIssues() refuses resets where Deno's server runs, and only there", () => {
  deepEqual(issues({}, true), [
    ["/server/engine", "what does not reset connections"],
  ]);
  for (const runs of ["native", "node", undefined] as const) {
    const changed = { config: next(), resets: true };
    deepEqual(restartIssues(next(), changed, runs), [], runs);
    deepEqual(issues({}, false, runs), []);
  }
});
