/**
 * Which changes of a configuration a running server cannot take.
 *
 * @module
 */
import type { PerfmockConfig } from "../config/mod.ts";
import type { Issue } from "../errors.ts";

/** What is fixed once a server listens. */
const FIXED = ["host", "port", "tls", "engine"] as const;

/**
 * The changes that take a restart.
 *
 * @param before the configuration in force
 * @param next what is to take its place
 * @param engine the HTTP server that runs; undefined where none does
 */
export function restartFaults(
  before: PerfmockConfig,
  next: { readonly config: PerfmockConfig; readonly engine: "deno" | "node" },
  engine: "deno" | "node" | undefined,
): Issue[] {
  const faults: Issue[] = FIXED.flatMap((key) => {
    const [was, is] = [before.server[key], next.config.server[key]];
    return JSON.stringify(was) === JSON.stringify(is) ? [] : [{
      path: `/server/${key}`,
      message: `A change of "${key}" takes a restart`,
      value: is,
      allowed: was === undefined ? "nothing, as before" : JSON.stringify(was),
    }];
  });
  if (faults.length === 0 && engine === "deno" && next.engine === "node") {
    faults.push({
      path: "/server/engine",
      message:
        "A connection-reset takes another HTTP server than the one that runs, and so a restart",
      value: next.config.server.engine,
      allowed: "what does not reset connections",
      suggestion: 'set server.engine to "node" and restart',
    });
  }
  return faults;
}
