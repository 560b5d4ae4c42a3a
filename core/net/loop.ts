/**
 * One loop per isolate for sockets and deadlines. It waits in `epoll_pwait2`, whose time-out is the next deadline, and shares the
 * thread with Deno's own event loop. It has two states:
 *
 * - active, while sockets are busy or a deadline is near: each turn waits itself, for at most a millisecond. Deno's epoll
 *   descriptor is among those it waits for, so that promises, timers and sockets of Deno go on at once.
 * - asleep: a thread of Deno's pool waits, and Deno's event loop runs as if there were no other. Nothing takes processor time.
 *
 * Turns of Deno's event loop do not look at its sockets and timers while immediates keep it busy: it does so after each 61st turn
 * only. To make it look, the loop ends its turn without an immediate and sends a byte to itself through a socket of Deno's: Deno's
 * event loop runs out of work, looks at everything, and finds the byte. This takes about 12 µs.
 *
 * @module
 */
import { Lead } from "../lib/time/mod.ts";
import {
  EVENT,
  EVENT_DATA,
  EVENT_SIZE,
  type Libc,
  type LoadedLibc,
  loadLibc,
} from "./libc.ts";
import { DenoSide } from "./_deno_side.ts";

/** Receives the events of one descriptor. */
export interface Watcher {
  /** Handles events, a set of {@linkcode EVENT} bits. */
  ready(events: number): void;
  /** Handles an error that `ready` threw: must release the descriptor. Must not throw. */
  broken(error: unknown): void;
}

/** A deadline that the loop keeps. */
export interface Alarm {
  /** Time of the deadline, in ms of `performance.now()`; Infinity if it is not set. Change it by {@linkcode Loop.expect}. */
  at: number;
  /** Called at the deadline or later; must set `at` to a later time. Must not throw. */
  ring(): void;
}

/** Maximum number of events taken per turn. */
const EVENTS = 512;

/**
 * Time after which an active loop lets Deno's event loop look at its own sockets and timers, in ms. Work on the threads of Deno's
 * pool, such as reading files, does not make Deno's epoll descriptor readable: its results wait until then.
 */
const LOOK_EACH = 0.5;

/** The same where Deno's epoll descriptor cannot be watched. */
const LOOK_EACH_BLIND = 0.3;

/** Time without events after which the loop goes to sleep, in ms. */
const QUIET = 4;

/** The loop does not sleep if a deadline is nearer than this, in ms. It wakes up as long before one. */
const NEAR = 1;

/** Time for which one turn goes on as long as there are events, in ms: promises of Deno have to wait meanwhile. */
const ROUNDS = 0.1;

/** Time after which an alarm rings again that threw an error, in ms. */
const AGAIN = 500;

const OPERATION = { add: 1, remove: 2, modify: 3 } as const;
const CLOSE_ON_EXEC = 0o2000000;
const NON_BLOCKING = 0o4000;
const PR_SET_TIMERSLACK = 29;
const PR_GET_TIMERSLACK = 30;

/** The loop of this isolate. Obtain it by {@linkcode Loop.acquire}. */
export class Loop {
  static #shared: Promise<Loop> | undefined;
  static #users = 0;

  /** The C library's calls. */
  readonly calls: Libc;
  /** Buffer for received bytes that all watchers share: valid until the watcher returns. */
  readonly input: Uint8Array<ArrayBuffer> = new Uint8Array(64 * 1024);
  /** Buffer for bytes to send that all watchers share: valid until the watcher returns. */
  readonly output: Uint8Array<ArrayBuffer> = new Uint8Array(64 * 1024);
  readonly #libc: LoadedLibc;
  readonly #deno: DenoSide;
  readonly #epoll: number;
  readonly #bell: number;
  readonly #one = new Uint8Array(8);
  readonly #events = new Uint8Array(EVENT_SIZE * EVENTS);
  readonly #eventWords = new DataView(this.#events.buffer);
  readonly #change = new Uint8Array(EVENT_SIZE);
  readonly #changeWords = new DataView(this.#change.buffer);
  readonly #timeout = new Int32Array(4);
  readonly #timeoutBytes = new Uint8Array(this.#timeout.buffer);
  readonly #watchers: (Watcher | undefined)[] = [];
  /** Number of times each descriptor was watched: an event of a closed descriptor must not reach the next one of its number. */
  #rounds = new Int32Array(1024);
  readonly #alarms: Alarm[] = [];
  /** Work for later turns, in the order in which it came. */
  readonly #later: (() => void)[] = [];
  readonly #lead = new Lead({ least: 0.02, initial: 0.06, most: 0.1 });
  readonly #lookEach: number;
  #next = Infinity;
  #state: "active" | "asleep" | "ending" = "asleep";
  /** Time until which the thread sleeps. */
  #asleepUntil = Infinity;
  #quietSince = 0;
  #lookedAt = 0;
  #mustLook = false;
  #sleep: Promise<void> | undefined;

  /**
   * Returns the loop of this isolate, and starts it for its first user. Each user calls {@linkcode Loop.release} once.
   *
   * @throws Error if it cannot run here; the message is the reason
   */
  static async acquire(): Promise<Loop> {
    Loop.#users++;
    try {
      return await (Loop.#shared ??= Loop.#start());
    } catch (error) {
      if (--Loop.#users === 0) Loop.#shared = undefined;
      throw error;
    }
  }

  static async #start(): Promise<Loop> {
    const libc = loadLibc();
    try {
      return new Loop(libc, await DenoSide.open(libc));
    } catch (error) {
      libc.close();
      throw error;
    }
  }

  /** A user of the loop ends. The last one ends the loop; resolves when nothing of it is left. */
  async release(): Promise<void> {
    if (--Loop.#users > 0) return;
    Loop.#shared = undefined;
    await this.#end();
  }

  private constructor(libc: LoadedLibc, deno: DenoSide) {
    this.#libc = libc;
    this.#deno = deno;
    this.#lookEach = deno.epoll === undefined ? LOOK_EACH_BLIND : LOOK_EACH;
    const calls = this.calls = libc.calls;
    this.#epoll = calls.epoll_create1(CLOSE_ON_EXEC);
    this.#bell = calls.eventfd(0, CLOSE_ON_EXEC | NON_BLOCKING);
    const problem = this.#problem();
    if (problem !== undefined) {
      if (this.#epoll >= 0) calls.close(this.#epoll);
      if (this.#bell >= 0) calls.close(this.#bell);
      deno.close();
      throw new Error(problem);
    }
    this.#one[0] = 1;
    this.watch(this.#bell, EVENT.readable, {
      ready: () => void calls.read(this.#bell, this.#one.slice(), 8),
      broken: reportError,
    });
    // The kernel otherwise wakes up to 50 µs late. Some sandboxes refuse this; then the lead grows.
    if (calls.prctl(PR_GET_TIMERSLACK, 0, 0, 0, 0) > 1000) {
      calls.prctl(PR_SET_TIMERSLACK, 1000, 0, 0, 0);
    }
    deno.onByte(this.#turn);
    this.#goToSleep();
  }

  #problem(): string | undefined {
    if (this.#epoll < 0 || this.#bell < 0) {
      return `no descriptor is left (error ${this.#libc.errno()})`;
    }
    if (
      this.calls.wait(this.#epoll, this.#events, 1, this.#timeoutBytes, null) >=
        0
    ) {
      return undefined;
    }
    return `it needs Linux 5.11 or later (error ${this.#libc.errno()})`;
  }

  /** Current time, in ms. */
  now(): number {
    return performance.now();
  }

  /** Number of the last call's error; see {@linkcode ERRNO}. Read it directly after the call. */
  errno(): number {
    return this.#libc.errno();
  }

  /**
   * Watches a descriptor.
   *
   * @param events set of {@linkcode EVENT} bits
   * @returns false if the system cannot watch one more descriptor
   */
  watch(fd: number, events: number, watcher: Watcher): boolean {
    if (fd >= this.#rounds.length) {
      const rounds = new Int32Array(Math.max(fd + 1, this.#rounds.length * 2));
      rounds.set(this.#rounds);
      this.#rounds = rounds;
    }
    this.#rounds[fd] = (this.#rounds[fd] + 1) & 0x7fff_ffff;
    if (!this.#control(OPERATION.add, fd, events)) return false;
    this.#watchers[fd] = watcher;
    return true;
  }

  /** Changes the events for which a descriptor is watched. */
  change(fd: number, events: number): void {
    this.#control(OPERATION.modify, fd, events);
  }

  /** Ends the watch and closes the descriptor. */
  close(fd: number): void {
    // close() alone would not end the watch while another process holds a copy of the descriptor.
    this.#control(OPERATION.remove, fd, 0);
    this.#watchers[fd] = undefined;
    this.#rounds[fd] = (this.#rounds[fd] + 1) & 0x7fff_ffff;
    this.calls.close(fd);
  }

  #control(operation: number, fd: number, events: number): boolean {
    const words = this.#changeWords;
    words.setUint32(0, events, true);
    words.setInt32(EVENT_DATA, fd, true);
    words.setInt32(EVENT_DATA + 4, this.#rounds[fd] ?? 0, true);
    return this.calls.epoll_ctl(this.#epoll, operation, fd, this.#change) === 0;
  }

  /** Adds a deadline. */
  addAlarm(alarm: Alarm): void {
    this.#alarms.push(alarm);
    this.expect(alarm, alarm.at);
  }

  /** Removes a deadline. */
  removeAlarm(alarm: Alarm): void {
    const index = this.#alarms.indexOf(alarm);
    if (index >= 0) this.#alarms.splice(index, 1);
  }

  /** Sets a deadline, in ms of `performance.now()`, or Infinity. */
  expect(alarm: Alarm, at: number): void {
    alarm.at = at;
    if (at >= this.#next) return;
    this.#next = at;
    if (this.#state === "asleep" && at < this.#asleepUntil) this.#wake();
  }

  /**
   * Goes on with long work in a later turn, after what has come or is due meanwhile. An immediate would keep Deno's event loop from
   * looking at its sockets and timers.
   *
   * @param work must not throw
   */
  later(work: () => void): void {
    this.#later.push(work);
    if (this.#state === "asleep") this.#wake();
  }

  /** Makes the thread that waits return. */
  #wake(): void {
    this.#asleepUntil = -Infinity;
    this.calls.write(this.#bell, this.#one, 8);
  }

  readonly #turn = (): void => {
    if (this.#state !== "active") return;
    let count = this.#wait();
    // A turn of Deno's event loop costs as much as half an answer: bytes that have come meanwhile are taken in the same turn.
    const end = performance.now() + ROUNDS;
    for (;;) {
      // Deadlines first: their answers have waited longer than the requests that have just arrived.
      this.#ringDue();
      this.#take(count);
      if (this.#later.length > 0) this.#continue();
      else if (count === 0) break;
      if (this.#state !== "active" || performance.now() >= end) break;
      count = this.#block(0);
    }
    this.#goOn();
  };

  /** Waits for events in this turn: not at all if a deadline is due, and at most until Deno's event loop must look. */
  #wait(): number {
    if (this.#later.length > 0) return this.#block(0);
    const now = performance.now();
    const lookAt = this.#lookedAt + this.#lookEach;
    const next = this.#next;
    if (next - this.#lead.ms > lookAt) {
      return this.#block(Math.max(lookAt - now, 0));
    }
    if (next - now > this.#lead.ms) {
      const until = next - this.#lead.ms;
      const count = this.#block(until - now);
      if (count > 0) return count;
      const woke = performance.now();
      this.#lead.record(woke - until);
      if (woke >= next) return 0;
    }
    // The last stretch is polled: a blocked thread wakes up some hundredths of a millisecond late.
    let count: number;
    do count = this.#block(0); while (count === 0 && performance.now() < next);
    return count;
  }

  #block(milliseconds: number): number {
    const seconds = Math.floor(milliseconds / 1000);
    this.#timeout[0] = seconds;
    this.#timeout[2] = (milliseconds - seconds * 1000) * 1e6;
    return this.calls.wait(
      this.#epoll,
      this.#events,
      EVENTS,
      this.#timeoutBytes,
      null,
    );
  }

  /** Hands events to their watchers. An error ends one watcher, not the loop. */
  #take(count: number): void {
    const words = this.#eventWords;
    for (let i = 0, at = 0; i < count; i++, at += EVENT_SIZE) {
      const fd = words.getInt32(at + EVENT_DATA, true);
      if (fd === this.#deno.epoll) {
        this.#mustLook = true;
        continue;
      }
      const watcher = this.#watchers[fd];
      if (
        watcher === undefined ||
        words.getInt32(at + EVENT_DATA + 4, true) !== this.#rounds[fd]
      ) continue;
      try {
        watcher.ready(words.getUint32(at, true));
      } catch (error) {
        end(watcher, error);
      }
      this.#quietSince = 0;
      // Many requests may have come at once: an answer that becomes due meanwhile does not wait for all of them.
      if ((i & 3) === 3) this.#ringDue();
    }
  }

  /** Goes on with the work that has waited longest. */
  #continue(): void {
    this.#quietSince = 0;
    try {
      this.#later.shift()?.();
    } catch (error) {
      reportError(error);
    }
  }

  #ringDue(): void {
    const now = performance.now();
    if (this.#next > now) return;
    let next = Infinity;
    // The list is not copied: when an alarm removes another one, the next alarm may move to a lower index and ring one turn later.
    for (let i = 0; i < this.#alarms.length; i++) {
      if (this.#alarms[i].at <= now) ring(this.#alarms[i], now);
    }
    for (let i = 0; i < this.#alarms.length; i++) {
      next = Math.min(next, this.#alarms[i].at);
    }
    this.#next = next;
  }

  /** Decides how the next turn begins. */
  #goOn(): void {
    if (this.#state !== "active") return;
    const now = performance.now();
    if (this.#quietSince === 0) this.#quietSince = now;
    if (this.#later.length > 0) this.#quietSince = now;
    if (now - this.#quietSince > QUIET && this.#next - now > 2 * NEAR) {
      this.#goToSleep();
    } else if (this.#mustLook || now >= this.#lookedAt + this.#lookEach) {
      this.#mustLook = false;
      this.#lookedAt = now;
      this.#deno.ring();
    } else setImmediate(this.#turn);
  }

  #goToSleep(): void {
    this.#state = "asleep";
    this.#unwatchDeno();
    const until = this.#asleepUntil = this.#next - NEAR;
    this.#sleep = this.#sleepUntil(until);
  }

  async #sleepUntil(until: number): Promise<void> {
    let timeout: Uint8Array | null = null;
    if (until !== Infinity) {
      const left = Math.max(until - performance.now(), 0);
      const seconds = Math.min(Math.floor(left / 1000), 1_000_000);
      this.#timeout[0] = seconds;
      this.#timeout[2] = (left % 1000) * 1e6;
      timeout = this.#timeoutBytes;
    }
    const count = await this.calls.waitOnThread(
      this.#epoll,
      this.#events,
      EVENTS,
      timeout,
      null,
    );
    if (this.#state !== "asleep") return;
    this.#state = "active";
    const now = performance.now();
    this.#lookedAt = now;
    // Deadlines alone do not keep it awake.
    this.#quietSince = now - QUIET;
    this.#watchDeno();
    this.#take(count);
    this.#ringDue();
    this.#goOn();
  }

  #watchDeno(): void {
    const { epoll } = this.#deno;
    if (epoll === undefined) return;
    this.#control(OPERATION.add, epoll, EVENT.readable | EVENT.edge);
  }

  #unwatchDeno(): void {
    const { epoll } = this.#deno;
    if (epoll !== undefined) this.#control(OPERATION.remove, epoll, 0);
  }

  async #end(): Promise<void> {
    const asleep = this.#state === "asleep";
    this.#state = "ending";
    if (asleep) this.#wake();
    await this.#sleep;
    this.#watchers.length = this.#later.length = 0;
    this.calls.close(this.#bell);
    this.calls.close(this.#epoll);
    await this.#deno.close();
    this.#libc.close();
  }
}

/** Ends one watcher. The loop goes on whatever happens: it serves others. */
function end(watcher: Watcher, error: unknown): void {
  try {
    watcher.broken(error);
  } catch (another) {
    reportError(another);
  }
}

/** Rings one alarm, and tries one again later that fails. */
function ring(alarm: Alarm, now: number): void {
  try {
    alarm.ring();
  } catch (error) {
    if (alarm.at <= now) alarm.at = now + AGAIN;
    reportError(error);
  }
}
