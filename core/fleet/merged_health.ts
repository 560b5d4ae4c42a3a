/**
 * Health of a fleet, made of that of its replicas.
 *
 * @module
 */
import type { Health } from "../control/builtin_endpoints.ts";

/** Health of one replica. */
export interface HealthPart {
  /** Name of the replica. */
  readonly name: string;
  /** Its health. */
  readonly health: Health;
}

/**
 * Merges the health of replicas: the fleet is as well as its worst replica, and takes requests as long as one does.
 *
 * @param parts health of each replica that answered, at least one
 * @param missing names of the replicas that did not, with the reason
 * @param more further reasons, such as replicas that were replaced
 */
export function mergeHealth(
  parts: readonly HealthPart[],
  missing: readonly string[],
  more: readonly string[],
): Health {
  const [{ health: { segment: _, ...first } }] = parts;
  const reasons = [
    ...missing.map((reason) => `Replica ${reason}`),
    ...more,
    ...differentRevisions(parts),
    ...parts.flatMap(({ name, health }) =>
      health.reasons.map((reason) => `Replica ${name}: ${reason}`)
    ),
  ];
  const draining = parts.every(({ health }) => health.status === "draining");
  return {
    ...first,
    status: draining ? "draining" : reasons.length === 0 ? "ok" : "degraded",
    ready: parts.some(({ health }) => health.ready),
    uptimeMs: Math.max(...parts.map(({ health }) => health.uptimeMs)),
    revision: Math.max(...parts.map(({ health }) => health.revision)),
    reasons,
    ...first.shared !== undefined && { shared: worstShared(parts) },
    active: unionOf(parts.map(({ health }) => health.active)),
    exporters: statesOf(parts),
  };
}

function differentRevisions(parts: readonly HealthPart[]): string[] {
  const revisions = new Set(parts.map(({ health }) => health.revision));
  return revisions.size < 2 ? [] : [
    `The replicas have different revisions of the configuration: ${
      parts.map(({ name, health }) => `${name} has ${health.revision}`)
        .join(", ")
    }`,
  ];
}

/** State of the connection to Redis of the replica that has lost it, or else of the one whose answers take longest. */
function worstShared(parts: readonly HealthPart[]): Health["shared"] {
  return parts.flatMap(({ health: { shared } }) => shared ?? []).toSorted((
    a,
    b,
  ) => Number(a.connected) - Number(b.connected) || b.latencyMs - a.latencyMs)
    .at(0);
}

/** Lists the names of each kind once. */
function unionOf(
  parts: readonly Health["active"][],
): Record<string, readonly string[]> {
  const union = new Map<string, Set<string>>();
  for (const part of parts) {
    for (const [kind, names] of Object.entries(part)) {
      const known = union.get(kind) ?? new Set();
      union.set(kind, known);
      for (const name of names) known.add(name);
    }
  }
  return Object.fromEntries(
    [...union].map(([kind, names]) => [kind, [...names]]),
  );
}

/** State of each exporter: the common one, or that of each replica. */
function statesOf(parts: readonly HealthPart[]): Record<string, string> {
  const names = new Set(
    parts.flatMap(({ health }) => Object.keys(health.exporters)),
  );
  return Object.fromEntries([...names].map((exporter) => {
    const states = parts.flatMap(({ name, health }) => {
      const state = health.exporters[exporter];
      return state === undefined ? [] : [{ name, state }];
    });
    const [{ state }] = states;
    return [
      exporter,
      states.every((other) => other.state === state)
        ? state
        : states.map(({ name, state }) => `${name}: ${state}`).join(", "),
    ];
  }));
}
