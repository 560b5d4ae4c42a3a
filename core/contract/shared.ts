/**
 * Types of the contract for state that several servers share through Redis or Valkey.
 *
 * @module
 */

/** Behaviour while Redis does not answer: each replica uses its share of a limit, no limit holds, or nothing is admitted. */
export type OnLost = "divide" | "open" | "closed";

/** Lua script that runs in Redis. */
export interface SharedScript {
  /** Name of the script, for messages. */
  readonly name: string;
  /** Text of the script. It must write to the keys that it is given only. */
  readonly source: string;
}

/** State of the connection to Redis. */
export interface SharedStatus {
  /** True while Redis answers and can be used. */
  readonly connected: boolean;
  /** Time since which that holds, in ms of the server's clock. */
  readonly since: number;
  /** Reason why Redis cannot be used, a sentence without a full stop; undefined while it can. */
  readonly error: string | undefined;
  /** Median time from a script's start to its answer, over the last 64 of them, in ms; 0 before the first. */
  readonly latency: number;
  /** Time of Redis since 1970 less the time of the server's clock, in ms, as the fastest of the last answers showed it. */
  readonly offset: number;
  /** Configuration of Redis that endangers what is shared, one sentence each; empty if there is none. */
  readonly warnings: readonly string[];
}

/** State that servers with the same Redis and prefix share. */
export interface SharedStore extends AsyncDisposable {
  /** Name of this server among all others, which no other server has or had. */
  readonly replica: string;
  /** Behaviour while Redis does not answer. */
  readonly onLost: OnLost;
  /** Time after which the leases of a server that does not answer any more return, in ms. */
  readonly leaseTime: number;
  /** Time for which an answer of Redis is awaited, in ms; then it counts as lost. */
  readonly answerTime: number;
  /** State of the connection. */
  readonly status: SharedStatus;
  /** Returns a key with the prefix. All keys of one prefix lie in one slot, since they have the same hash tag. */
  key(...parts: readonly string[]): string;
  /** Returns the name of a channel, with the prefix and the number of the database: Redis has the same channels in all its databases. */
  channel(...parts: readonly string[]): string;
  /**
   * Runs a script. Those of one server run in the order of the calls, as long as the connection holds.
   *
   * @returns promise of its answer: whole numbers as numbers, texts as texts, lists as lists
   * @throws PerfmockError `SHARED_STATE_LOST` if Redis does not answer in time or cannot be used; the script may have run all the same
   */
  run(
    script: SharedScript,
    keys: readonly string[],
    args: readonly (string | number)[],
  ): Promise<unknown>;
  /**
   * Sends a message to the subscribers of a channel.
   *
   * @throws PerfmockError as {@linkcode SharedStore.run} does
   */
  publish(channel: string, message: string): Promise<void>;
  /** Receives the messages of a channel until it is disposed. Messages that are sent while Redis is lost do not arrive. */
  subscribe(channel: string, take: (message: string) => void): Disposable;
  /** Calls a function whenever Redis was lost, or is back, until it is disposed. */
  onStatus(listener: (connected: boolean) => void): Disposable;
}
