/**
 * Finds routes whose upstream is the server itself: each request would be sent on without end.
 *
 * @module
 */
import { isIP } from "node:net";
import { hostname, networkInterfaces } from "node:os";
import { lookUp, type PerfmockConfig, toPointer } from "../config/mod.ts";
import type { Issue } from "../errors.ts";
import type { Settings } from "./settings.ts";

/** Addresses of this machine, as far as they are needed. */
export interface Machine {
  /** Returns the addresses of all network interfaces. */
  readonly addresses: () => readonly string[];
  /** Returns the name of the machine. */
  readonly name: () => string;
}

/** The machine that this process runs on. It needs the permission `sys`, without which it has no address but loopback. */
const THIS: Machine = {
  addresses: () =>
    orElse(
      [],
      () =>
        Object.values(networkInterfaces()).flatMap((each = []) =>
          each.map(({ address }) => address)
        ),
    ),
  name: () => orElse("localhost", hostname),
};

function orElse<T>(otherwise: T, read: () => T): T {
  try {
    return read();
  } catch {
    return otherwise;
  }
}

/**
 * Returns an issue for each route whose upstream is the server itself.
 *
 * @param url address at which the server listens; undefined where it does not, or not yet: the configured port counts then
 */
export function ownAddressIssues(
  { config, written, routeIndices }: Pick<
    Settings,
    "config" | "written" | "routeIndices"
  >,
  url: URL | undefined,
  machine: Machine = THIS,
): Issue[] {
  const port = url === undefined ? config.server.port : portOf(url);
  if (port === 0) return [];
  return config.routes.flatMap(({ response, responses }, index) =>
    (responses ?? [response]).flatMap(({ proxy }, turn) => {
      const upstream = proxy?.url;
      if (upstream === undefined) return [];
      const target = new URL(upstream);
      if (portOf(target) !== port || !isOwn(target, config, machine)) return [];
      const keys = responses === undefined
        ? ["response", "proxy"]
        : ["responses", `${turn}`, "proxy"];
      const short = typeof lookUp(written[index], keys) === "string";
      return [{
        path: toPointer([
          "routes",
          `${routeIndices[index]}`,
          ...keys,
          ...short ? [] : ["url"],
        ]),
        message:
          "The upstream is this server itself: a request would be sent on without end",
        value: upstream,
        allowed: "the URL of another server",
      }];
    })
  );
}

function portOf({ port, protocol }: URL): number {
  return Number(port || (protocol === "https:" ? 443 : 80));
}

/** Returns whether a host leads to an address on which the server listens, as far as this is known without a resolver. */
function isOwn(
  target: URL,
  { server: { host } }: Pick<PerfmockConfig, "server">,
  machine: Machine,
): boolean {
  const name = plain(target.hostname);
  const listening = (typeof host === "string" ? [host] : host).map((each) =>
    plain(each)
  );
  if (listening.includes(name)) return true;
  const all = listening.includes("0.0.0.0") || listening.includes("::");
  // A connection to the address of all interfaces goes to loopback.
  if (isLocalName(name) || name === "0.0.0.0" || name === "::") {
    return all || listening.some((each) => isLoopback(each));
  }
  if (!all) {
    // The name of a host stands for loopback or for the address of an interface, which only a resolver knows.
    return isLoopback(name) && listening.some(isLocalName) &&
      ["127.0.0.1", "::1"].includes(name);
  }
  return isLoopback(name) ||
    (isIP(name) > 0
      ? machine.addresses().some((each) => plain(each) === name)
      : machine.name().toLowerCase() === name);
}

function isLocalName(name: string): boolean {
  return name === "localhost" || name.endsWith(".localhost");
}

function isLoopback(host: string): boolean {
  return isLocalName(host) || host === "::1" || /^127(\.\d+){3}$/.test(host);
}

/** Normalises a host, so that equal addresses have equal texts: lower case, without brackets and zone, IPv4 within IPv6 as IPv4. */
function plain(host: string): string {
  const bare = host.replace(/^\[|\]$/g, "").split("%")[0].toLowerCase()
    .replace(/\.$/, "");
  if (isIP(bare) !== 6) return bare;
  const short = new URL(`http://[${bare}]`).hostname.slice(1, -1);
  const mapped = /^::ffff:([0-9a-f]{1,4}):([0-9a-f]{1,4})$/.exec(short);
  if (mapped === null) return short;
  const [high, low] = mapped.slice(1).map((part) => parseInt(part, 16));
  return [high >> 8, high & 255, low >> 8, low & 255].join(".");
}
