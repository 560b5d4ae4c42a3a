/**
 * Which HTTP server a configuration needs.
 *
 * @module
 */
import type { PerfmockConfig } from "../config/mod.ts";
import type { Issue } from "../errors.ts";
import type { BuiltRoute } from "./built_route.ts";

/** The server that was asked for; where the choice is ours, Deno's unless a connection may be reset. */
export function engineFor(
  { server: { engine } }: Pick<PerfmockConfig, "server">,
  routes: readonly Pick<BuiltRoute, "parts">[],
): "deno" | "node" {
  if (engine !== "auto") return engine;
  return routes.some(({ parts }) => parts.resets) ? "node" : "deno";
}

/** Resets that were asked for together with a server that cannot reset. */
export function engineFaults(
  { server: { engine } }: Pick<PerfmockConfig, "server">,
  routes: readonly Pick<BuiltRoute, "parts">[],
): Issue[] {
  const resetting = routes.find(({ parts }) => parts.resets);
  if (engine !== "deno" || resetting === undefined) return [];
  return [{
    path: "/server/engine",
    message:
      `This engine cannot reset connections, as route "${resetting.parts.route.id}" does`,
    value: engine,
    allowed: '"auto" or "node"',
    suggestion: "auto",
  }];
}
