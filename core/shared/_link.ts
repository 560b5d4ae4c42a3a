/**
 * One pair of connections to Redis: one for scripts, and one for the messages of channels. It is used from its opening to its first
 * error, and then given up as a whole, so that nothing that was sent through it can be taken for an answer to a later one.
 *
 * @module
 */
import { createHash } from "node:crypto";
import { connect as connectTo } from "node:net";
import type { Redis, RedisOptions } from "ioredis";
import type { Clock, SharedScript } from "../plugin.ts";
import { factsIn, movedTo, type RedisFacts, replyIn } from "./_replies.ts";
import {
  missingForMessages,
  missingForScripts,
  type RightsOptions,
} from "./_rights.ts";

/** Options of a {@linkcode Link}. */
export interface LinkOptions {
  /** URL of Redis. */
  readonly url: string;
  /** Name of the connections, as CLIENT LIST shows it. */
  readonly name: string;
  /** Key that may be written to, to find out whether Redis takes writes. */
  readonly probe: string;
  /** Names to try the rights of the user with; undefined not to try them. */
  readonly rights: RightsOptions | undefined;
  /** Clock of the server. */
  readonly clock: Clock;
  /** Time for which an answer is awaited, in ms. */
  readonly answerTime: number;
  /** Channels to subscribe to at once. */
  readonly channels: () => readonly string[];
  /** Takes a message of a channel. */
  readonly message: (channel: string, text: string) => void;
  /** Called once, when the link can no longer be used. */
  readonly lost: (error: unknown) => void;
}

/** Time of Redis at one moment. */
export interface TimeSample {
  /** Time of Redis less that of the clock, in ms. */
  readonly offset: number;
  /** Time from the question to the answer, in ms. */
  readonly roundTrip: number;
}

/** Reads the time and writes: it fails where a script may not write. */
const PROBE: SharedScript = {
  name: "probe",
  source: `local t = redis.call('TIME')
redis.call('SET', KEYS[1], t[1], 'EX', 60)
return {t[1], t[2]}`,
};

/** Number of answers whose times are remembered. */
const REMEMBERED = 64;

/** Share of the time for an answer after which an overdue one is looked for again. */
const SECOND_LOOK = 0.1;

const digests = new WeakMap<SharedScript, string>();

/** Digest by which Redis knows a script. */
function digestOf(script: SharedScript): string {
  let digest = digests.get(script);
  if (digest === undefined) {
    digest = createHash("sha1").update(script.source).digest("hex");
    digests.set(script, digest);
  }
  return digest;
}

/** Error for an answer that did not come in time. */
function overdue(): Error {
  return Object.assign(new Error("No answer in time"), { code: "ETIMEDOUT" });
}

/** A pair of connections. */
export class Link {
  /** Facts about this Redis. */
  readonly facts: RedisFacts;
  readonly #commands: Redis;
  readonly #messages: Redis;
  readonly #options: LinkOptions;
  readonly #times = new Float64Array(REMEMBERED);
  #answers = 0;
  #pending = 0;
  /** Time of the last answer, or since which one is awaited. */
  #progress = 0;
  #timer = 0;
  /** True from an overdue answer on, until the event loop has looked at the sockets once more. */
  #suspect = false;
  #closed = false;

  private constructor(
    commands: Redis,
    messages: Redis,
    facts: RedisFacts,
    options: LinkOptions,
  ) {
    this.#commands = commands;
    this.#messages = messages;
    this.facts = facts;
    this.#options = options;
  }

  /**
   * Opens both connections, and finds out whether this Redis can be used.
   *
   * @throws an error that `reasonOf` puts in words, or {@linkcode Unusable}
   */
  static async open(options: LinkOptions): Promise<Link> {
    const { Redis } = await import("ioredis");
    const { clock, answerTime, rights } = options;
    const opened: Redis[] = [];
    let missing: string[] = [];
    const late = Promise.withResolvers<never>();
    const timer = clock.at(
      clock.now() + 2 * answerTime,
      () => late.reject(overdue()),
      undefined,
    );
    try {
      const connect = async (at?: ClusterNode) => {
        const redis = new Redis(urlOf(options.url, at), settingsOf(options));
        opened.push(redis);
        // Errors are those of the connection's end; a refused password comes without an end.
        const refused = Promise.withResolvers<never>();
        refused.promise.catch(() => {});
        redis.on("error", refused.reject);
        await Promise.race([redis.connect(), refused.promise, late.promise]);
        return { redis, refused: refused.promise };
      };
      const open = async (at?: ClusterNode) => {
        const { redis, refused } = await connect(at);
        if (rights !== undefined) {
          missing = await Promise.race([
            missingForScripts(redis, rights),
            refused,
            late.promise,
          ]);
          if (missing.length > 0) return { redis, facts: factsIn("") };
        }
        const facts = factsIn(
          await Promise.race([redis.info(), refused, late.promise]),
        );
        if (facts.refusals.length > 0) throw new Unusable(facts.refusals[0]);
        await Promise.race([
          redis.eval(PROBE.source, 1, options.probe),
          refused,
          late.promise,
        ]);
        return { redis, facts };
      };
      let at: ClusterNode | undefined;
      let first;
      try {
        first = await open();
      } catch (error) {
        // A node of a cluster says which one holds the slot of the prefix. A node that names no host means its own.
        const node = movedTo(error);
        if (node === undefined) throw error;
        at = { ...node, host: node.host || new URL(options.url).hostname };
        for (const redis of opened.splice(0)) drop(redis);
        first = await open(at);
      }
      const { redis: messages } = await connect(at);
      if (rights !== undefined) {
        missing.push(
          ...await Promise.race([
            missingForMessages(messages, rights),
            late.promise,
          ]),
        );
        if (missing.length > 0) {
          throw new Unusable(
            `its user may not do what is needed: ${missing.join("; ")}`,
          );
        }
      }
      const link = new Link(first.redis, messages, first.facts, options);
      link.#listen();
      const channels = options.channels();
      if (channels.length > 0) {
        await Promise.race([messages.subscribe(...channels), late.promise]);
      }
      // A redirected subscription may have been lost between the two.
      if (link.#closed) throw overdue();
      return link;
    } catch (error) {
      for (const redis of opened) drop(redis);
      const { protocol, hostname, port } = new URL(options.url);
      if (
        rights !== undefined && protocol === "rediss:" &&
        await speaksPlainly({ hostname, port: Number(port || 6379) }, options)
      ) {
        throw new Unusable(
          "it speaks without TLS: the URL must begin with redis://",
        );
      }
      throw error;
    } finally {
      clock.cancel(timer);
      late.promise.catch(() => {});
    }
  }

  /** Median time to the answers of the last scripts, in ms; 0 before the first. */
  get latency(): number {
    const count = Math.min(this.#answers, REMEMBERED);
    if (count === 0) return 0;
    return this.#times.slice(0, count).sort()[count >> 1];
  }

  /** Runs a script. */
  async run(
    script: SharedScript,
    keys: readonly string[],
    args: readonly (string | number)[],
  ): Promise<unknown> {
    const { clock } = this.#options;
    const sent = clock.now();
    this.#await(sent);
    try {
      const given = [...keys, ...args];
      let answer;
      try {
        answer = await this.#commands.evalsha(
          digestOf(script),
          keys.length,
          ...given,
        );
      } catch (error) {
        if (replyIn(error) !== "NOSCRIPT") throw error;
        // A restart or SCRIPT FLUSH has removed it; nothing of it has run.
        answer = await this.#commands.eval(
          script.source,
          keys.length,
          ...given,
        );
      }
      const now = clock.now();
      this.#progress = now;
      this.#times[this.#answers++ % REMEMBERED] = now - sent;
      return answer;
    } catch (error) {
      this.#lose(error);
      throw error;
    } finally {
      this.#pending--;
    }
  }

  /** Sends a message to a channel. */
  async publish(channel: string, text: string): Promise<void> {
    this.#await(this.#options.clock.now());
    try {
      await this.#commands.publish(channel, text);
      this.#progress = this.#options.clock.now();
    } catch (error) {
      this.#lose(error);
      throw error;
    } finally {
      this.#pending--;
    }
  }

  /** Subscribes to a channel, or ends that. */
  follow(channel: string, follows: boolean): void {
    const done = follows
      ? this.#messages.subscribe(channel)
      : this.#messages.unsubscribe(channel);
    done.catch((error) => this.#lose(error));
  }

  /** Asks for the time, which takes one round trip. */
  async sample(): Promise<TimeSample> {
    const { clock, probe } = this.#options;
    const before = clock.now();
    const [seconds, microseconds] = await this.run(PROBE, [probe], []) as [
      string,
      string,
    ];
    const after = clock.now();
    const time = Number(seconds) * 1000 + Number(microseconds) / 1000;
    return {
      offset: time - (before + after) / 2,
      roundTrip: after - before,
    };
  }

  /** Closes both connections; nothing is lost by that. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#options.clock.cancel(this.#timer);
    drop(this.#commands);
    drop(this.#messages);
  }

  #listen(): void {
    for (const redis of [this.#commands, this.#messages]) {
      redis.on("error", (error) => this.#lose(error));
      redis.on("end", () => this.#lose(new Error("Connection is closed.")));
    }
    this.#messages.on("message", this.#options.message);
  }

  #lose(error: unknown): void {
    if (this.#closed) return;
    this.close();
    this.#options.lost(error);
  }

  /** An answer is awaited from now on. Answers come in order: as long as they come, none is overdue. */
  #await(now: number): void {
    if (this.#pending++ === 0) this.#progress = now;
    if (this.#timer === 0) this.#watch();
  }

  #watch(): void {
    const { clock, answerTime } = this.#options;
    const due = this.#progress + answerTime;
    this.#timer = clock.at(due, this.#check, undefined);
  }

  readonly #check = (): void => {
    this.#timer = 0;
    if (this.#closed || this.#pending === 0) return;
    const { clock, answerTime } = this.#options;
    const now = clock.now();
    if (now - this.#progress < answerTime) {
      this.#suspect = false;
      return this.#watch();
    }
    if (this.#suspect) return this.#lose(overdue());
    // This process may have been busy itself, with answers that wait in its sockets.
    this.#suspect = true;
    this.#timer = clock.at(
      now + SECOND_LOOK * answerTime,
      this.#check,
      undefined,
    );
  };
}

/** Returns whether a server answers as a Redis without TLS does: to a client with TLS it says nothing. */
function speaksPlainly(
  { hostname, port }: { readonly hostname: string; readonly port: number },
  { clock, answerTime }: LinkOptions,
): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const socket = connectTo({ host: hostname.replace(/^\[|\]$/g, ""), port });
  const timer = clock.at(
    clock.now() + answerTime,
    () => resolve(false),
    undefined,
  );
  socket.once("data", (bytes) => resolve(/^[+-]/.test(`${bytes}`)));
  socket.once("error", () => resolve(false));
  socket.once("close", () => resolve(false));
  socket.write("PING\r\n");
  return promise.finally(() => {
    clock.cancel(timer);
    socket.destroy();
  });
}

/** Node of a cluster. */
interface ClusterNode {
  readonly host: string;
  readonly port: number;
}

/** URL of a Redis, or of another node of its cluster. */
function urlOf(url: string, at: ClusterNode | undefined): string {
  if (at === undefined) return url;
  const other = new URL(url);
  other.hostname = at.host.includes(":") && !at.host.startsWith("[")
    ? `[${at.host}]`
    : at.host;
  other.port = `${at.port}`;
  return other.href;
}

/** Error for a Redis that answers and cannot be used. */
export class Unusable extends Error {
  /** Name of this class. */
  override readonly name = "Unusable";
}

/** Ends a connection at once, whatever is still to be sent: a Redis that stands still would keep it open. */
function drop(redis: Redis): void {
  // One that has ended would wait for its end for ever.
  if (redis.status === "end" || redis.status === "close") return;
  redis.disconnect();
  const { stream } = redis as unknown as {
    readonly stream?: { destroy(): void };
  };
  stream?.destroy();
}

/** Settings of both connections. They neither retry nor wait: a link that fails is given up. */
function settingsOf({ name }: LinkOptions): RedisOptions {
  return {
    autoResubscribe: false,
    // A timer of the link bounds the time to connect.
    connectTimeout: 0,
    connectionName: name,
    enableOfflineQueue: false,
    enableReadyCheck: false,
    lazyConnect: true,
    maxRetriesPerRequest: 0,
    noDelay: true,
    retryStrategy: () => null,
  };
}
