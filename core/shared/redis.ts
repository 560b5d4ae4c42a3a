/**
 * State that several servers share through Redis or Valkey: the connection, and how it is lost and found again.
 *
 * @module
 */
import type { SharedSettings } from "../config/mod.ts";
import { PerfmockError } from "../errors.ts";
import type {
  Clock,
  OnLost,
  SharedScript,
  SharedStatus,
  SharedStore,
} from "../plugin.ts";
import { Link, Unusable } from "./_link.ts";
import { reasonOf, replyIn } from "./_replies.ts";

export type { SharedScript, SharedStatus, SharedStore } from "../plugin.ts";
export { OLDEST_VERSION } from "./_replies.ts";

/** Health of the state that a server shares with others through Redis. */
export interface SharedHealth {
  /** Name of this server among them. */
  readonly replica: string;
  /** True while Redis can be used. */
  readonly connected: boolean;
  /** Time for which that has held, in ms. */
  readonly forMs: number;
  /** Reason why Redis cannot be used; absent while it can. */
  readonly error?: string;
  /** Behaviour while it cannot. */
  readonly onLost: OnLost;
  /** Median time to its answers, in ms. */
  readonly latencyMs: number;
}

/** Options of a {@linkcode RedisStore}. */
export interface RedisStoreOptions {
  /** Settings. */
  readonly settings: SharedSettings;
  /** Clock of the server; not a virtual one. */
  readonly clock: Clock;
  /** Name of this server among all others. Default a new one. */
  readonly replica?: string;
  /** Writes one line to the log. */
  readonly log: (level: "info" | "warn", message: string) => void;
}

/** Longest time for which an answer is awaited, in ms. */
const ANSWER_TIME = 500;

/** Shares of the lease time that an answer may take at most. */
const ANSWERS_IN_LEASE = 4;

/** Shortest and longest pause between two attempts to connect, in ms. */
const PAUSE = { shortest: 20, longest: 200 };

/** Number of questions for the time after each connection: the fastest answer is the most exact one. */
const SAMPLES = 3;

/** Time for which a loss that is over is told, in ms. */
const REMEMBERED_LOSS = 60_000;

/** Latency from which on Redis is told to be slow, in ms. */
const SLOW = 10;

/** State that servers with the same Redis and prefix share. */
export class RedisStore implements SharedStore {
  readonly replica: string;
  readonly onLost: OnLost;
  readonly leaseTime: number;
  readonly answerTime: number;
  readonly #options: RedisStoreOptions;
  readonly #place: string;
  /** Number of the database: the channels of a Redis are those of all its databases. */
  readonly #database: number;
  readonly #takers = new Map<string, Set<(message: string) => void>>();
  readonly #listeners = new Set<(connected: boolean) => void>();
  #link: Link | undefined;
  #since: number;
  #error: string | undefined = "it was not connected yet";
  #offset = 0;
  #pause = PAUSE.shortest;
  #timer = 0;
  #opening: Promise<void> = Promise.resolve();
  #past:
    | { readonly from: number; readonly to: number; readonly why: string }
    | undefined;
  #logged = "";
  #ended = false;

  private constructor(options: RedisStoreOptions) {
    const { settings, clock, replica = crypto.randomUUID() } = options;
    this.#options = options;
    this.replica = replica;
    this.onLost = settings.onLost;
    this.leaseTime = settings.leaseTime;
    this.answerTime = Math.min(
      ANSWER_TIME,
      settings.leaseTime / ANSWERS_IN_LEASE,
    );
    this.#since = clock.now();
    // Without user and password, for messages.
    const { protocol, host, pathname } = new URL(settings.redis);
    this.#place = `${protocol}//${host}${pathname}`;
    this.#database = Number(pathname.slice(1));
  }

  /**
   * Connects.
   *
   * @throws PerfmockError `SHARED_STATE_LOST` if Redis cannot be reached or does not answer, `SHARED_STATE_REFUSED` if it cannot be
   * used as it is
   */
  static async connect(options: RedisStoreOptions): Promise<RedisStore> {
    const store = new RedisStore(options);
    try {
      await store.#open(true);
    } catch (error) {
      store.#ended = true;
      throw store.#refused(error);
    }
    return store;
  }

  get status(): SharedStatus {
    const link = this.#link;
    return {
      connected: link !== undefined,
      since: this.#since,
      error: this.#error,
      latency: link?.latency ?? 0,
      offset: this.#offset,
      warnings: link?.facts.warnings ?? [],
    };
  }

  /** State for `health`. */
  get health(): SharedHealth {
    const { connected, since, error, latency } = this.status;
    return {
      replica: this.replica,
      connected,
      forMs: this.#options.clock.now() - since,
      ...error !== undefined && { error },
      onLost: this.onLost,
      latencyMs: latency,
    };
  }

  /** Reasons why what is shared is not what it should be, one sentence each. */
  get reasons(): readonly string[] {
    const now = this.#options.clock.now();
    const { connected, since, error, latency, warnings } = this.status;
    if (!connected) {
      return [
        `Redis at ${this.#place} cannot be used since ${
          seconds(now - since)
        } (${error}): ${CONSEQUENCES[this.onLost]}`,
      ];
    }
    const past = this.#past;
    return [
      ...warnings,
      ...past !== undefined && now - past.to < REMEMBERED_LOSS
        ? [
          `Redis at ${this.#place} could not be used for ${
            seconds(past.to - past.from)
          }, until ${seconds(now - past.to)} ago (${past.why})`,
        ]
        : [],
      ...latency > SLOW
        ? [
          `Redis at ${this.#place} takes ${
            latency.toFixed(0)
          } ms to answer, for which each shared admission waits`,
        ]
        : [],
    ];
  }

  key(...parts: readonly string[]): string {
    return [`{${this.#options.settings.prefix}}`, ...parts].join(":");
  }

  channel(...parts: readonly string[]): string {
    return this.key(`channel-${this.#database}`, ...parts);
  }

  async run(
    script: SharedScript,
    keys: readonly string[],
    args: readonly (string | number)[],
  ): Promise<unknown> {
    const link = this.#link;
    if (link === undefined) throw this.#lost();
    try {
      return await link.run(script, keys, args);
    } catch (error) {
      throw this.#lost(this.#link === link ? error : undefined);
    }
  }

  async publish(channel: string, message: string): Promise<void> {
    const link = this.#link;
    if (link === undefined) throw this.#lost();
    try {
      await link.publish(channel, message);
    } catch (error) {
      throw this.#lost(this.#link === link ? error : undefined);
    }
  }

  subscribe(channel: string, take: (message: string) => void): Disposable {
    let takers = this.#takers.get(channel);
    if (takers === undefined) {
      this.#takers.set(channel, takers = new Set());
      this.#link?.follow(channel, true);
    }
    takers.add(take);
    return {
      [Symbol.dispose]: () => {
        takers.delete(take);
        if (takers.size > 0 || this.#takers.get(channel) !== takers) return;
        this.#takers.delete(channel);
        this.#link?.follow(channel, false);
      },
    };
  }

  onStatus(listener: (connected: boolean) => void): Disposable {
    this.#listeners.add(listener);
    return { [Symbol.dispose]: () => void this.#listeners.delete(listener) };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#ended = true;
    this.#options.clock.cancel(this.#timer);
    await this.#opening;
    this.#link?.close();
    this.#link = undefined;
    this.#listeners.clear();
    this.#takers.clear();
  }

  /** @param first true to try the rights of the user, which a later connection has as well */
  async #open(first = false): Promise<void> {
    const { settings, clock } = this.#options;
    const followed = [...this.#takers.keys()];
    let opened: Link | undefined;
    const link = opened = await Link.open({
      url: settings.redis,
      name: `perfmock-${settings.prefix.replaceAll(/[^\w.-]/g, "-")}`,
      probe: this.key("probe"),
      rights: first
        ? { prefix: this.key(""), channel: this.channel("rights") }
        : undefined,
      clock,
      answerTime: this.answerTime,
      channels: () => followed,
      message: (channel, text) => {
        for (const take of this.#takers.get(channel) ?? []) take(text);
      },
      lost: (error) => {
        // One that fails while it is opened was never in use.
        if (opened !== undefined && this.#link === opened) this.#lose(error);
      },
    });
    let best = await link.sample();
    for (let i = 1; i < SAMPLES; i++) {
      const next = await link.sample();
      if (next.roundTrip < best.roundTrip) best = next;
    }
    if (this.#ended) return link.close();
    this.#offset = best.offset;
    this.#link = link;
    for (const channel of this.#takers.keys()) {
      if (!followed.includes(channel)) link.follow(channel, true);
    }
    this.#error = undefined;
    this.#since = clock.now();
    this.#pause = PAUSE.shortest;
  }

  /** The connection is gone, or cannot be used: begins to look for it. */
  #lose(error: unknown): void {
    this.#link = undefined;
    this.#error = reasonOf(error);
    this.#since = this.#options.clock.now();
    this.#tell(this.#error);
    this.#notify(false);
    this.#retry(0);
  }

  #retry(pause: number): void {
    const { clock } = this.#options;
    if (this.#ended) return;
    this.#timer = clock.at(clock.now() + pause, () => {
      this.#opening = this.#find();
    }, undefined);
  }

  async #find(): Promise<void> {
    const { log } = this.#options;
    const from = this.#since;
    const why = this.#error ?? "";
    try {
      await this.#open();
    } catch (error) {
      this.#error = reasonOf(error);
      this.#tell(this.#error);
      this.#pause = Math.min(2 * this.#pause, PAUSE.longest);
      return this.#retry(this.#pause);
    }
    if (this.#ended) return;
    this.#past = { from, to: this.#since, why };
    this.#logged = "";
    log(
      "info",
      `Redis at ${this.#place} can be used again, after ${
        seconds(this.#since - from)
      }`,
    );
    this.#notify(true);
  }

  #notify(connected: boolean): void {
    for (const listener of [...this.#listeners]) listener(connected);
  }

  /** Logs a reason, once for as long as it is the same. */
  #tell(reason: string): void {
    if (reason === this.#logged || this.#ended) return;
    this.#logged = reason;
    this.#options.log(
      "warn",
      `Redis at ${this.#place} cannot be used: ${reason}; ${
        CONSEQUENCES[this.onLost]
      }`,
    );
  }

  #lost(cause?: unknown): PerfmockError {
    const reason = cause === undefined ? this.#error : reasonOf(cause);
    return new PerfmockError(
      "SHARED_STATE_LOST",
      `Cannot use Redis at ${this.#place}: ${reason}`,
      [],
      { cause, status: 503 },
    );
  }

  /** Makes the error for a first connection that failed. */
  #refused(error: unknown): PerfmockError {
    const refused = error instanceof Unusable || replyIn(error) !== undefined;
    const message = `Cannot share state through Redis at ${this.#place}: ${
      reasonOf(error)
    }`;
    return new PerfmockError(
      refused ? "SHARED_STATE_REFUSED" : "SHARED_STATE_LOST",
      message,
      [{
        path: "/shared/redis",
        message,
        value: this.#place,
        allowed:
          "a Redis or Valkey that is running, answers in time and takes writes",
      }],
      { cause: error },
    );
  }
}

/** Consequences of a loss, in words. */
const CONSEQUENCES: Readonly<Record<OnLost, string>> = {
  divide: "this replica uses its own share of each pool and rate limit",
  open: "no pool and no rate limit holds meanwhile",
  closed: "requests for a pool or a rate limit are refused meanwhile",
};

function seconds(milliseconds: number): string {
  return `${(milliseconds / 1000).toFixed(1)} s`;
}
