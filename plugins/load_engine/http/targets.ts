/**
 * Where load may go. Whoever can start a run could otherwise aim this machine at any other: what is not this machine has to be
 * listed in the plugin's options. What counts is the address, looked up and checked once, and connected to from then on: a name
 * that means something else a moment later (DNS rebinding) changes nothing.
 *
 * @module
 */
import { lookup } from "node:dns/promises";
import { isIP } from "node:net";
import type { Faults, Issue } from "../../../core/plugin.ts";
import { isLoopback, plainAddress } from "./_loopback.ts";

/** A target that may be connected to. */
export interface Destination {
  /** Its origin. */
  readonly origin: string;
  /** Whether it is reached over TLS. */
  readonly secure: boolean;
  /** The IP addresses to connect to, in the order in which they are tried. */
  readonly addresses: readonly string[];
  /** 1…65535. */
  readonly port: number;
  /** What the host header says. */
  readonly host: string;
  /** What all paths begin with; empty, or with a leading slash and none at its end. */
  readonly prefix: string;
}

/** What is allowed, and how names are looked up. */
export interface TargetRules {
  /** Hosts, `host:port` or origins, as the plugin's option `targets` lists them. */
  readonly targets: readonly string[];
  /** All addresses of a name; the system's where absent. */
  readonly lookUp?: (name: string) => Promise<readonly string[]>;
}

/** A target that is not allowed, or cannot be found. Structurally a PerfmockError. */
export class InvalidTarget extends Error implements Faults {
  /** The name of core's error class, by which faults are recognised. */
  override readonly name = "PerfmockError";
  /** The code of a fault in what a user sent. */
  readonly code = "ARGUMENT_INVALID";
  /** The one fault, at `/target`. */
  readonly issues: readonly Issue[];

  /** @param issue what is wrong, without its path */
  constructor(issue: Omit<Issue, "path">) {
    super(issue.message);
    this.issues = [{ path: "/target", ...issue }];
  }
}

/**
 * Looks up a target and checks that it may be connected to.
 *
 * @param target an http: or https: URL
 * @throws InvalidTarget where it is not loopback and not listed, has no address, or is no such URL
 */
export async function resolveTarget(
  target: URL,
  rules: TargetRules,
): Promise<Destination> {
  checkForm(target);
  const name = bare(target);
  const addresses = await addressesOf(name, target, rules.lookUp ?? lookUp);
  const listed = rules.targets.some((entry) => lists(entry, target, name));
  const allowed = listed
    ? addresses
    : addresses.filter((address) =>
      isLoopback(address) ||
      rules.targets.some((entry) => lists(entry, target, address))
    );
  // A fetch looks the name up again. What it then reaches has to prove that it bears the name: a listed one, or this machine's.
  const rebinds = target.protocol === "https:" && !listed &&
    isIP(name) === 0 && !/(^|\.)localhost$/.test(name);
  if (allowed.length < addresses.length || rebinds) {
    throw notAllowed(target, addresses);
  }
  return destination(target, allowed);
}

/**
 * The server's own address as a destination: it may always be connected to.
 *
 * @throws InvalidTarget where the name it listens at cannot be found
 */
export async function ownDestination(url: URL): Promise<Destination> {
  const own = new URL(url);
  // What listens on all addresses is reached by that of the loopback interface.
  if (own.hostname === "0.0.0.0") own.hostname = "127.0.0.1";
  if (own.hostname === "[::]") own.hostname = "[::1]";
  return destination(own, await addressesOf(bare(own), own, lookUp));
}

function checkForm(target: URL): void {
  const allowed = "an http: or https: URL, without user and password";
  const value = target.href;
  if (!["http:", "https:"].includes(target.protocol)) {
    throw new InvalidTarget({
      message: `Cannot send requests over ${target.protocol}`,
      value,
      allowed,
    });
  }
  if (target.username !== "" || target.password !== "") {
    throw new InvalidTarget({
      message:
        "Cannot use the user and password of the target: send an authorization header",
      allowed,
    });
  }
}

async function addressesOf(
  name: string,
  target: URL,
  find: (name: string) => Promise<readonly string[]>,
): Promise<readonly string[]> {
  if (isIP(name) > 0) return [name];
  let cause = "it has no address";
  try {
    const found = await find(name);
    if (found.length > 0) return found;
  } catch (error) {
    cause = error instanceof Error ? error.message : String(error);
  }
  throw new InvalidTarget({
    message: `Cannot find the address of "${name}": ${cause}`,
    value: target.href,
    allowed: "a name that resolves, or an IP address",
  });
}

async function lookUp(name: string): Promise<readonly string[]> {
  const found = await lookup(name, { all: true });
  return found.map(({ address }) => address);
}

/** Whether an entry of the option means a host, by name or address, at the target's port. */
function lists(entry: string, target: URL, host: string): boolean {
  const wanted = plainAddress(host);
  const port = target.port || defaultPort(target);
  if (entry.includes("://")) {
    if (!URL.canParse(entry)) return false;
    const url = new URL(entry);
    return url.protocol === target.protocol &&
      plainAddress(bare(url)) === wanted &&
      (url.port || defaultPort(url)) === port;
  }
  if (isIP(entry) === 6) return plainAddress(entry) === wanted;
  if (!URL.canParse(`http://${entry}`)) return false;
  // A port that is named is named by its own digits: the URL would swallow an 80.
  const named = /:(\d+)$/.exec(entry)?.[1];
  return plainAddress(bare(new URL(`http://${entry}`))) === wanted &&
    (named === undefined || named === port);
}

/** The host without the brackets of IPv6. */
function bare({ hostname }: URL): string {
  return hostname.replace(/^\[|\]$/g, "");
}

function defaultPort({ protocol }: URL): string {
  return protocol === "https:" ? "443" : "80";
}

function notAllowed(target: URL, addresses: readonly string[]): InvalidTarget {
  const named = target.hostname === addresses[0]
    ? ""
    : `, which is at ${addresses.join(", ")}`;
  return new InvalidTarget({
    message:
      `Cannot send load to ${target.origin}${named}: it is not this machine, and not listed in the option targets of the plugin load_engine`,
    value: target.href,
    allowed:
      "a loopback address, or what plugins.load_engine.targets lists, as a host, host:port or origin",
    suggestion: `plugins: { load_engine: { targets: ["${target.origin}"] } }`,
  });
}

function destination(
  target: URL,
  addresses: readonly string[],
): Destination {
  return {
    origin: target.origin,
    secure: target.protocol === "https:",
    addresses,
    port: Number(target.port || defaultPort(target)),
    host: target.host,
    prefix: target.pathname.replace(/\/+$/, ""),
  };
}
