/**
 * Powers of the control API. Every caller can change routes, pools and figures. Four kinds of changes reach beyond the
 * server, and need a power that the setting `control.allow` lists: code, files outside the configuration's folder, and other
 * hosts as receivers or as upstreams.
 *
 * A call runs within a scope, and every type of a setting that names something beyond asks the scope. So whatever a call leads
 * to, in core or in a plugin, is held to the same powers. Outside of any call, nothing is refused.
 *
 * @module
 */
import { AsyncLocalStorage } from "node:async_hooks";
import type { Power } from "../contract/values.ts";
import { boundedKey, ByteMap } from "../lib/bounded.ts";
import { LONGEST_ECHO } from "../lib/bounded_text.ts";

/** All powers. */
export const POWERS = [
  "plugins",
  "files",
  "targets",
  "proxies",
] as const satisfies readonly Power[];

/** Names in messages of what each power is about. */
const WORDS: Readonly<Record<Power, string>> = {
  plugins: "a plugin to load",
  files: "a file outside the configuration's folder",
  targets: "a receiver beyond loopback",
  proxies: "an upstream beyond loopback",
};

/** Reason why a call may not name a value, for an issue. */
export interface Refusal {
  /** Description of the error. */
  readonly message: string;
  /** Accepted values, in words. */
  readonly allowed: string;
  /** Setting that would allow it. */
  readonly suggestion: string;
}

/** Maximum number of bytes of remembered names: about 60 000. */
const MOST_KNOWN = 16 << 20;

/** Operation that settings are read for. */
interface Scope {
  readonly known: ByteMap<true>;
  /** Powers of a call; undefined if the operation is no call, and may name anything. */
  readonly allowed: readonly Power[] | undefined;
  /** Number of values that were refused. */
  refused: number;
}

const scopes = new AsyncLocalStorage<Scope>();

/** Powers of the calls of one server. Calls may name everything that its start configuration names. */
export class Powers {
  /** Values that the owner named last, from the oldest: a program that changes its server for ever must not fill memory. */
  readonly #known = new ByteMap<true>(MOST_KNOWN, 0);

  /** Runs an operation of the server's owner, such as its start: it may name anything, which calls may name from then on. */
  own<T>(operation: () => T): T {
    return scopes.run(this.#scope(undefined), operation);
  }

  /** Runs an operation in the scope that it was started in; outside of any, as one of the server's owner. */
  inScope<T>(operation: () => T): T {
    return scopes.getStore() === undefined ? this.own(operation) : operation();
  }

  /**
   * Runs a call.
   *
   * @param allowed powers of the call
   */
  call<T>(allowed: readonly Power[], operation: () => T): T {
    return scopes.run(this.#scope(allowed), operation);
  }

  #scope(allowed: readonly Power[] | undefined): Scope {
    return { known: this.#known, allowed, refused: 0 };
  }
}

/** Returns true if the present operation is a call that was refused a power. */
export function wasRefused(): boolean {
  return (scopes.getStore()?.refused ?? 0) > 0;
}

/** Returns true if the present operation is a call. */
export function isCall(): boolean {
  return scopes.getStore()?.allowed !== undefined;
}

/**
 * Asks whether the present operation may name a value.
 *
 * @param power power that a call needs
 * @param value what is named, in one form for each meaning
 * @param harmless returns true if no power is needed; asked of calls only
 * @returns the reason why not; undefined if it may
 */
export function refusalOf(
  power: Power,
  value: string,
  harmless: () => boolean = () => false,
): Refusal | undefined {
  const scope = scopes.getStore();
  if (scope === undefined) return undefined;
  const key = boundedKey(`${power}\0${value}`, LONGEST_ECHO);
  if (scope.allowed === undefined) {
    scope.known.set(key, true);
    return undefined;
  }
  const may = scope.allowed.includes(power) || scope.known.get(key) === true ||
    harmless();
  if (may) return undefined;
  scope.refused++;
  return {
    message: `The control API may not name ${WORDS[power]}`,
    allowed:
      `what the configuration named at the start, or anything if control.allow lists "${power}"`,
    suggestion:
      `Start the server with control: { allow: ["${power}"] }, or name it in the configuration's file`,
  };
}

/** Lets the calls of a server name a file that the call under way has written, such as a trace that was sent to it. No effect outside of a call. */
export function grantFile(path: string): void {
  scopes.getStore()?.known.set(
    boundedKey(`files\0${path}`, LONGEST_ECHO),
    true,
  );
}

/** Returns true if a host name is this machine without asking a resolver. */
export function isLoopbackHost(hostname: string): boolean {
  return /^(localhost|.*\.localhost|127(\.\d{1,3}){3}|\[?::1\]?)$/i
    .test(hostname);
}
