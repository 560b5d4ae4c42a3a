/**
 * Many connections at once that wait: first idle, then each for an answer that takes long.
 *
 * @module
 */
import {
  LeanClient,
  type LeanResponse,
  prepareRequest,
} from "./lean_client.ts";

/** How many exchanges are started between two looks at the clock. */
const BATCH = 20;

/** Connections to one server, each with one exchange at a time. */
export class HeldConnections implements Disposable {
  readonly #url: URL;
  readonly #clients: readonly LeanClient[];

  /**
   * Connects at the first request.
   *
   * @param url of the server
   * @param count how many connections
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
   * Sends one request over each connection, at a steady pace; connects where needed.
   *
   * @param path what is fetched
   * @param rate requests per second
   * @returns once all are sent, the answers to come: they reject with the first exchange that fails
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
      exchange.catch(() => {}); // heard of below, where all are awaited
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

  /** Closes all. */
  [Symbol.dispose](): void {
    for (const client of this.#clients) client[Symbol.dispose]();
  }
}
