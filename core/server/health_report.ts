/**
 * Health of a server, as the control API shows it.
 *
 * @module
 */
import type { EngineName } from "../config/mod.ts";
import type { Health } from "../control/builtin_endpoints.ts";
import { type HealthSources, reasons } from "../observe/health.ts";
import { segmentText } from "../scale/segment.ts";
import { VERSION } from "../version.ts";
import { healthReports } from "../world/plugin_reports.ts";
import type { World } from "../world/world.ts";

/** Parts of a server that its health tells of. */
export interface HealthParts {
  /** Time now and at which the server was made, in ms of its clock. */
  readonly now: number;
  readonly started: number;
  /** HTTP server that runs; undefined if it does not listen. */
  readonly engine: EngineName | undefined;
  /** Reason why it is not perfmock's own. */
  readonly engineReason: string | undefined;
  /** Number of requests that are under way while the server ends; undefined while it does not. */
  readonly ending: number | undefined;
  /** State of the Redis that servers share their state through; undefined without one. */
  readonly shared: Health["shared"];
  /** False if it serves another configuration than the other replicas, or has no place among them. */
  readonly agrees: boolean;
  /** Sources of reasons, beside the plugins. */
  readonly sources: Omit<HealthSources, "plugins">;
  /** Returns further reasons, after those of plugins. */
  readonly further: () => readonly string[];
}

/** Returns the health of the process, with revision and activities of one world. */
export function healthOf(
  world: Pick<World, "number" | "revision" | "segment">,
  {
    agrees,
    ending,
    engine,
    engineReason,
    further,
    now,
    shared,
    sources,
    started,
  }: HealthParts,
): Health {
  const reports = healthReports(world.revision.plugins);
  const found = reasons({
    ...sources,
    plugins: () => [
      ...reports.flatMap(({ reasons }) => reasons),
      ...further(),
    ],
  }, now);
  const draining = ending !== undefined;
  if (draining) found.unshift(endingInWords(ending));
  return {
    status: draining ? "draining" : found.length === 0 ? "ok" : "degraded",
    live: true,
    ready: !draining && agrees,
    version: VERSION,
    uptimeMs: now - started,
    revision: world.number,
    ...world.segment.count > 1 && { segment: segmentText(world.segment) },
    engine: engine ?? "none",
    ...engineReason !== undefined && { engineReason },
    reasons: found,
    ...shared !== undefined && { shared },
    active: Object.assign({}, ...reports.map(({ active }) => active)),
    exporters: Object.assign(
      {},
      ...reports.map(({ exporters }) => exporters),
    ),
  };
}

/** Says that the server ends, and what it waits for. */
function endingInWords(left: number): string {
  return `The server is shutting down: new requests are answered with 503, ${left} ${
    left === 1 ? "is" : "are"
  } under way`;
}
