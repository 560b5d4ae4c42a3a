/**
 * All endpoints of a configuration: the control API's own and those of plugins, and the paths that two would answer.
 *
 * @module
 */
import type { PerfmockConfig } from "../config/mod.ts";
import { openapi } from "../control/openapi.ts";
import type { Issue } from "../errors.ts";
import type { Endpoint } from "../plugin.ts";
import type { RunningPlugin } from "./registry.ts";
import type { BuiltRoute } from "./built_route.ts";
import { VERSION } from "../version.ts";

/** Endpoints with the path they lie under. */
export interface EndpointGroup {
  /** What stands before the path of each. */
  readonly base: string;
  /** A plugin's name, or `control`. */
  readonly tag: string;
  /** The endpoints. */
  readonly endpoints: readonly Endpoint[];
}

/** All endpoints: the control API's own first. */
export function endpointsOf(
  plugins: readonly RunningPlugin[],
  builtin: readonly Endpoint[],
  config: PerfmockConfig,
): EndpointGroup[] {
  const base = config.control.path;
  const groups: EndpointGroup[] = [{
    base,
    tag: "control",
    endpoints: builtin,
  }];
  for (const { plugin: { name }, instance } of plugins) {
    const { control = [], endpoints = [] } = instance;
    if (control.length > 0) {
      groups.push({ base: `${base}/${name}`, tag: name, endpoints: control });
    }
    if (endpoints.length > 0) groups.push({ base: "", tag: name, endpoints });
  }
  const description: Endpoint = {
    method: "GET",
    path: "/openapi.json",
    summary: "This description",
    answer: { type: "object" },
    handle: () => openapi(groups, VERSION),
  };
  groups.push({ base, tag: "control", endpoints: [description] });
  return groups;
}

/** Paths that two would answer. */
export function clashes(
  routes: readonly BuiltRoute[],
  groups: readonly EndpointGroup[],
  config: PerfmockConfig,
): Issue[] {
  const faults: Issue[] = [];
  const taken = new Map<string, string>();
  for (const { base, tag, endpoints } of groups) {
    for (const { method, path } of endpoints) {
      const key = `${method} ${base}${path}`;
      const owner = taken.get(key);
      if (owner === undefined) taken.set(key, tag);
      else {
        faults.push({
          path: "/plugins",
          message: `Plugins "${owner}" and "${tag}" both answer ${key}`,
          value: key,
        });
      }
    }
  }
  const own = new Map(
    [...taken].map(([key, tag]) => [key.slice(key.indexOf(" ") + 1), tag]),
  );
  for (const [index, route] of routes.entries()) {
    const tag = route.path === config.control.path ||
        route.path.startsWith(`${config.control.path}/`)
      ? "the control API"
      : own.get(route.path);
    if (tag === undefined) continue;
    faults.push({
      path: `/routes/${index}/path`,
      message: `This path is answered by ${
        tag === "the control API" ? tag : `plugin "${tag}"`
      }`,
      value: route.path,
      allowed: "a path of its own",
    });
  }
  return faults;
}
