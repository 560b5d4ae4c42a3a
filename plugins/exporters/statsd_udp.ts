/**
 * UDP sockets for StatsD.
 *
 * @module
 */
import { createSocket } from "node:dgram";
import { lookup } from "node:dns/promises";
import { isIP } from "node:net";
import { readReceiver, type Receiver } from "./read_receiver.ts";

/** Host and port of a StatsD receiver. */
export interface StatsdAddress {
  /** A host name or an IP address, without brackets. */
  readonly host: string;
  /** 1…65535. */
  readonly port: number;
}

/** A socket for one flush. */
export interface Channel {
  /** Address and port of the receiver, such as `127.0.0.1:8125` or `[::1]:8125`. */
  readonly target: string;
  /** Hands a datagram to the system. Rejects if the system refuses the datagram, which then was not sent. */
  send(datagram: Uint8Array): Promise<void>;
  /** State of the receiver; undefined if it cannot be known. */
  receiver(): Promise<Receiver | undefined>;
  /** Closes the socket. */
  close(): void;
}

/**
 * Opens a socket for one flush. Because the name is resolved again for each flush, a receiver may move to another address.
 *
 * A connected socket of Node's reports refused datagrams. Deno cannot connect UDP sockets, hence
 * {@linkcode Channel.receiver}. The package hot-shots uses the same sockets, but does not report if a datagram was sent and
 * which figures it contained, so those figures could not be sent again.
 *
 * @param address address of the receiver
 * @param signal ends the wait for the name
 * @throws if the name does not resolve; the signal's reason, if it is aborted
 */
export async function openUdp(
  address: StatsdAddress,
  signal: AbortSignal,
): Promise<Channel> {
  const { host, port } = address;
  const target = await resolve(host, signal);
  const socket = createSocket(target.family === 6 ? "udp6" : "udp4");
  let broken: Error | undefined;
  socket.on("error", (error: Error) => broken = error);
  // Statistics must not keep a process alive.
  socket.unref();
  return {
    target: target.family === 6
      ? `[${target.address}]:${port}`
      : `${target.address}:${port}`,
    send: (datagram) =>
      new Promise((sent, failed) => {
        if (broken !== undefined) failed(broken);
        else {
          socket.send(
            datagram,
            port,
            target.address,
            (error: Error | null) => error ? failed(error) : sent(),
          );
        }
      }),
    receiver: () => readReceiver(target.address, port),
    close: () => socket.close(),
  };
}

/** A name look-up cannot be cancelled: once the signal is aborted, its result is ignored. */
async function resolve(
  host: string,
  signal: AbortSignal,
): Promise<{ readonly address: string; readonly family: number }> {
  const family = isIP(host);
  if (family !== 0) return { address: host, family };
  signal.throwIfAborted();
  const { promise, reject } = Promise.withResolvers<never>();
  const onAbort = () => reject(signal.reason);
  signal.addEventListener("abort", onAbort, { once: true });
  try {
    return await Promise.race([lookup(host), promise]);
  } finally {
    signal.removeEventListener("abort", onAbort);
  }
}
