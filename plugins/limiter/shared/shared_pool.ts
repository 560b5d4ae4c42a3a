/**
 * A pool whose places several replicas share through Redis.
 *
 * Redis decides on each request, so that an admission takes a round trip. Its answer does not count as waiting: service starts with
 * the arrival, as in memory. The pool knows what this replica holds and who waits here. So it can tell Redis all of it again, and
 * decide by itself while Redis is lost.
 *
 * @module
 */
import type {
  Exchange,
  Lease,
  Rejection,
  Ticket,
} from "../../../core/plugin.ts";
import { RecentLevel } from "../levels.ts";
import { FALLBACK, type PoolOptions, type PoolView } from "../pool.ts";
import { createQueue, type Entrant } from "../queue.ts";
import { limitNumber, limitOf, limitText } from "./_limits.ts";
import type { Estimate } from "../refusals.ts";
import { type Asked, Entry, textOf } from "./entry.ts";
import type { Member, Membership } from "./membership.ts";
import { POOL } from "./pool_script.ts";
import { type Batch, Steps } from "./steps.ts";
import { SharedThroughput } from "./throughput.ts";
import { type SharedPoolRules, Waiting } from "./waiting.ts";
import { type WholePool, WholeView } from "./whole.ts";
import { Words } from "./words.ts";

/** The present, as a time for the script. */
const NOW = -1;

/** Options of a shared pool. */
export interface SharedPoolOptions extends PoolOptions {
  /** Membership of this replica. */
  readonly membership: Membership;
}

/** A pool that replicas share. It is itself the lease of each of its places. */
export class SharedPool extends Waiting implements Lease, Member {
  readonly #options: SharedPoolOptions;
  readonly #membership: Membership;
  readonly #keys: readonly string[];
  /** Tickets whose requests have left the queue, until Redis says if they had got a place before. */
  readonly #gone = new Set<string>();
  readonly #steps = new Steps<Asked>((batch) => this.#send(batch));
  readonly #throughput = new SharedThroughput();
  /** Number of places and length of the queue that hold for all: those of the rules, or what a dial of another replica sets. */
  #places: number;
  #room: number;
  #over: {
    readonly places: number | undefined;
    readonly room: number | undefined;
  } | undefined;
  #local: ReturnType<typeof createQueue>;
  #held = 0;
  #draws = 0;
  readonly #words = new Words();
  #whole = { busy: 0, queued: 0 };
  #recent: RecentLevel | undefined;

  constructor(options: SharedPoolOptions, rules: SharedPoolRules) {
    super(options, rules);
    const { membership, name } = this.#options = options;
    this.#membership = membership;
    this.#places = rules.concurrency;
    this.#room = rules.capacity;
    this.#local = createQueue(rules.discipline, options.stream);
    this.#keys = [
      ...membership.keys,
      ...["pool", "held", "queue"].map((part) => membership.keyOf(part, name)),
    ];
    membership.add(name, this);
  }

  /** Number of places of the whole pool. */
  get concurrency(): number {
    return this.#places;
  }

  /** Maximum number of queued requests of the whole pool. */
  get capacity(): number {
    return this.#room;
  }

  /** Number of places that this replica holds. */
  get busy(): number {
    return this.#held;
  }

  /** Number of requests that wait in this replica. */
  get queued(): number {
    return this.waiting;
  }

  /** Figures of the whole. */
  get whole(): WholePool {
    const { mode, since, replicas } = this.#membership;
    return {
      mode,
      since,
      ...mode === "alone"
        ? { busy: this.#held, queued: this.waiting }
        : this.#whole,
      replicas,
      share: this.#share,
    };
  }

  /** The whole pool, as other plugins see it. */
  get view(): PoolView {
    return new WholeView(this);
  }

  /** Share of all places that are taken, averaged over about the last second, 0…1; 0 where there is no limit. */
  utilisation(): number {
    const now = this.clock.now();
    this.#recent ??= new RecentLevel(this.#whole.busy, now);
    return Math.min(1, this.#recent.mean(now) / this.#places);
  }

  /** Asks for a place; without a limit it is given at once. */
  admit(
    entrant: Entrant,
    at: number,
    priority: number,
  ): Lease | Rejection | Ticket {
    this.figures.arrived();
    const { mode } = this.#membership;
    if (this.#places === Infinity) return this.#take(at);
    if (mode === "alone") return this.#admitAlone(entrant, at, priority);
    const entry = this.enter(entrant, at, priority);
    if (mode === "shared") this.#ask(entry, NOW, false);
    else this.count(entry, at);
    return entry;
  }

  /** Gives a place back. */
  release(_exchange: Exchange | undefined, at: number): void {
    this.#held--;
    this.figures.freed(at);
    if (this.#places === Infinity) return;
    const { mode } = this.#membership;
    if (mode === "shared") {
      // Not the time since then, to which that of the way would be added.
      this.#steps.add(["r", this.#membership.sharedTimeOf(at)]);
    } else if (mode === "alone") this.#fillAlone(at);
  }

  /** Follows new rules, as a pool in memory does. */
  follow(rules: SharedPoolRules): void {
    const { discipline, priorityHeader, queueTimeout } = this.rules;
    this.rules = rules;
    if (rules.discipline !== discipline) this.#reorder();
    if (rules.priorityHeader !== priorityHeader) this.#rerank();
    if (rules.queueTimeout !== queueTimeout) this.retime();
    this.#limit(
      this.#over?.places ?? rules.concurrency,
      this.#over?.room ?? rules.capacity,
    );
  }

  /** Sets the values of dials, for all replicas; undefined gives the settings back. */
  turn(places: number | undefined, room: number | undefined): void {
    const none = places === undefined && room === undefined;
    if (none && this.#over === undefined) return;
    this.#over = none ? undefined : { places, room };
    this.#limit(
      places ?? this.rules.concurrency,
      room ?? this.rules.capacity,
    );
    if (this.#membership.mode === "shared" && this.#places < Infinity) {
      this.#steps.put(this.#overStep());
    }
    this.admitQueued();
  }

  /** Gives free places to queued requests. */
  admitQueued(): void {
    const { mode } = this.#membership;
    if (mode === "shared") {
      if (this.#places < Infinity) this.#steps.flush(true);
    } else if (mode === "alone") this.#fillAlone(this.clock.now());
  }

  /** Starts figures and random numbers afresh. */
  reset(): void {
    this.figures.reset(this.clock.now());
    this.#local.restart?.();
    this.#draws = 0;
  }

  /** Estimates the time until a retry is worthwhile, from queue and throughput of the whole pool. */
  estimate(_now: number): Estimate {
    const rate = this.#throughput.rate();
    return rate === undefined
      ? { wait: FALLBACK, from: "fallback" }
      : { wait: (this.whole.queued + 1) / rate, from: "throughput" };
  }

  /** Ends the part of this replica. */
  leaveOthers(): void {
    this.#membership.remove(this.name);
  }

  // Member

  rejoin(former: string): void {
    this.#forget();
    const unlimited = this.#places === Infinity;
    this.#steps.put(["s", former, unlimited ? 0 : this.#held]);
    if (this.#over !== undefined) this.#steps.put(this.#overStep());
    if (unlimited) return this.#steps.flush();
    // In the order of their arrival, since Redis may have to give places in it.
    for (
      const entry of [...this.entries.values()].sort((a, b) =>
        a.entered - b.entered || a.number - b.number
      )
    ) {
      if (entry.stage === "local") this.#local.remove(entry);
      const kept = entry.stage === "local" || entry.stage === "queued";
      this.#putAsk(entry, this.#arrivalOf(entry), kept);
    }
    this.#steps.flush();
  }

  goAlone(): void {
    this.#forget();
    const now = this.clock.now();
    const entries = [...this.entries.values()];
    switch (this.#membership.store.onLost) {
      case "closed":
        for (const entry of entries) this.#refuseEntry(entry, "lost", now);
        return;
      case "open":
        for (const entry of entries) this.#grant(entry, now);
        return;
    }
    const share = this.#share;
    const room = this.#roomAlone;
    for (const entry of entries) {
      if (!this.entries.has(entry.ticket)) continue;
      if (entry.stage === "queued") this.#queueAlone(entry, now);
      else if (this.#held < share && this.#local.size === 0) {
        this.#grant(entry, now);
      } else if (share > 0 && this.#local.size < room) {
        this.#queueAlone(entry, now);
      } else this.#refuseEntry(entry, share > 0 ? "full" : "lost", now);
    }
    this.#fillAlone(now);
    // Without a share nobody is served before Redis is back.
    if (share === 0) {
      for (const entry of [...this.entries.values()]) {
        this.#refuseEntry(entry, "lost", now);
      }
    }
  }

  /** The connection is gone, or a new incarnation begins: nothing of what is under way counts any more. */
  #forget(): void {
    this.#steps.clear();
    this.#gone.clear();
    this.#words.forget();
  }

  tick(): void {
    if (this.#membership.mode !== "shared" || this.#places === Infinity) return;
    if (this.waiting > 0) {
      this.#steps.put(["g"], { step: "words", ticket: "" });
    }
    this.#steps.flush(true);
  }

  granted(ticket: string, free: number): void {
    this.#words.come();
    const entry = this.entries.get(ticket);
    // Another answer may have told it before, or the request has left: then the place goes back.
    if (entry === undefined) this.#returnPlace(ticket);
    else this.#grant(entry, this.#membership.timeOf(free));
  }

  /** Share of the places that this replica gives away while it decides by itself. */
  get #share(): number {
    return this.#membership.shareOf(this.#places);
  }

  get #roomAlone(): number {
    return this.#membership.shareOf(this.#room);
  }

  #returnPlace(ticket: string): void {
    if (!this.#gone.delete(ticket)) return;
    this.#steps.add(["r", NOW]);
  }

  #take(at: number): Lease {
    this.#held++;
    this.figures.taken(at);
    this.figures.admitted(0);
    return this;
  }

  // Decisions of this replica alone

  #admitAlone(
    entrant: Entrant,
    at: number,
    priority: number,
  ): Lease | Rejection | Ticket {
    const { onLost } = this.#membership.store;
    if (onLost === "open") return this.#take(at);
    const share = this.#share;
    if (onLost === "closed" || share === 0) {
      this.figures.refused("shared_lost");
      return this.refuse(this.rules.onLost, entrant, at);
    }
    if (this.#held < share && this.#local.size === 0) return this.#take(at);
    if (this.#local.size >= this.#roomAlone) {
      this.figures.refused("queue_full");
      return this.refuse(this.rules.onFull, entrant, at);
    }
    const entry = this.enter(entrant, at, priority);
    this.#queueAlone(entry, at);
    return entry;
  }

  #queueAlone(entry: Entry, now: number): void {
    this.count(entry, entry.entered, now);
    entry.stage = "local";
    this.#local.add(entry);
  }

  #fillAlone(free: number): void {
    if (this.#membership.store.onLost !== "divide") return;
    const share = this.#share;
    while (this.#held < share) {
      const next = this.#local.take();
      if (next === undefined) return;
      if (!(next instanceof Entry)) continue;
      next.stage = "unsent";
      this.#grant(next, free);
    }
  }

  // Questions to Redis, and its answers

  /** Time of a request's arrival, for Redis. */
  #arrivalOf({ entered }: Entry): number {
    return Math.max(0, this.#membership.sharedTimeOf(entered));
  }

  #ask(entry: Entry, arrival: number, kept: boolean): void {
    this.#putAsk(entry, arrival, kept);
    this.#steps.flush();
  }

  #putAsk(entry: Entry, arrival: number, kept: boolean): void {
    entry.stage = "asked";
    entry.sent = String(entry.priority);
    this.#steps.put(
      ["a", entry.ticket, entry.sent, arrival, kept ? "1" : "0"],
      { step: "ask", entry, ticket: entry.ticket },
    );
  }

  #overStep(): (string | number)[] {
    const { places, room } = this.#over ?? {};
    return ["d", limitText(places), limitText(room)];
  }

  #send({ steps, asked }: Batch<Asked>): void {
    const membership = this.#membership;
    const { incarnation, store } = membership;
    const { discipline, concurrency, capacity } = this.rules;
    const random = discipline === "random";
    const sent = this.clock.now();
    store.run(POOL, this.#keys, [
      ...membership.clockArguments,
      membership.member,
      membership.channels,
      limitNumber(concurrency),
      limitNumber(capacity),
      discipline,
      limitNumber(membership.graceShareOf(this.#places)),
      random
        ? Math.floor(this.#options.stream.uniform(this.#draws++) * 2 ** 31)
        : 0,
      this.name,
      ...steps,
    ]).then(
      (answer) => {
        if (incarnation !== membership.incarnation) return;
        const list = answer as readonly unknown[];
        if (list[0] === "unknown") return membership.unknown(incarnation);
        this.#answered(sent, list, asked);
      },
      // The connection is lost: the membership tells what follows.
      () => {},
    );
  }

  #answered(
    sent: number,
    answer: readonly unknown[],
    asked: readonly Asked[],
  ): void {
    if (this.#membership.mode !== "shared") return;
    const [grace, time, busy, queued, places, room, ends, area, deaths] =
      answer as [
        string,
        number,
        number,
        number,
        number,
        number,
        number,
        number,
        string,
      ];
    const results = answer[9] as readonly number[];
    const granted = answer[10] as readonly (string | number)[];
    const now = this.clock.now();
    this.#membership.heard(sent, now, time);
    this.#whole = { busy, queued };
    this.#recent?.set(busy, now);
    this.#throughput.take(ends, area / 1000);
    if (this.rules.concurrency < Infinity || this.#over !== undefined) {
      this.#heardLimits(limitOf(places), limitOf(room));
    }
    this.#steps.answered();
    let look = false;
    for (const [index, { step, entry, ticket }] of asked.entries()) {
      const result = results[index];
      if (step === "words") look = this.#words.lacks(result);
      else if (step === "ask") {
        if (entry?.ticket === ticket) this.#decided(entry, result, now);
      } else if (step === "leave") {
        // A request that is not in the queue has got a place, of which word is under way or was lost.
        if (result === 0) this.#returnPlace(ticket);
        else this.#gone.delete(ticket);
      } else if (result === 0 && entry?.ticket === ticket) {
        if (entry.queued) this.#grant(entry, now);
      }
    }
    for (let i = 0; i < granted.length; i += 2) {
      const entry = this.entries.get(String(granted[i]));
      if (entry === undefined) this.#returnPlace(String(granted[i]));
      else this.#grant(entry, this.#membership.timeOf(Number(granted[i + 1])));
    }
    if (look) this.#lookForAll();
    this.#membership.noted(grace, deaths);
  }

  #decided(entry: Entry, result: number, now: number): void {
    // Word of its place has come before the answer.
    if (entry.stage === "placed") return;
    if (!entry.queued) {
      // It left while the question was under way.
      if (result === 0) this.#steps.add(["r", NOW]);
      else if (result > 0) {
        entry.place = result;
        this.#leave(entry);
      }
      return;
    }
    if (result === 0) this.#grant(entry, entry.counted ? now : entry.entered);
    else if (result < 0) this.#refuseEntry(entry, "full", now);
    else {
      entry.stage = "queued";
      entry.place = result;
      this.count(entry, entry.entered, now);
    }
  }

  #lookForAll(): void {
    for (const entry of this.entries.values()) {
      if (entry.stage !== "queued") continue;
      const { ticket } = entry;
      this.#steps.put(["p", textOf(entry, this.#membership.member)], {
        step: "look",
        entry,
        ticket,
      });
    }
    this.#steps.flush();
  }

  // Ends of waits

  /** Gives a place to an entry. It was free since a time that may lie before the wait began. */
  #grant(entry: Entry, freeFrom: number): void {
    const start = Math.min(
      Math.max(freeFrom, entry.entered),
      Math.max(this.clock.now(), entry.entered),
    );
    if (entry.stage === "local") this.#local.remove(entry);
    this.end(entry, start);
    entry.stage = "placed";
    this.#held++;
    this.figures.taken(start);
    this.figures.admitted(start - entry.entered);
    entry.entrant.settle(this, start);
  }

  #refuseEntry(entry: Entry, why: "full" | "lost", at: number): void {
    if (!this.entries.has(entry.ticket)) return;
    if (entry.stage === "local") this.#local.remove(entry);
    const waited = entry.counted;
    this.end(entry, at);
    const reason = why === "full" ? "queue_full" : "shared_lost";
    if (waited && reason === "shared_lost") {
      this.figures.waitedInVain(reason, at - entry.entered);
    } else this.figures.refused(reason);
    const { onFull, onLost } = this.rules;
    const refusal = why === "full" ? onFull : onLost;
    entry.entrant.settle(this.refuse(refusal, entry.entrant, at), at);
  }

  /** An entry leaves before it was decided on. */
  protected override withdraw(entry: Entry, at: number): void {
    const { stage } = entry;
    if (stage === "local") this.#local.remove(entry);
    this.end(entry, at);
    if (stage === "queued" && this.#membership.mode === "shared") {
      this.#leave(entry);
    }
  }

  #leave(entry: Entry): void {
    const { ticket } = entry;
    this.#gone.add(ticket);
    this.#steps.add(["l", textOf(entry, this.#membership.member)], {
      step: "leave",
      ticket,
    });
  }

  // Changes of the rules

  #reorder(): void {
    const before = this.#local;
    this.#local = createQueue(this.rules.discipline, this.#options.stream);
    for (const entry of before.entries().sort((a, b) => a.number - b.number)) {
      before.remove(entry);
      this.#local.add(entry);
    }
    // Redis reorders its queue with the next batch.
  }

  /** A queued request goes back into the queue with another priority, and keeps the time of its arrival. */
  #rerank(): void {
    const shared = this.#membership.mode === "shared";
    for (const entry of [...this.entries.values()]) {
      this.rank(entry);
      if (entry.stage === "local") {
        this.#local.remove(entry);
        this.#local.add(entry);
      } else if (entry.stage === "queued" && shared) {
        this.#leave(entry);
        this.entries.delete(entry.ticket);
        this.label(entry);
        this.#ask(entry, this.#arrivalOf(entry), true);
      }
    }
  }

  #limit(places: number, room: number): void {
    const before = this.#places;
    this.#heardLimits(places, room);
    const unlimited = places === Infinity;
    if ((before === Infinity) === unlimited) return;
    if (this.#membership.mode !== "shared") return;
    // Without a limit Redis does not count: it is told the present number where that begins or ends.
    this.#steps.put(["s", "", unlimited ? 0 : this.#held]);
    if (!unlimited) return;
    for (const entry of [...this.entries.values()]) {
      this.#grant(entry, this.clock.now());
    }
  }

  #heardLimits(places: number, room: number): void {
    this.#room = room;
    if (places === this.#places) return;
    this.#places = places;
    this.figures.resize(places, this.clock.now());
  }
}
