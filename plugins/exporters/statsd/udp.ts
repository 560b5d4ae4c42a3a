import { createSocket } from "node:dgram";
import { lookup } from "node:dns/promises";
import { isIP } from "node:net";
import type { StatsdAddress } from "./options.ts";
import { readReceiver, type Receiver } from "./read_receiver.ts";

/** A way to one receiver, for one flush. */
export interface Channel {
  /** Address and port of the other end, in words. */
  readonly target: string;
  /** Hands a datagram to the system; rejected where the system refuses it, which then has not left. */
  send(datagram: Uint8Array): Promise<void>;
  /** What is known of the other end; undefined where nothing is. */
  receiver(): Promise<Receiver | undefined>;
  /** Ends it. */
  close(): void;
}

/**
 * Opens a way to a receiver. Opened for each flush, it follows a name that moves and leaves nothing open in between.
 *
 * Node's own sockets can be connected, and are then told of refused datagrams; Deno's cannot, hence
 * {@linkcode Channel.receiver}. hot-shots, which sits on the same sockets, says of a datagram neither that it left nor which
 * figures were in it, so that none could be kept for later.
 *
 * @param address whose
 * @param signal ends the wait for the name
 * @throws where the name does not resolve, or the signal's reason
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

/** A look-up cannot be taken back: it is left alone once nobody waits. */
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
