import type { LiveExchange } from "../pipeline/exchange.ts";
import type { Stream } from "../plugin.ts";
import { createStream, type StreamKey } from "../lib/random/mod.ts";
import type { Bound } from "./_open_arrivals.ts";
import type { Run } from "./_run.ts";
import type { Origin } from "./_simulated_exchange.ts";
import { Tally } from "./_tally.ts";
import type { Targets } from "./_targets.ts";
import type { ClosedSource } from "./traffic.ts";

/** The users of a closed source. */
export class ClosedUsers {
  readonly run: Run;
  readonly tally: Tally;
  readonly source: ClosedSource;
  readonly targets: Targets;
  /** On the clock: nobody sends from then on. */
  readonly end: number;
  readonly #start: number;
  readonly #key: StreamKey;

  constructor(run: Run, source: ClosedSource, { targets, key }: Bound) {
    const { start = 0, duration = Infinity } = source;
    this.run = run;
    this.tally = new Tally(run.clock);
    this.source = source;
    this.targets = targets;
    this.#start = run.clock.now() + start;
    this.end = Math.min(run.end, this.#start + duration);
    this.#key = key;
  }

  begin(): void {
    const keys = createStream(this.#key, "users");
    this.run.active += this.source.users;
    for (let i = 0; i < this.source.users; i++) {
      new User(this, userKey(keys, i)).sendAt(this.#start);
    }
  }
}

/** A key of each user's own, so that nobody's thinking shifts another's. */
function userKey(keys: Stream, user: number): StreamKey {
  const word = (index: number) =>
    Math.floor(keys.uniform(user, index) * 2 ** 32) | 0;
  return [word(0), word(1)];
}

/** One who waits for an answer before sending again. */
class User implements Origin {
  readonly run: Run;
  readonly #users: ClosedUsers;
  readonly #thoughts: Stream;
  readonly #picks: Stream;
  #sent = 0;

  constructor(users: ClosedUsers, key: StreamKey) {
    this.run = users.run;
    this.#users = users;
    this.#thoughts = createStream(key, "think");
    this.#picks = createStream(key, "pick");
  }

  sendAt(time: number): void {
    if (time < this.#users.end) this.run.clock.at(time, send, this);
    else this.run.active--;
  }

  send(): void {
    const { run } = this;
    if (!run.sending) return;
    const { tally, targets } = this.#users;
    const target = targets.at(this.#sent++, this.#picks);
    tally.entered();
    run.send(target, this);
  }

  ended(x: LiveExchange): void {
    const { tally, source } = this.#users;
    tally.left(x);
    source.observe?.(x);
    const think = source.think.draw(this.#thoughts, this.#sent - 1);
    this.sendAt(this.run.clock.now() + think);
  }
}

function send(user: User): void {
  user.send();
}
