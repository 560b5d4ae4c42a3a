/**
 * Targets that load may be sent to. Anyone who can start a run could otherwise direct this machine at any other: a target other
 * than this machine must be listed in the plugin's options. The address decides: it is looked up and checked once, and all
 * connections go to it, so that a later change of the name (DNS rebinding) has no effect.
 *
 * @module
 */
import { lookup } from "node:dns/promises";
import { isIP } from "node:net";
import { connect } from "node:tls";
import { type Issue, PerfmockError } from "../../../core/plugin.ts";

/** A target that may be connected to. */
export interface Destination {
  /** Origin of the target. */
  readonly origin: string;
  /** True if it is reached over TLS. */
  readonly secure: boolean;
  /** IP addresses in the order in which they are tried. */
  readonly addresses: readonly string[];
  /** Port, 1…65535. */
  readonly port: number;
  /** Value of the host header. */
  readonly host: string;
  /** Prefix of all paths: empty, or with a leading slash and no trailing one. */
  readonly prefix: string;
  /** Trusted certificates in addition to the system's, in PEM form. */
  readonly certificates: readonly string[];
}

/** Allowed targets, and the resolver of names. */
export interface TargetRules {
  /** Origins other than this machine that load may be sent to: the plugin's option `targets`. */
  readonly targets: readonly string[];
  /** Returns all addresses of a name. Default: the system's resolver. */
  readonly lookUp?: (name: string) => Promise<readonly string[]>;
}

/**
 * Looks up a target and checks that it may be connected to.
 *
 * @param target an http: or https: URL
 * @throws PerfmockError `SCRIPT_INVALID` if it is neither loopback nor listed, or has no address
 */
export async function resolveTarget(
  target: URL,
  rules: TargetRules,
): Promise<Destination> {
  const name = bare(target);
  const addresses = await addressesOf(name, target, rules.lookUp ?? lookUp);
  const listed = rules.targets.some((origin) =>
    URL.parse(origin)?.origin === target.origin
  );
  // Another name may resolve to this machine now and to another one later, when fetch looks it up again.
  const ours = (isIP(name) > 0 || /(^|\.)localhost$/.test(name)) &&
    addresses.every(isLoopback);
  if (!listed && !ours) throw notAllowed(target, addresses);
  return destination(target, addresses);
}

/**
 * Returns the server's own address as a destination. It is always allowed, and its certificate is trusted whoever signed it.
 *
 * @throws PerfmockError `SCRIPT_INVALID` if its host name has no address
 */
export async function ownDestination(url: URL): Promise<Destination> {
  const own = new URL(url);
  // A server that listens on all addresses is reached by the loopback address.
  if (own.hostname === "0.0.0.0") own.hostname = "127.0.0.1";
  if (own.hostname === "[::]") own.hostname = "[::1]";
  const found = destination(own, await addressesOf(bare(own), own, lookUp));
  if (!found.secure) return found;
  const certificate = await certificateOf(found.addresses[0], found.port);
  return { ...found, certificates: [certificate] };
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
  throw invalid({
    message: `Cannot find the address of "${name}": ${cause}`,
    value: target.href,
    allowed: "a name that resolves, or an IP address",
  });
}

async function lookUp(name: string): Promise<readonly string[]> {
  const found = await lookup(name, { all: true });
  return found.map(({ address }) => address);
}

/** Returns the host without the brackets of IPv6. */
function bare({ hostname }: URL): string {
  return hostname.replace(/^\[|\]$/g, "");
}

function defaultPort({ protocol }: URL): string {
  return protocol === "https:" ? "443" : "80";
}

function notAllowed(target: URL, addresses: readonly string[]): PerfmockError {
  const named = target.hostname === addresses[0]
    ? ""
    : ` at ${addresses.join(", ")}`;
  return invalid({
    message:
      `Cannot send load to ${target.origin}${named}: that is not this machine, and not listed in the option targets of the plugin load_engine`,
    value: target.href,
    allowed:
      "a loopback address, or an origin that plugins.load_engine.targets lists",
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
    certificates: [],
  };
}

function invalid(issue: Omit<Issue, "path">): PerfmockError {
  const issues = [{ path: "/target", ...issue }];
  return new PerfmockError("SCRIPT_INVALID", issue.message, issues);
}

/** Normalises an IP address, so that equal addresses have equal texts: IPv4 within IPv6 as IPv4, IPv6 shortened, lower case. */
function plainAddress(host: string): string {
  if (isIP(host) !== 6) return host.toLowerCase();
  const short = new URL(`http://[${host.split("%")[0]}]`).hostname.slice(1, -1);
  const mapped = /^::ffff:([0-9a-f]{1,4}):([0-9a-f]{1,4})$/.exec(short);
  if (mapped === null) return short;
  const [high, low] = mapped.slice(1).map((part) => parseInt(part, 16));
  return [high >> 8, high & 255, low >> 8, low & 255].join(".");
}

/** Returns whether an IP address is this machine's own: 127.0.0.0/8, ::1, or 127.0.0.0/8 within IPv6. */
export function isLoopback(address: string): boolean {
  const plain = plainAddress(address);
  return plain === "::1" || isIP(plain) === 4 && plain.startsWith("127.");
}

/** Returns the certificate of this machine's own server in PEM form. The process that serves it trusts it whoever signed it. */
export function certificateOf(host: string, port: number): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port, rejectUnauthorized: false }, () => {
      const { raw } = socket.getPeerCertificate(true);
      socket.destroy();
      const text = btoa(String.fromCharCode(...raw));
      const lines = text.replace(/.{64}/g, "$&\n");
      resolve(
        `-----BEGIN CERTIFICATE-----\n${lines}\n-----END CERTIFICATE-----\n`,
      );
    });
    socket.on("error", reject);
  });
}
