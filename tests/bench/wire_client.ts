/**
 * A process that receives bodies on bare TCP connections and measures how exactly each piece follows the schedule of its route.
 * This module is both ends: an importer starts the process, and as main module it is the process.
 *
 * @module
 */
import { type Child, type Children, serveOrders } from "./processes.ts";
import { Samples } from "./statistics.ts";

/** An order to receive bodies, one on each connection. Times are in ms. */
export interface WireOrder {
  /** URL that is fetched with GET. */
  readonly url: string;
  /** Number of connections. */
  readonly connections: number;
  /** Number of pieces of a body. */
  readonly count: number;
  /** Time from the headers to the first piece. */
  readonly first: number;
  /** Time between two pieces. */
  readonly interval: number;
  /** Time between the starts of two requests. */
  readonly apart: number;
}

/** Result of an order. */
export interface WireReport {
  /** Delay of each piece's last byte after its scheduled time, in ms, counted from its body's headers. */
  readonly errors: readonly number[];
  /** Time of each body from its headers, in ms. */
  readonly durations: readonly number[];
}

/** Starts a receiving process and sends it orders. */
export class WireClient {
  readonly #child: Child;

  /** Starts the process. */
  constructor(children: Children) {
    this.#child = children.deno("wire_client.ts");
  }

  /**
   * Receives all bodies to their ends.
   *
   * @throws Error if the status is not 200 or a body ends too soon
   */
  async receive(order: WireOrder): Promise<WireReport> {
    await this.#child.send(JSON.stringify(order));
    const most = order.first + order.count * order.interval;
    return JSON.parse(await this.#child.line(3 * most + PATIENCE));
  }
}

const PATIENCE = 20_000;

/**
 * Last character of each piece, which occurs nowhere else: late pieces may arrive together, so that a number of bytes does not
 * identify a piece.
 */
export const MARK = "|";

/** Size of a socket's buffer, so that all bytes that have arrived are read at once. */
const BUFFER = 256 * 1024;

async function obey(order: WireOrder): Promise<WireReport> {
  const errors = new Samples();
  const durations = await Promise.all(
    Array.from({ length: order.connections }, async (_, index) => {
      await new Promise((resolve) => setTimeout(resolve, index * order.apart));
      return await receive(order, errors);
    }),
  );
  // Rounded to three decimals: the clock is no more exact.
  return {
    errors: Array.from(
      errors.values(),
      (error) => Math.round(error * 1000) / 1000,
    ),
    durations,
  };
}

/** Receives one body. Returns its time from the headers, in ms. */
async function receive(
  { url, count, first, interval }: WireOrder,
  errors: Samples,
): Promise<number> {
  const { hostname, port, pathname, host } = new URL(url);
  using connection = await Deno.connect({ hostname, port: Number(port) });
  connection.setNoDelay(true);
  await connection.write(
    new TextEncoder().encode(
      `GET ${pathname} HTTP/1.1\r\nhost: ${host}\r\n\r\n`,
    ),
  );
  const buffer = new Uint8Array(BUFFER);
  const mark = MARK.charCodeAt(0);
  let head = "";
  let start = NaN;
  for (let come = 0; come < count;) {
    const size = await connection.read(buffer);
    const now = performance.now();
    if (size === null) throw new Error(`${url} ended after ${come} pieces`);
    const part = buffer.subarray(0, size);
    let at = -1;
    if (Number.isNaN(start)) {
      const before = head.length;
      head += new TextDecoder("latin1").decode(part);
      const end = head.indexOf("\r\n\r\n");
      if (end < 0) continue;
      if (!head.startsWith("HTTP/1.1 200 ")) throw new Error(head);
      start = now;
      at = end - before;
    }
    while ((at = part.indexOf(mark, at + 1)) >= 0) {
      errors.add(now - start - first - come++ * interval);
    }
    if (come === count) return now - start;
  }
  return 0;
}

if (import.meta.main) await serveOrders(obey);
