/**
 * Reports about plugins: their descriptions, and their health.
 *
 * @module
 */
import type { HealthReport } from "../plugin.ts";
import { framesOf } from "./plugin_door.ts";
import type { RunningPlugin } from "./plugin_lifecycle.ts";

/** Describes the plugins of a revision, in the order of their setup. */
export function describePlugins(
  plugins: readonly RunningPlugin[],
  routeKeys: ReadonlyMap<string, readonly string[]>,
) {
  return plugins.map(({ key, options, plugin: { name, version } }) => ({
    name,
    version,
    key,
    options,
    routeKeys: routeKeys.get(name) ?? [],
  }));
}

/** Asks each plugin for its health. */
export function healthReports(
  plugins: readonly RunningPlugin[],
): HealthReport[] {
  return plugins.map(({ instance }) => {
    const report = instance.health?.() ?? [];
    return "reasons" in report ? report : { reasons: report };
  });
}

/** Folder of the built-in plugins, one folder each. */
const BUILTIN = new URL("../../plugins/", import.meta.url).href;

/**
 * Finds the plugin from whose file an error comes that did not pass through its door, such as one in a timer of the plugin's own.
 *
 * @returns name of the plugin; undefined if the stack tells none
 */
export function culprit(
  thrown: unknown,
  plugins: readonly RunningPlugin[],
): string | undefined {
  for (const frame of framesOf(thrown)) {
    const file = frame.replace(/:\d+:\d+$/, "");
    const ofFile = plugins.find(({ origin }) => origin === file);
    if (ofFile !== undefined) return ofFile.plugin.name;
    const [builtin] = file.startsWith(BUILTIN)
      ? file.slice(BUILTIN.length).split("/", 1)
      : [];
    if (builtin !== undefined) return builtin;
    // A file beside a plugin's is its own, unless several plugins are there.
    const near = plugins.filter(({ origin }) =>
      origin?.startsWith("file:") &&
      file.startsWith(new URL(".", origin).href)
    );
    if (near.length === 1) return near[0].plugin.name;
  }
  return undefined;
}
