/**
 * Listening sockets and addresses of the kernel.
 *
 * @module
 */
import { lookup } from "node:dns/promises";
import { isIPv4, isIPv6 } from "node:net";
import { ERRNO } from "./libc.ts";
import type { Loop } from "./loop.ts";

const FAMILY = { ipv4: 2, ipv6: 10 } as const;
const STREAM = 1;
const NON_BLOCKING = 0o4000;
const CLOSE_ON_EXEC = 0o2000000;
const SOCKET_LEVEL = 1;
const OPTION = { reuseAddress: 2, keepAlive: 9, linger: 13, reusePort: 15 };
const TCP_LEVEL = 6;
const TCP_NO_DELAY = 1;

/** Size of the largest address, struct sockaddr_in6, in bytes. */
export const ADDRESS_SIZE = 28;

/** Flags of accepted sockets. */
export const ACCEPTED = NON_BLOCKING | CLOSE_ON_EXEC;

/** Error of the system, with its name. */
export class SocketError extends Error {
  override readonly name = "SocketError";

  /**
   * @param code name of the system's error, such as EADDRINUSE
   * @param message reason in words
   */
  constructor(readonly code: string, message: string) {
    super(message);
  }
}

/** Errors of a listening socket in words. */
const REASONS: Readonly<Record<number, readonly [string, string]>> = {
  [ERRNO.inUse]: ["EADDRINUSE", "the port is in use"],
  [ERRNO.notAvailable]: [
    "EADDRNOTAVAIL",
    "the address is none of this machine",
  ],
  [ERRNO.noAccess]: [
    "EACCES",
    "the system does not permit this port to this user",
  ],
  [ERRNO.familyUnsupported]: [
    "EAFNOSUPPORT",
    "this machine does not support IPv6",
  ],
  [ERRNO.processLimit]: ["EMFILE", "no descriptor is left"],
  [ERRNO.systemLimit]: ["ENFILE", "no descriptor is left on this machine"],
};

/** Options of a listening socket. */
export interface ListenOptions {
  /** Host name, IPv4 or IPv6 address. */
  readonly host: string;
  /** Port; 0 for any free port. */
  readonly port: number;
  /** Maximum number of connections that wait to be accepted. */
  readonly backlog: number;
  /** True if several processes may listen on the port. */
  readonly reusePort: boolean;
}

/** A listening socket. */
export interface ListeningSocket {
  /** Descriptor. */
  readonly fd: number;
  /** Port on which it listens. */
  readonly port: number;
}

/**
 * Listens. Accepted sockets inherit that small pieces leave at once, and that dead peers are noticed.
 *
 * @throws SocketError with the system's error
 */
export async function listenOn(
  loop: Loop,
  { host, port, backlog, reusePort }: ListenOptions,
): Promise<ListeningSocket> {
  const address = addressOf(await literal(host), port);
  const { calls } = loop;
  const family = address.length === ADDRESS_SIZE ? FAMILY.ipv6 : FAMILY.ipv4;
  const fd = calls.socket(family, STREAM | ACCEPTED, 0);
  if (fd < 0) throw failed(loop.errno());
  setFlag(loop, fd, SOCKET_LEVEL, OPTION.reuseAddress);
  setFlag(loop, fd, SOCKET_LEVEL, OPTION.keepAlive);
  setFlag(loop, fd, TCP_LEVEL, TCP_NO_DELAY);
  if (reusePort) setFlag(loop, fd, SOCKET_LEVEL, OPTION.reusePort);
  if (
    calls.bind(fd, address, address.length) < 0 || calls.listen(fd, backlog) < 0
  ) {
    const error = failed(loop.errno());
    calls.close(fd);
    throw error;
  }
  const size = sizeCell();
  const own = new Uint8Array(ADDRESS_SIZE);
  calls.getsockname(fd, own, size);
  return { fd, port: new DataView(own.buffer).getUint16(2) };
}

/** Makes a close of the descriptor reset the connection. */
export function resetOnClose(loop: Loop, fd: number): void {
  loop.calls.setsockopt(fd, SOCKET_LEVEL, OPTION.linger, LINGER, LINGER.length);
}

/** Struct linger: on, for 0 seconds. */
const LINGER = new Uint8Array(new Int32Array([1, 0]).buffer);

const FLAG = new Uint8Array(new Int32Array([1]).buffer);

function setFlag(loop: Loop, fd: number, level: number, option: number): void {
  loop.calls.setsockopt(fd, level, option, FLAG, FLAG.length);
}

/** Creates the memory in which the kernel is told the size of an address, and says it. */
export function sizeCell(size = ADDRESS_SIZE): Uint8Array<ArrayBuffer> {
  return new Uint8Array(new Int32Array([size]).buffer);
}

function failed(errno: number): SocketError {
  const [code, message] = REASONS[errno] ??
    [`E${errno}`, `the system reports error ${errno}`];
  return new SocketError(code, message);
}

async function literal(host: string): Promise<string> {
  if (host.includes("%")) {
    throw new Error("it knows no zones of addresses, such as %eth0");
  }
  if (isIPv4(host) || isIPv6(host)) return host;
  try {
    return (await lookup(host)).address;
  } catch {
    throw new SocketError("ENOTFOUND", "the name has no address");
  }
}

/**
 * Builds struct sockaddr_in or sockaddr_in6.
 *
 * @param host IPv4 or IPv6 address
 */
export function addressOf(host: string, port: number): Uint8Array {
  const four = isIPv4(host);
  const address = new Uint8Array(four ? 16 : ADDRESS_SIZE);
  const words = new DataView(address.buffer);
  words.setUint16(0, four ? FAMILY.ipv4 : FAMILY.ipv6, true);
  words.setUint16(2, port);
  if (four) address.set(host.split(".").map(Number), 4);
  else wordsOf(host).forEach((word, i) => words.setUint16(8 + 2 * i, word));
  return address;
}

/** The eight words of an IPv6 address. The URL parser understands all its forms, and writes one. */
function wordsOf(host: string): number[] {
  const [before, after] = new URL(`http://[${host}]`).hostname
    .slice(1, -1).split("::").map((part) =>
      part === "" ? [] : part.split(":").map((word) => parseInt(word, 16))
    );
  if (after === undefined) return before;
  const zeros = 8 - before.length - after.length;
  return [...before, ...new Array<number>(zeros).fill(0), ...after];
}

/** Formats the address in struct sockaddr_in or sockaddr_in6. An IPv4 address within IPv6 is written as IPv4. */
export function formatAddress(address: Uint8Array): string {
  if (address[0] === FAMILY.ipv4) return dotted(address, 4);
  if (isMapped(address)) return dotted(address, 20);
  const words: string[] = [];
  for (let at = 8; at < 24; at += 2) {
    words.push((address[at] << 8 | address[at + 1]).toString(16));
  }
  return new URL(`http://[${words.join(":")}]`).hostname.slice(1, -1);
}

function dotted(address: Uint8Array, at: number): string {
  return `${address[at]}.${address[at + 1]}.${address[at + 2]}.${
    address[at + 3]
  }`;
}

function isMapped(address: Uint8Array): boolean {
  for (let at = 8; at < 18; at++) if (address[at] !== 0) return false;
  return address[18] === 0xff && address[19] === 0xff;
}
