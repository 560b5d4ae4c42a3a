/**
 * Name and address of a replica among the others.
 *
 * @module
 */
import { hostname, networkInterfaces } from "node:os";
import { PerfmockError } from "../errors.ts";

/** Name and address of a replica as its user gives them. */
export interface ReplicaOptions {
  /** Unique name. Default the name of the machine and the port. */
  readonly name?: string | undefined;
  /**
   * URL at which the other replicas reach this one, such as `http://10.0.0.7:8080/`, or a host name or address alone. Default the
   * address that the server listens on.
   */
  readonly advertise?: string | undefined;
}

/**
 * Returns the name of a replica: a given one, or that of the machine with the port.
 *
 * @param port configured port; 0 for any free one
 */
export function replicaName(
  { name }: ReplicaOptions,
  port: number,
  machine: () => string = hostname,
): string {
  if (name !== undefined && name !== "") return name;
  const own = orElse("localhost", machine);
  return `${own}:${port === 0 ? crypto.randomUUID().slice(0, 8) : port}`;
}

/** Returns the addresses of this machine that other machines may reach. */
function outerAddresses(): string[] {
  return orElse(
    [],
    () =>
      Object.values(networkInterfaces()).flatMap((each = []) =>
        each.filter(({ internal }) => !internal).map(({ address, family }) =>
          family === "IPv6" ? `[${address}]` : address
        )
      ),
  );
}

/**
 * Returns the URL at which other replicas reach a server, with a trailing slash.
 *
 * @param own URL of the server on its own machine
 * @param hosts addresses that it listens on
 * @param addresses addresses of this machine. Default those of its network interfaces
 * @throws PerfmockError `ARGUMENT_INVALID` where the given one is no URL and no host
 */
export function reachableUrl(
  { advertise }: ReplicaOptions,
  own: URL,
  hosts: readonly string[],
  addresses: () => readonly string[] = outerAddresses,
): string {
  const { protocol, port } = own;
  const at = (host: string) => {
    // An address of IPv6 stands in brackets.
    const inUrl = /^[^[].*:.*:/.test(host) ? `[${host}]` : host;
    return `${protocol}//${inUrl}${port === "" ? "" : `:${port}`}/`;
  };
  if (advertise !== undefined && advertise !== "") {
    const url = advertise.includes("://") ? advertise : at(advertise);
    const parsed = URL.parse(url);
    if (parsed !== null && /^https?:$/.test(parsed.protocol)) {
      return parsed.href.replace(/\/?$/, "/");
    }
    throw new PerfmockError("ARGUMENT_INVALID", "Cannot use --advertise", [{
      path: "",
      message: "It is neither a URL nor a host",
      value: advertise,
      allowed:
        'a URL such as "http://10.0.0.7:8080/", or a host name or address',
    }]);
  }
  const everywhere = hosts.some((host) => host === "0.0.0.0" || host === "::");
  const [outer] = everywhere ? addresses() : [];
  return outer === undefined ? own.href : at(outer);
}

function orElse<T>(otherwise: T, read: () => T): T {
  try {
    return read();
  } catch {
    // It needs the permission `sys`.
    return otherwise;
  }
}
