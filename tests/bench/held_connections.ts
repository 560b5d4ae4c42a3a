/**
 * Many open connections to one server, idle or each waiting for a slow answer.
 *
 * @module
 */
import {
  LeanClient,
  type LeanResponse,
  prepareRequest,
} from "./lean_client.ts";

/** Number of exchanges started between two readings of the clock. */
const BATCH = 20;

/** Connections to one server, each with one exchange at a time. */
export class HeldConnections implements Disposable {
  readonly #url: URL;
  readonly #clients: readonly LeanClient[];

  /**
   * Does not connect yet: the first request does.
   *
   * @param url URL of the server
   * @param count number of connections
   */
  constructor(url: string, count: number) {
    this.#url = new URL(url);
    const { hostname, port } = this.#url;
    const address = { hostname, port: Number(port) };
    this.#clients = Array.from(
      { length: count },
      () => new LeanClient(address),
    );
  }

  /**
   * Sends one request over each connection, at a steady rate, and connects first if necessary.
   *
   * @param path path that is fetched
   * @param rate requests per second
   * @returns once all requests are sent, a promise of the answers; it rejects with the error of the first exchange that fails
   */
  async send(
    path: string,
    rate: number,
  ): Promise<{ readonly answers: Promise<readonly LeanResponse[]> }> {
    const request = prepareRequest("GET", new URL(path, this.#url));
    const exchanges: Promise<LeanResponse>[] = [];
    const start = performance.now();
    for (const client of this.#clients) {
      const exchange = client.exchange(request);
      exchange.catch(() => {}); // Promise.all() below reports it
      exchanges.push(exchange);
      if (exchanges.length % BATCH > 0) continue;
      const due = start + exchanges.length / rate * 1000;
      const wait = Math.max(0, due - performance.now());
      await new Promise((resolve) => setTimeout(resolve, wait));
    }
    const answers = Promise.all(exchanges);
    answers.catch(() => {});
    return { answers };
  }

  /** Closes all connections. */
  [Symbol.dispose](): void {
    for (const client of this.#clients) client[Symbol.dispose]();
  }
}
