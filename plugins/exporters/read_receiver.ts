/**
 * State of a receiver on the loopback interface, from the kernel's table of UDP sockets. Linux only.
 *
 * @see https://www.kernel.org/doc/html/latest/networking/proc_net_tcp.html (the columns of udp are the same)
 * @module
 */

/** State of the receiver's socket. */
export interface Receiver {
  /** True if a socket is bound to the port. */
  readonly isListening: boolean;
  /** Number of datagrams dropped because its buffer was full, from any sender, since it was bound. */
  readonly overflowed: number;
  /** Number of bytes in its buffer. */
  readonly waiting: number;
}

/**
 * Reads the state of a receiver.
 *
 * @param address IP address of the receiver
 * @param port port of the receiver
 * @returns undefined if it cannot be known: the receiver is not on the loopback interface, or the system has no such table
 */
export async function readReceiver(
  address: string,
  port: number,
): Promise<Receiver | undefined> {
  const isV4 = /^127\./.test(address);
  if (!isV4 && address !== "::1") return undefined;
  const v6 = await tableOf("/proc/net/udp6");
  const v4 = isV4 ? await tableOf("/proc/net/udp") : "";
  // A socket bound to :: receives IPv4 as well, so both tables are needed.
  if (v4 === undefined || v6 === undefined) return undefined;
  const wanted = new Set(isV4 ? [hexV4(address), V4_ANY] : [V6_LOOPBACK]);
  if (isV4) wanted.add(V4_IN_V6 + hexV4(address));
  wanted.add(V6_ANY);
  let isListening = false;
  let overflowed = 0;
  let waiting = 0;
  for (const line of `${v4}\n${v6}`.split("\n")) {
    const columns = line.trim().split(/\s+/);
    const [local, at] = (columns[1] ?? "").split(":");
    if (!wanted.has(local) || Number.parseInt(at, 16) !== port) continue;
    isListening = true;
    overflowed += Number(columns[12]);
    waiting += Number.parseInt(columns[4].split(":")[1], 16);
  }
  return { isListening, overflowed, waiting };
}

const V4_ANY = "00000000";
const V6_ANY = "0".repeat(32);
const V6_LOOPBACK = "00000000000000000000000001000000";
/** ::ffff:0:0/96, in 32-bit words of the machine's byte order, which is little-endian on all platforms of Deno. */
const V4_IN_V6 = "0000000000000000FFFF0000";

function hexV4(address: string): string {
  return address.split(".").reverse()
    .map((byte) => Number(byte).toString(16).padStart(2, "0")).join("")
    .toUpperCase();
}

async function tableOf(path: string): Promise<string | undefined> {
  try {
    return await Deno.readTextFile(path);
  } catch {
    // Other systems have no such table, and it may not be readable: the state is unknown then, which is no error.
    return undefined;
  }
}
