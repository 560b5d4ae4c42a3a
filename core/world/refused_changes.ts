/**
 * Changes of the configuration that are valid and yet refused: those that take a restart, and those that belong to the server
 * and were made in a session.
 *
 * @module
 */
import type { EngineName, PerfmockConfig } from "../config/mod.ts";
import { FIXED_SETTINGS, toPointer } from "../config/mod.ts";
import type { Issue } from "../plugin.ts";
import type { Revision } from "./revision.ts";

/** Parts of the configuration that the server alone reads, by name, with those of their settings that a session reads too. */
const OF_SERVER = {
  server: new Set(["cors"]),
  control: new Set<string>(),
  sessions: new Set<string>(),
} as const;

/**
 * Finds the changes that would have no effect in a session, or one on the whole server.
 *
 * @param before the revision in force
 * @param next the revision to take its place
 */
export function sessionIssues(
  before: Pick<Revision, "absent" | "config">,
  next: Pick<Revision, "absent" | "config">,
): Issue[] {
  const issues: Issue[] = [];
  const compare = (path: readonly string[], was: unknown, is: unknown) => {
    if (JSON.stringify(was) === JSON.stringify(is)) return;
    issues.push({
      path: toPointer(path),
      message: "This setting belongs to the server, and a session is apart",
      value: is,
      allowed: "a change through the server's own control API",
    });
  };
  for (const part of ["server", "control", "sessions"] as const) {
    const was: object = before.config[part];
    const is: object = next.config[part];
    for (const key of new Set([...Object.keys(was), ...Object.keys(is)])) {
      if (OF_SERVER[part].has(key)) continue;
      compare([part, key], Reflect.get(was, key), Reflect.get(is, key));
    }
  }
  compare(["shared"], before.config.shared, next.config.shared);
  const plugins = [...before.absent, ...next.absent].map(({ key }) => key);
  for (const key of new Set(plugins)) {
    compare(
      ["plugins", key],
      before.config.plugins[key] ?? {},
      next.config.plugins[key] ?? {},
    );
  }
  return issues;
}

/**
 * Finds the changes that need a restart.
 *
 * @param before the configuration in force
 * @param next the revision to take its place
 * @param engine the HTTP server that runs; undefined where none is running
 */
export function restartIssues(
  before: PerfmockConfig,
  next: Pick<Revision, "config" | "resets">,
  engine: EngineName | undefined,
): Issue[] {
  const issues: Issue[] = FIXED_SETTINGS.flatMap((key) => {
    const [was, is] = [before.server[key], next.config.server[key]];
    return JSON.stringify(was) === JSON.stringify(is) ? [] : [{
      path: `/server/${key}`,
      message: `A change of "${key}" takes a restart`,
      value: is,
      allowed: was === undefined ? "nothing, as before" : JSON.stringify(was),
    }];
  });
  if (JSON.stringify(before.shared) !== JSON.stringify(next.config.shared)) {
    issues.push({
      path: "/shared",
      message: 'A change of "shared" takes a restart',
      allowed: "the settings of before",
    });
  }
  if (issues.length === 0 && engine === "deno" && next.resets) {
    issues.push({
      path: "/server/engine",
      message:
        "A connection-reset takes another HTTP server than Deno's, which runs, and so a restart",
      value: next.config.server.engine,
      allowed: "what does not reset connections",
      suggestion: 'set server.engine to "node" and restart',
    });
  }
  return issues;
}
