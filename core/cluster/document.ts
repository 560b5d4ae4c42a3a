/**
 * The document that all replicas share: the configuration as written, without what belongs to one replica, the preset that lies over it,
 * and the pace that calls have set.
 *
 * @module
 */
import { createHash } from "node:crypto";
import { FIXED_SETTINGS } from "../config/mod.ts";
import type { BackendPace } from "../control/backend_control.ts";
import { parseJson, WrittenNumber } from "../lib/written_number.ts";

/** State of a server that all replicas share. */
export interface SharedDocument {
  /** The configuration as written, without what belongs to one replica. */
  readonly value: unknown;
  /** Name of the preset that lies over it; null for none. */
  readonly preset: string | null;
  /** Pace that calls have set. */
  readonly pace: BackendPace;
  /** Number of times that the configuration's files were read again. */
  readonly reads: number;
}

/** Returns the part of a configuration as written that all replicas share: all but the listener's settings and the way to Redis. */
export function sharedPart(value: unknown): unknown {
  if (!isObject(value)) return value;
  const { server, ...others } = value;
  const rest = isObject(others.shared)
    ? { ...others, shared: withoutUrl(others.shared) }
    : others;
  if (!isObject(server)) {
    return server === undefined ? rest : { ...rest, server };
  }
  const kept = Object.entries(server).filter(([key]) => !isFixed(key));
  return kept.length === 0
    ? rest
    : { ...rest, server: Object.fromEntries(kept) };
}

function withoutUrl({ redis: _, ...rest }: Record<string, unknown>) {
  return rest;
}

/**
 * Returns a shared configuration with the settings of one replica.
 *
 * @param own configuration of the replica, as written
 */
export function withOwnPart(shared: unknown, own: unknown): unknown {
  if (!isObject(shared) || !isObject(own)) return shared;
  const before = isObject(own.server) ? own.server : {};
  const fixed = Object.entries(before).filter(([key]) => isFixed(key));
  const server = isObject(shared.server) ? shared.server : {};
  return {
    ...shared,
    ...(fixed.length > 0 || "server" in shared) && {
      server: { ...server, ...Object.fromEntries(fixed) },
    },
    ..."shared" in own && { shared: own.shared },
  };
}

/** Returns a digest of data: the same for equal data, in whichever order its keys were written. */
export function digestOf(value: unknown): string {
  return createHash("sha256").update(canonical(value)).digest("hex").slice(
    0,
    16,
  );
}

/** Writes a document as JSON; numbers keep their digits. */
export function documentText(document: SharedDocument): string {
  return JSON.stringify(document);
}

/** Reads a document. */
export function documentIn(text: string): SharedDocument {
  return parseJson(text) as SharedDocument;
}

/** Writes data as JSON with sorted keys. */
function canonical(value: unknown): string {
  if (value instanceof WrittenNumber) return value.digits;
  if (Array.isArray(value)) return `[${value.map(canonical).join(",")}]`;
  if (!isObject(value)) return JSON.stringify(value) ?? "null";
  const entries = Object.entries(value)
    .filter(([, part]) => part !== undefined)
    .toSorted(([a], [b]) => a < b ? -1 : 1);
  return `{${
    entries.map(([key, part]) => `${JSON.stringify(key)}:${canonical(part)}`)
      .join(",")
  }}`;
}

function isFixed(key: string): boolean {
  return FIXED_SETTINGS.some((setting) => setting === key);
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null &&
    !Array.isArray(value) && !(value instanceof WrittenNumber);
}
