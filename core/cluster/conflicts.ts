/**
 * Conflicts between replicas in words.
 *
 * @module
 */
import { type Issue, PerfmockError } from "../errors.ts";
import type { Conflict, ReplicaEntry } from "./store.ts";

/** Returns the error of a replica that may not join. */
export function conflictError(
  own: ReplicaEntry,
  conflicts: readonly Conflict[],
): PerfmockError {
  const issues = conflicts.map((conflict) => issueOf(own, conflict));
  return new PerfmockError(
    "REPLICA_CONFLICT",
    `Cannot join the other replicas as "${own.name}"`,
    issues,
  );
}

function issueOf(own: ReplicaEntry, { kind, entry }: Conflict): Issue {
  const other = inWords(entry);
  switch (kind) {
    case "name":
      return {
        path: "/shared",
        message: `The name is taken by ${other}, which lives`,
        value: own.name,
        allowed: "a name that no other replica has",
        suggestion: "Give another port, or another POD_NAME",
      };
    case "segment":
      return {
        path: "/shared",
        message: `Segment ${own.segment} is taken by ${other}, which lives`,
        value: own.segment,
        allowed: "a segment that no other replica has",
      };
    case "count":
      return {
        path: "/shared",
        message: `${capital(other)} has ${segmentOf(entry)}, and this replica ${
          segmentOf(own)
        }`,
        value: own.segment || null,
        allowed: "segments of the same number of replicas, or none at all",
      };
    case "version":
      return {
        path: "/shared",
        message: `${
          capital(other)
        } is perfmock ${entry.version}, and this one ${own.version}`,
        value: own.version,
        allowed: entry.version,
        suggestion: "End all replicas before one starts with another version",
      };
    case "configuration":
      return {
        path: "/shared",
        message: `${
          capital(other)
        } was started with another configuration than this one: their digests are ${entry.base} and ${own.base}`,
        value: own.base,
        allowed:
          "the configuration that the others were started with, or have now",
        suggestion:
          "Have one of the others read the new one first, by SIGHUP or PUT config: all take it over",
      };
  }
}

/** Names a replica, and where it is. */
function inWords({ name, url }: ReplicaEntry): string {
  return `replica "${name}"${url === "" ? "" : ` at ${url}`}`;
}

function segmentOf({ segment }: ReplicaEntry): string {
  return segment === "" ? "none" : `segment ${segment}`;
}

function capital(text: string): string {
  return text[0].toUpperCase() + text.slice(1);
}
