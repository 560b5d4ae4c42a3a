/**
 * Membership of a server among the replicas that share pools and rate limits: signs of life, and what happens when Redis is lost and
 * found again.
 *
 * @module
 */
import type { Clock, Segment, SharedStore } from "../../../core/plugin.ts";
import { microseconds, type SharedTimes, timesFor } from "./_lua.ts";
import { BEAT, JOIN, LEAVE } from "./member_scripts.ts";

/**
 * Source of decisions: `shared`, Redis; `waiting`, nobody, since Redis was lost a moment ago; `alone`, this replica, as `onLost`
 * says.
 */
export type Mode = "shared" | "waiting" | "alone";

/** Place of a replica among those that live. */
export interface Place {
  /** Zero-based index. */
  readonly index: number;
  /** Number of replicas; 0 while it is not known. */
  readonly count: number;
}

/** A part that a member shares: a pool, or the rate limits. */
export interface Member {
  /** Registers with Redis what it holds: called after each joining, before anything else is sent. */
  rejoin(former: string): void;
  /** Decides by itself from now on. */
  goAlone(): void;
  /** Gives free places to those that wait, after other replicas have died or a time of grace is over; asks for missed words. */
  tick(): void;
  /** Takes word of a place for one of its tickets. */
  granted(ticket: string, free: number): void;
  /** True if it has decided about rate limits by itself since it joined last. */
  readonly spent?: boolean;
}

/** Options of a {@linkcode Membership}. */
export interface MembershipOptions {
  /** State that the replicas share. */
  readonly store: SharedStore;
  /** Clock of the server. */
  readonly clock: Clock;
  /** Name of the session; undefined for the server's own world. */
  readonly session: string | undefined;
  /** Place of this replica where the configuration gives it one; undefined to count the replicas that live. */
  readonly segment: Place | undefined;
}

/** Number of signs of life between two looks for missed words. */
const BEATS_IN_TICK = 5;

/** Time for which the most exact sample of the clock of Redis holds, in ms. */
const SAMPLED = 10_000;

/** Keys of the state of all replicas. */
function keysOf(store: SharedStore): readonly string[] {
  return ["state", "members", "awaited"].map((name) =>
    store.key("limiter", name)
  );
}

/** Membership of one world of one server. */
export class Membership implements AsyncDisposable {
  /** Times of the protocol. */
  readonly times: SharedTimes;
  /** Keys of the state of all replicas, with which each script begins. */
  readonly keys: readonly string[];
  /** Arguments with which each script begins. */
  readonly clockArguments: readonly number[];
  readonly #options: MembershipOptions;
  readonly #name: string;
  readonly #suffix: string;
  readonly #members = new Map<string, Member>();
  readonly #subscriptions: readonly Disposable[];
  #incarnation = 0;
  #former = "";
  #mode: Mode = "waiting";
  #joined = false;
  /** Last time at which Redis has answered this member. */
  #heard: number;
  #grace = "0";
  #gracious = false;
  #deaths = "0";
  #names: readonly string[] = [];
  #beats = 0;
  #timer = 0;
  #patience = 0;
  #offset = 0;
  #sampled = { at: -Infinity, roundTrip: Infinity };
  #since: number;
  /** End of the grace after Redis was emptied last, by its time; 0 if it was not. */
  #blank = 0;
  #emptied: number | undefined;
  #ended = false;
  #ready = Promise.withResolvers<void>();

  constructor(options: MembershipOptions) {
    const { store, clock, session } = this.#options = options;
    this.times = timesFor(store);
    this.keys = keysOf(store);
    this.clockArguments = [
      microseconds(this.times.silence),
      microseconds(this.times.grace),
    ];
    this.#suffix = session === undefined
      ? ""
      : `/${encodeURIComponent(session).replaceAll(".", "%2E")}`;
    this.#name = store.replica + this.#suffix;
    this.#heard = this.#since = clock.now();
    this.#subscriptions = [
      store.subscribe(this.channels + this.#name, this.#word),
      store.onStatus((connected) => {
        if (connected) this.join();
        else this.#lose();
      }),
    ];
    if (store.status.connected) this.join();
    else this.#lose();
  }

  /** Resolves when the replica may ask Redis for places. */
  get ready(): Promise<void> {
    return this.#ready.promise;
  }

  /** Name of this incarnation. */
  get member(): string {
    return `${this.#name}.${this.#incarnation}`;
  }

  /** Number of this incarnation, with which answers to a former one are told. */
  get incarnation(): number {
    return this.#incarnation;
  }

  /** Beginning of the names of the channels on which word of a place is sent. */
  get channels(): string {
    return this.#options.store.channel("limiter", "words", "");
  }

  /** Source of decisions. */
  get mode(): Mode {
    return this.#mode;
  }

  /** Time since which that is so, in ms of the clock. */
  get since(): number {
    return this.#since;
  }

  /** Time at which this replica has found Redis emptied, in ms of the clock; undefined if it never has. */
  get emptied(): number | undefined {
    return this.#emptied;
  }

  /** State that the replicas share. */
  get store(): SharedStore {
    return this.#options.store;
  }

  /** Place of this replica among those that live, or the one that the configuration gives it. */
  get place(): Place {
    const { segment } = this.#options;
    if (segment !== undefined) return segment;
    const index = this.#names.indexOf(this.#name);
    return { index: Math.max(0, index), count: this.#names.length };
  }

  /** Number of replicas that live, as Redis has said last. */
  get replicas(): number {
    return this.#names.length;
  }

  /** Returns a key of this world: the server's own, or a session's. */
  keyOf(part: string, ...names: readonly string[]): string {
    const { store, session } = this.#options;
    const world = session === undefined ? "server" : `session/${session}`;
    return store.key("limiter", part, world, ...names);
  }

  /** Place of this replica among those that deal out requests without sharing, such as those of a background. */
  readonly dealt: Segment = ((membership: Membership) => ({
    get index() {
      return membership.place.index;
    },
    get count() {
      return Math.max(1, membership.place.count);
    },
  }))(this);

  /** Share of a whole number that is this replica's while it decides by itself; 0 while it knows no others. */
  shareOf(total: number): number {
    const { index, count } = this.place;
    if (total === Infinity) return Infinity;
    return count === 0
      ? 0
      : Math.floor(total / count) + (index < total % count ? 1 : 0);
  }

  /** Share of a whole number that Redis may give to this replica while others are awaited. */
  graceShareOf(total: number): number {
    switch (this.#options.store.onLost) {
      case "divide":
        return this.shareOf(total);
      case "closed":
        return 0;
      case "open":
        return Infinity;
    }
  }

  /** Adds a part that is shared. */
  add(name: string, member: Member): void {
    this.#members.set(name, member);
    if (this.#joined) member.rejoin(this.#former);
    else if (this.#mode === "alone") member.goAlone();
  }

  /** Removes a part. */
  remove(name: string): void {
    this.#members.delete(name);
  }

  /** Time of the clock for a time of Redis, in microseconds of its scripts. */
  timeOf(shared: number): number {
    return shared / 1000 - this.#offset;
  }

  /** Time of Redis, in microseconds of its scripts, for a time of the clock. */
  sharedTimeOf(time: number): number {
    return Math.round((time + this.#offset) * 1000);
  }

  /** Notes an answer, with the time of Redis in it; times of the clock in ms. */
  heard(sent: number, now: number, shared: number): void {
    this.#heard = now;
    const roundTrip = now - sent;
    if (
      roundTrip <= this.#sampled.roundTrip || now - this.#sampled.at > SAMPLED
    ) {
      this.#offset = shared / 1000 - (sent + now) / 2;
      this.#sampled = { at: now, roundTrip };
    }
  }

  /** Notes the state of all replicas in an answer. A new grace awaits a sign of life. */
  noted(grace: string, deaths: string): void {
    if (grace !== this.#grace) {
      this.#forgetTime();
      this.#grace = grace;
      this.#gracious = true;
      if (this.#joined) this.#beat();
    }
    if (deaths === this.#deaths) return;
    this.#deaths = deaths;
    this.#tick();
  }

  /** Joins as a new incarnation: Redis is there, or does not know the present one. */
  join(): void {
    if (this.#ended || !this.#options.store.status.connected) return;
    const { clock, store } = this.#options;
    const former = this.#incarnation === 0 ? "" : this.member;
    const back = this.#incarnation > 0 && this.#names.length > 0;
    const spent = [...this.#members.values()].some(({ spent }) => spent);
    this.#forgetTime();
    this.#incarnation++;
    this.#former = former;
    clock.cancel(this.#patience);
    clock.cancel(this.#timer);
    this.#turn("shared");
    this.#joined = true;
    const sent = clock.now();
    const { incarnation } = this;
    store.run(JOIN, this.keys, [
      ...this.clockArguments,
      this.member,
      microseconds(this.times.life),
      back ? "1" : "0",
      spent ? "1" : "0",
      microseconds(this.times.fresh),
      ...this.#names.filter((name) => this.#isOfWorld(name)),
    ]).then((answer) => {
      if (incarnation !== this.#incarnation) return;
      const [grace, left, deaths, shared, blank] = answer as [
        string,
        number,
        string,
        number,
        number,
      ];
      this.heard(sent, clock.now(), shared);
      if (back && blank !== this.#blank && blank > 0) {
        this.#emptied = clock.now();
      }
      this.#blank = blank;
      this.#deaths = deaths;
      this.#gracious = left > 0;
      if (!this.#gracious) this.#grace = grace;
      // Its places were registered before this answer: now it is no longer awaited.
      else this.noted(grace, deaths);
    }, () => {});
    // All of it is sent at once. Redis takes it in this order, or nothing of it.
    for (const member of this.#members.values()) member.rejoin(former);
    this.#beat(former);
  }

  /** Redis is there and does not know this incarnation: it was emptied, or the replica was silent for too long. */
  unknown(incarnation: number): void {
    if (incarnation === this.#incarnation && this.#joined) this.join();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const { clock, store } = this.#options;
    if (this.#ended) return;
    this.#ended = true;
    clock.cancel(this.#timer);
    clock.cancel(this.#patience);
    for (const subscription of this.#subscriptions) {
      subscription[Symbol.dispose]();
    }
    this.#ready.resolve();
    if (!store.status.connected) return;
    await store.run(LEAVE, this.keys, [...this.clockArguments, this.member])
      .catch(() => {});
  }

  #isOfWorld(name: string): boolean {
    return this.#suffix === ""
      ? !name.includes("/")
      : name.endsWith(this.#suffix);
  }

  /** The clock of Redis may have jumped, or begun anew: the next answer tells its time. */
  #forgetTime(): void {
    this.#sampled = { at: -Infinity, roundTrip: Infinity };
  }

  #turn(mode: Mode): void {
    if (mode === this.#mode) return;
    this.#mode = mode;
    this.#since = this.#options.clock.now();
  }

  /** Redis was lost: waits for its return for a moment, and then decides alone. */
  #lose(): void {
    const { clock } = this.#options;
    if (this.#ended) return;
    this.#joined = false;
    clock.cancel(this.#timer);
    clock.cancel(this.#patience);
    if (this.#mode === "alone") return;
    const due = this.#heard + this.times.patience;
    if (due <= clock.now()) return this.#goAlone();
    this.#turn("waiting");
    this.#patience = clock.at(due, () => this.#goAlone(), undefined);
  }

  #goAlone(): void {
    if (this.#mode === "alone" || this.#joined || this.#ended) return;
    this.#turn("alone");
    this.#ready.resolve();
    for (const member of [...this.#members.values()]) member.goAlone();
  }

  readonly #onBeat = (): void => this.#beat();

  /** Shows that the replica lives. The first sign after joining gives up the former incarnation, whose leases are registered anew. */
  #beat(former = ""): void {
    const { clock, store } = this.#options;
    if (this.#ended || !this.#joined) return;
    clock.cancel(this.#timer);
    const sent = clock.now();
    const { incarnation } = this;
    const next = this.#gracious ? this.times.beat / 4 : this.times.beat;
    this.#timer = clock.at(sent + next, this.#onBeat, undefined);
    store.run(BEAT, this.keys, [
      ...this.clockArguments,
      this.member,
      microseconds(this.times.life),
      this.#name,
      this.#grace,
      former,
    ]).then((answer) => {
      if (incarnation !== this.#incarnation || !this.#joined) return;
      this.#took(sent, answer as readonly unknown[]);
    }, () => {});
  }

  #took(sent: number, answer: readonly unknown[]): void {
    if (answer[0] === "unknown") return this.join();
    const [grace, gracious, deaths, shared, names] = answer as [
      string,
      number,
      string,
      number,
      string[],
    ];
    this.heard(sent, this.#options.clock.now(), shared);
    const over = this.#gracious && gracious === 0 && grace === this.#grace;
    if (grace === this.#grace) this.#gracious = gracious === 1;
    const own = names.filter((name) => this.#isOfWorld(name)).sort();
    this.#names = own;
    this.noted(grace, deaths);
    if (!this.#gracious) this.#ready.resolve();
    if (over || ++this.#beats % BEATS_IN_TICK === 0) this.#tick();
  }

  #tick(): void {
    for (const member of [...this.#members.values()]) member.tick();
  }

  /** Word of a place that a replica has freed. */
  readonly #word = (message: string): void => {
    const [incarnation, ticket, free, ...name] = message.split("|");
    if (Number(incarnation) !== this.#incarnation || !this.#joined) return;
    this.#members.get(name.join("|"))?.granted(ticket, Number(free));
  };
}
