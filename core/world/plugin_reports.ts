/**
 * Reports about plugins: errors that their code threw, their descriptions, and their health.
 *
 * @module
 */
import { PerfmockError } from "../errors.ts";
import { excerpt } from "../lib/bounded.ts";
import type { HookReport } from "../pipeline/exchange.ts";
import type { HealthReport } from "../plugin.ts";
import type { RunningPlugin } from "./plugin_lifecycle.ts";
import type { Log } from "./state.ts";

/** Maximum number of different messages logged: a hook that always throws must not fill the log at the rate of requests. */
const MOST_REPORTED = 100;

/** Folders of perfmock: stack frames outside of them belong to the author of a plugin. */
const OWN = ["core/", "plugins/"].map((folder) =>
  new URL(`../../${folder}`, import.meta.url).href
);

/** Returns the function that logs errors of hooks, each different message once. */
export function hookReporter(log: Log): HookReport {
  const reported = new Set<string>();
  return (error, plan, stage, index = 0) => {
    const { route: { id }, hooks } = plan;
    const what = stage === undefined
      ? `Route "${id}" failed to answer`
      : `Hook "${stage}" of plugin "${
        hooks.plugins[stage][index]
      }" failed on route "${id}"`;
    const frame = authorFrame(error);
    const message = excerpt(`${what}: ${error}`) +
      (frame === undefined ? "" : ` at ${frame}`);
    if (reported.size >= MOST_REPORTED || reported.has(message)) return;
    reported.add(message);
    const { code } = new PerfmockError("HOOK_FAILED", message, [], {
      cause: error,
    });
    log("error", `${message} [${code}]`);
  };
}

/** Place in the author's code where an error was thrown, as `file:///…:LINE:COLUMN`; undefined where the stack has none. */
export function authorFrame(error: unknown): string | undefined {
  const stack = error instanceof Error ? error.stack ?? "" : "";
  for (const line of stack.split("\n")) {
    const place = /((?:file|https?|data|blob):\S+?:\d+:\d+)\)?$/.exec(line)
      ?.[1];
    if (
      place !== undefined && !OWN.some((folder) => place.startsWith(folder))
    ) {
      // A data: URL carries the whole module.
      return place.length <= 200 ? place : `${place.slice(0, 60)}…`;
    }
  }
  return undefined;
}

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
  return plugins.map(({ plugin: { name }, instance }) => {
    try {
      const report = instance.health?.() ?? [];
      return "reasons" in report ? report : { reasons: report };
    } catch (error) {
      return { reasons: [`Plugin "${name}" cannot tell how it is: ${error}`] };
    }
  });
}
