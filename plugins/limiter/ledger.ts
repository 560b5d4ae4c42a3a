/**
 * What the limiter keeps beside its pools, over all revisions of the configuration.
 *
 * @module
 */
import type { Exchange } from "../../core/plugin.ts";
import { clientKey } from "./client_key.ts";
import { Clients } from "./clients/mod.ts";
import type { KeptPool } from "./kept_pool.ts";

/** Who the clients are, and which pools there are now. */
export class Ledger {
  /** Who is refused, and what they do about it. */
  readonly clients: Clients;
  #header: string | undefined;
  #clientOf: ReturnType<typeof clientKey>;
  #pools: ReadonlyMap<string, KeptPool> = new Map();

  /** @param header the header that tells clients apart; undefined for X-Forwarded-For */
  constructor(header: string | undefined) {
    this.#header = header;
    this.#clientOf = clientKey(header);
    this.clients = new Clients(this.clientOf);
  }

  /** Tells clients apart. */
  readonly clientOf = (exchange: Exchange): string => this.#clientOf(exchange);

  /**
   * A revision has taken over.
   *
   * @param header as the constructor's; where it is another, all that is known of clients is forgotten
   * @param pools by name; those that were there and are not any more are retired
   */
  adopt(
    header: string | undefined,
    pools: ReadonlyMap<string, KeptPool>,
  ): void {
    if (header !== this.#header) {
      this.#header = header;
      this.#clientOf = clientKey(header);
      this.clients.reset();
      for (const pool of pools.values()) pool.forgetClients();
    }
    for (const [name, pool] of this.#pools) {
      if (pools.get(name) !== pool) pool.retire();
    }
    this.#pools = pools;
  }

  /** Whether there is a pool of this name. */
  has(name: string): boolean {
    return this.#pools.has(name);
  }
}
