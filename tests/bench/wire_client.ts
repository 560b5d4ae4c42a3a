/**
 * A process that receives bodies on bare TCP connections and tells how well each piece kept to the schedule that its route was
 * given. The same module is both ends: imported it starts the process, as main module it is the process.
 *
 * @module
 */
import { type Child, type Children, readLines } from "./processes.ts";
import { Samples } from "./statistics.ts";

/** Bodies to be received, one on each connection. Times are in milliseconds. */
export interface WireOrder {
  /** What is fetched, with GET. */
  readonly url: string;
  /** How many at the same time. */
  readonly connections: number;
  /** How many pieces a body has. */
  readonly count: number;
  /** Between the headers and the first piece. */
  readonly first: number;
  /** Between one piece and the next. */
  readonly interval: number;
  /** Between one request and the next. */
  readonly apart: number;
}

/** What came. */
export interface WireReport {
  /** How long after each piece's time its last byte was read, in milliseconds from its body's headers. */
  readonly errors: readonly number[];
  /** How long each body took from its headers on, in milliseconds. */
  readonly durations: readonly number[];
}

/** The other end of a receiving process. */
export class WireClient {
  readonly #child: Child;

  /** Starts the process. */
  constructor(children: Children) {
    this.#child = children.deno("wire_client.ts");
  }

  /**
   * Receives all bodies to their ends.
   *
   * @throws Error where one of them is not answered with 200 or ends too soon
   */
  async receive(order: WireOrder): Promise<WireReport> {
    await this.#child.send(JSON.stringify(order));
    const most = order.first + order.count * order.interval;
    return JSON.parse(await this.#child.line(3 * most + PATIENCE));
  }
}

const PATIENCE = 20_000;

/**
 * What each piece ends with, and nothing else holds: pieces that are late may pass the connection as one chunk, so that their
 * bytes tell nothing.
 */
export const MARK = "|";

/** As much as a socket holds, so that what has come is read at once. */
const BUFFER = 256 * 1024;

async function obey(order: WireOrder): Promise<WireReport> {
  const errors = new Samples();
  const durations = await Promise.all(
    Array.from({ length: order.connections }, async (_, index) => {
      await new Promise((resolve) => setTimeout(resolve, index * order.apart));
      return await receive(order, errors);
    }),
  );
  // Three decimals say as much as the clock does.
  return {
    errors: Array.from(
      errors.values(),
      (error) => Math.round(error * 1000) / 1000,
    ),
    durations,
  };
}

/** One body; how long it took from its headers on. */
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

if (import.meta.main) {
  for await (const line of readLines(Deno.stdin.readable)) {
    const report = await obey(JSON.parse(line));
    const bytes = new TextEncoder().encode(`${JSON.stringify(report)}\n`);
    for (let sent = 0; sent < bytes.length;) {
      sent += await Deno.stdout.write(bytes.subarray(sent));
    }
  }
}
