/**
 * What the kernel's table of UDP sockets says of a receiver on the loopback interface. Linux only.
 *
 * @see https://www.kernel.org/doc/html/latest/networking/proc_net_tcp.html (the columns of udp are the same)
 * @module
 */

/** The socket at the other end. */
export interface Receiver {
  /** Whether a socket is bound to the port. */
  readonly isListening: boolean;
  /** How many datagrams found no room in its buffer, of whichever sender, since it was bound. */
  readonly overflowed: number;
  /** How many bytes wait in its buffer. */
  readonly waiting: number;
}

/**
 * Reads whether somebody listens.
 *
 * @param address an IP address
 * @param port the port
 * @returns undefined where it cannot be known: off the loopback interface, or where there is no such table
 */
export async function readReceiver(
  address: string,
  port: number,
): Promise<Receiver | undefined> {
  const isV4 = /^127\./.test(address);
  if (!isV4 && address !== "::1") return undefined;
  const v6 = await tableOf("/proc/net/udp6");
  const v4 = isV4 ? await tableOf("/proc/net/udp") : "";
  // A socket on :: takes IPv4 as well, so without either table there is no knowing.
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
/** ::ffff:0:0/96, in words of the machine's order of bytes, which is little-endian wherever Deno runs. */
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
    // No such system, or no permission: then nothing is known, which is no fault.
    return undefined;
  }
}
