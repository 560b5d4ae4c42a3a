import { isIP } from "node:net";

/** An IP address in the form in which two of the same are equal: IPv4 within IPv6 as IPv4, IPv6 shortened, else lower case. */
function plainAddress(host: string): string {
  if (isIP(host) !== 6) return host.toLowerCase();
  const short = new URL(`http://[${host.split("%")[0]}]`).hostname.slice(1, -1);
  const mapped = /^::ffff:([0-9a-f]{1,4}):([0-9a-f]{1,4})$/.exec(short);
  if (mapped === null) return short;
  const [high, low] = mapped.slice(1).map((part) => parseInt(part, 16));
  return [high >> 8, high & 255, low >> 8, low & 255].join(".");
}

/** Whether an IP address is this machine's own: 127.0.0.0/8, ::1, or the former within IPv6. */
export function isLoopback(address: string): boolean {
  const plain = plainAddress(address);
  return plain === "::1" || isIP(plain) === 4 && plain.startsWith("127.");
}
