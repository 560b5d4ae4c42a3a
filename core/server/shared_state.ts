/**
 * The state that a server and its sessions share with other servers.
 *
 * @module
 */
import type { SharedSettings } from "../config/mod.ts";
import { PerfmockError } from "../errors.ts";
import { isVirtual } from "../lib/time/mod.ts";
import type { Clock, SharedStore } from "../plugin.ts";
import type { RedisStore, SharedHealth } from "../shared/redis.ts";
import type { Log } from "../world/state.ts";

/** Options of a {@linkcode SharedState}. */
export interface SharedStateOptions {
  /** Clock of the server. */
  readonly clock: Clock;
  /** False for a server that only shows its configuration: it connects to nothing. */
  readonly serves: boolean;
  /** Log of the server. */
  readonly log: Log;
}

/** Connection to the state that a server shares, from the first configuration to the end. */
export class SharedState implements AsyncDisposable {
  readonly #options: SharedStateOptions;
  #store: RedisStore | undefined;
  #decided = false;

  constructor(options: SharedStateOptions) {
    this.#options = options;
  }

  /** The connection; undefined if nothing is shared. */
  get store(): SharedStore | undefined {
    return this.#store;
  }

  /** State for `health`; undefined if nothing is shared. */
  get health(): SharedHealth | undefined {
    return this.#store?.health;
  }

  /** Reasons why what is shared is not what it should be. */
  get reasons(): readonly string[] {
    return this.#store?.reasons ?? [];
  }

  /**
   * Connects where the first configuration says so; later ones use that connection, and so do sessions.
   *
   * @throws PerfmockError if the state cannot be shared
   */
  async share(
    settings: SharedSettings | undefined,
  ): Promise<SharedStore | undefined> {
    const { clock, serves, log } = this.#options;
    if (this.#decided || !serves) return this.#store;
    this.#decided = true;
    if (settings === undefined) return undefined;
    if (isVirtual(clock)) {
      throw new PerfmockError("CONFIG_INVALID", "Cannot share state", [{
        path: "/shared",
        message: "A server in virtual time cannot share state with others",
        allowed: "a server on its own clock, or no shared",
      }]);
    }
    // The client of Redis is loaded by those only who use it.
    const { RedisStore } = await import("../shared/redis.ts");
    return this.#store = await RedisStore.connect({ settings, clock, log });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#store?.[Symbol.asyncDispose]();
  }
}
