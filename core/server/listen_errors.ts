/**
 * Errors of servers that cannot listen, in words: where the address is the reason, and where the engine is.
 *
 * @module
 */
import { toPointer } from "../config/mod.ts";
import { type ErrorCode, type Issue, PerfmockError } from "../errors.ts";

/** Address that a server should listen on. */
export interface Place {
  /** Host name or IP address. */
  readonly host: string;
  /** Port. */
  readonly port: number;
  /** Place of the host in the list of hosts; undefined if there is no list. */
  readonly index?: number | undefined;
}

/** Kinds of errors that concern the address: the name of Deno's error, the system's code, and what to tell. */
interface AddressError {
  readonly name?: string;
  readonly system: string;
  readonly code: ErrorCode;
  readonly message: string;
  issue(place: Place): Omit<Issue, "message">;
}

const ADDRESS_ERRORS: readonly AddressError[] = [
  {
    name: "AddrInUse",
    system: "EADDRINUSE",
    code: "PORT_IN_USE",
    message: "the port is in use",
    issue: ({ port }) => ({
      path: "/server/port",
      value: port,
      allowed: "a free port, or 0 to have one picked",
      suggestion: "0",
    }),
  },
  {
    name: "AddrNotAvailable",
    system: "EADDRNOTAVAIL",
    code: "SERVER_NOT_STARTED",
    message: "the address does not belong to this machine",
    issue: (place) => ({
      path: pathOfHost(place),
      value: place.host,
      allowed:
        "an address of this machine, such as 127.0.0.1, or 0.0.0.0 for all of them",
      suggestion: "127.0.0.1",
    }),
  },
  {
    system: "ENOTFOUND",
    code: "SERVER_NOT_STARTED",
    message: "the name has no address",
    issue: (place) => ({
      path: pathOfHost(place),
      value: place.host,
      allowed: "an address of this machine, or a name that has one",
      suggestion: "127.0.0.1",
    }),
  },
  {
    name: "PermissionDenied",
    system: "EACCES",
    code: "SERVER_NOT_STARTED",
    message: "the system does not permit the use of this port",
    issue: ({ port }) => ({
      path: "/server/port",
      value: port,
      allowed: "a port of 1024 or above, or the permission to use lower ones",
      suggestion: "8080",
    }),
  },
];

/** Returns the error for a reason that lies in the address, from the system's error; undefined for other reasons. */
export function addressError(
  place: Place,
  error: unknown,
): PerfmockError | undefined {
  const { name, code } = Object(error) as { name?: unknown; code?: unknown };
  const found = ADDRESS_ERRORS.find((kind) =>
    kind.system === code || kind.name !== undefined && kind.name === name
  );
  return found && notStarted(place, found.code, found.message, {
    issue: found.issue(place),
    cause: error,
  });
}

/** Returns true for an error of the system, which has a name: the engine runs, but not with these settings. */
export function isSystemError(error: unknown): boolean {
  return typeof Reflect.get(Object(error), "code") === "string";
}

/** Returns the error for any other reason, which the system states. */
export function otherError(place: Place, error: unknown): PerfmockError {
  return notStarted(place, "SERVER_NOT_STARTED", messageOf(error), {
    issue: { path: pathOfHost(place), value: place.host },
    cause: error,
  });
}

/**
 * Returns the error for a configuration that insists on the engine `native` where it cannot run.
 *
 * @param reason a clause such as "it needs Linux, and this is darwin"
 */
export function cannotRun(reason: string, cause?: unknown): PerfmockError {
  return new PerfmockError(
    "SERVER_NOT_STARTED",
    `Cannot start the engine native: ${reason}`,
    [{
      path: "/server/engine",
      message: `The engine native cannot run here: ${reason}`,
      value: "native",
      allowed:
        '"auto", which takes another engine where this one cannot run, "deno" or "node"',
      suggestion: "auto",
    }],
    { cause },
  );
}

/** URL of a server that does not listen. A request to it fails with its name; the control API accepts the name as local. */
export const NOWHERE = "http://this-server-does-not-listen.invalid/";

/** Makes the error for a server that is to listen on virtual time. */
export function virtualClock(): PerfmockError {
  return new PerfmockError(
    "ARGUMENT_INVALID",
    "Cannot listen with a virtual clock: only its owner moves it, so that a request from the network would wait for ever. Pass listen: false and send requests by fetch(), or use createTestServer(), which moves the clock",
  );
}

/**
 * Returns the error for a port that should be shared, but not by the engine native.
 *
 * @param reason a sentence that says why native does not run
 */
export function cannotShare(reason: string): PerfmockError {
  return new PerfmockError(
    "SERVER_NOT_STARTED",
    `Cannot share the port, which only the engine native can do. ${reason}`,
    [{
      path: "/server/reusePort",
      message: `Only the engine native can share its port. ${reason}`,
      value: true,
      allowed: "false, or true where the engine native runs",
      suggestion: "false",
    }],
  );
}

/** Returns the message of anything thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function notStarted(
  { host, port }: Place,
  code: ErrorCode,
  reason: string,
  { issue, cause }: {
    readonly issue: Omit<Issue, "message">;
    readonly cause: unknown;
  },
): PerfmockError {
  const { path, ...rest } = issue;
  const message = reason.charAt(0).toUpperCase() + reason.slice(1);
  return new PerfmockError(
    code,
    `Cannot listen on ${inUrl(host)}:${port}: ${reason}`,
    [{ path, message, ...rest }],
    { cause },
  );
}

/** Returns a host as URLs write it: an IPv6 address in brackets. */
export function inUrl(host: string): string {
  return host.includes(":") ? `[${host}]` : host;
}

function pathOfHost({ index }: Place): string {
  return toPointer([
    "server",
    "host",
    ...index === undefined ? [] : [String(index)],
  ]);
}
