/**
 * The addresses of a target, resolved and checked once: a connection goes to one of these, whatever its name means by then.
 *
 * @module
 */

/** Where connections go. */
export class Addresses {
  readonly #hosts: readonly string[];
  readonly #port: number;
  /** The one that took the last connection. */
  #current = 0;
  readonly #cut = new AbortController();

  /**
   * @param hosts IP addresses, one at least, in the order in which they are tried
   * @param port 1…65535
   */
  constructor(hosts: readonly string[], port: number) {
    this.#hosts = hosts;
    this.#port = port;
  }

  /**
   * Connects: to the address that took the last connection, or the first of the others that takes this one.
   *
   * @throws what the last of them fails with
   */
  async connect(): Promise<Deno.TcpConn> {
    for (let tried = 1;; tried++) {
      const index = this.#current;
      try {
        return await this.#open(this.#hosts[index]);
      } catch (error) {
        if (tried >= this.#hosts.length) throw error;
        // Another connection may have moved on already.
        if (index === this.#current) {
          this.#current = (index + 1) % this.#hosts.length;
        }
      }
    }
  }

  /** Gives up all attempts under way and to come. */
  close(): void {
    this.#cut.abort();
  }

  #open(hostname: string): Promise<Deno.TcpConn> {
    return Deno.connect({
      hostname,
      port: this.#port,
      signal: this.#cut.signal,
    });
  }
}
