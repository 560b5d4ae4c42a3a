/**
 * What a server says of its plugins, and of their failures.
 *
 * @module
 */
import type { PluginDescription } from "../control/builtin_endpoints.ts";
import { PerfmockError } from "../errors.ts";
import type { HealthReport } from "../plugin.ts";
import type { Revision } from "./revision.ts";
import { attempt, type CommonParts } from "./tenant.ts";

/** One line for each kind of failure: a hook that always throws must not fill the log at the rate of requests. */
export function reporter(log: CommonParts["log"]): CommonParts["report"] {
  const reported = new Set<string>();
  return (error, { id }) => {
    const failure = new PerfmockError(
      "HOOK_FAILED",
      `A hook of route "${id}" failed: ${error}`,
      [],
      { cause: error },
    );
    if (reported.size > 100 || reported.has(failure.message)) return;
    reported.add(failure.message);
    log("error", `${failure.message} [${failure.code}]`);
  };
}

/** The plugins of a revision, in the order of their setup. */
export function describePlugins(revision: Revision): PluginDescription[] {
  return revision.plugins.map((
    { key, options, plugin: { name, version } },
  ) => ({
    name,
    version,
    key,
    options,
    routeKeys: revision.routeKeys.get(name) ?? [],
  }));
}

/** How each plugin says it is. */
export function healthReports({ plugins }: Revision): HealthReport[] {
  return plugins.map(({ plugin, instance }) =>
    reportOf(plugin.name, () => instance.health?.() ?? [])
  );
}

/** What a plugin says of itself, whichever way it does. */
function reportOf(
  name: string,
  ask: () => readonly string[] | HealthReport,
): HealthReport {
  const report = attempt(ask, (error) => [
    `Plugin "${name}" cannot tell how it is: ${error}`,
  ]);
  return "reasons" in report ? report : { reasons: report };
}
