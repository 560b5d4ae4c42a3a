/**
 * Bound on connections for HTTP servers that have none themselves, or stop accepting for good once no descriptor is left: they stop
 * listening in time, and listen again when there is room.
 *
 * @module
 */
import { pause } from "../lib/time/mod.ts";
import {
  readMaxDescriptors,
  readOpenDescriptors,
} from "../observe/read_process.ts";
import { connectionLimit } from "./engine.ts";
import type { HoldReason } from "./held_back.ts";

/** Default time between two looks at the descriptors of the process, in ms. */
const LOOK = 50;

/** Number of looks between two counts of what goes on. */
const COUNTED = 10;

/** Number of descriptors that are left when none is given to connections any more. */
const LAST = 32;

/** The part of an HTTP server that listens. */
export interface Door {
  /** Starts to listen again. Throws where that is not possible yet. */
  open(): void | Promise<void>;
  /** Stops listening; connections go on. Not called while it does not listen. */
  close(): void;
}

/** Connections of a server that counts them. */
export interface Connections {
  /** Number of open ones. */
  open(): number;
  /** Maximum number. */
  readonly maximum: number;
  /** Number of descriptors that the server takes beyond them for a moment when many come at once. */
  readonly burst: number;
}

/** Descriptors of a process. */
export interface Descriptors {
  /** Number of open ones; undefined where it cannot be known. */
  open(): number | undefined;
  /** Number that the process may open; undefined where it cannot be known. */
  maximum(): number | undefined;
}

const OF_PROCESS: Descriptors = {
  open: readOpenDescriptors,
  maximum: readMaxDescriptors,
};

/** Options of a {@linkcode Listening}. */
export interface ListeningOptions {
  /** Connections; undefined for a server that does not count them, which has the bound of the process alone. */
  readonly connections?: Connections;
  /** Counts that new connections have to wait, or that one was refused. */
  readonly heldBack: (reason: HoldReason) => void;
  /** Descriptors to look at. Default those of this process. */
  readonly descriptors?: Descriptors;
  /** Time between two looks at them, in ms. Default 50. */
  readonly look?: number;
}

/** Keeps the bound of a server that listens. */
export class Listening {
  readonly #door: Door;
  readonly #heldBack: (reason: HoldReason) => void;
  readonly #descriptors: Descriptors;
  readonly #ending = new AbortController();
  readonly #connections: Connections | undefined;
  /** Maximum number of connections. */
  readonly #most: number;
  /** Number of descriptors from which on none is left for connections. */
  readonly #last: number;
  readonly #watch: Promise<void>;
  #open = true;

  /** @param door listens already */
  constructor(
    door: Door,
    { connections, descriptors = OF_PROCESS, heldBack, look = LOOK }:
      ListeningOptions,
  ) {
    this.#door = door;
    this.#heldBack = heldBack;
    this.#descriptors = descriptors;
    const maximum = descriptors.maximum() ?? Infinity;
    this.#connections = connections;
    this.#most = connections === undefined ? Infinity : connectionLimit(
      Math.max(1, maximum - connections.burst),
      connections.maximum,
    );
    this.#last = Math.max(maximum - LAST, maximum / 2);
    this.#watch = this.#keepWatch(look);
  }

  /** Stops listening if there is no room. To be called when a connection was accepted, by servers that know. */
  look(): void {
    const reason = this.#exhausted();
    if (reason !== undefined && this.#open) this.#close(reason);
  }

  /** Tells that the server has stopped listening by itself, for want of a descriptor. */
  lost(): void {
    if (!this.#open || this.#ending.signal.aborted) return;
    this.#open = false;
    this.#heldBack("descriptors");
  }

  /** Ends the watch. The server listens or not, and goes on doing so. */
  async end(): Promise<void> {
    this.#ending.abort();
    await this.#watch;
  }

  #close(reason: HoldReason): void {
    this.#open = false;
    this.#door.close();
    this.#heldBack(reason);
  }

  #exhausted(): HoldReason | undefined {
    const connections = this.#connections?.open() ?? 0;
    if (connections >= this.#most) return "connections";
    const descriptors = this.#descriptors.open() ?? 0;
    return descriptors >= this.#last ? "descriptors" : undefined;
  }

  async #keepWatch(look: number): Promise<void> {
    const { signal } = this.#ending;
    for (let closed = 1;;) {
      await pause(look, signal);
      if (signal.aborted) return;
      const reason = this.#exhausted();
      if (reason === undefined) {
        closed = 1;
        if (!this.#open) await this.#reopen();
      } else if (this.#open) this.#close(reason);
      else if (closed++ % COUNTED === 0) this.#heldBack(reason);
    }
  }

  async #reopen(): Promise<void> {
    try {
      await this.#door.open();
      this.#open = true;
    } catch {
      this.#heldBack("descriptors");
    }
  }
}
