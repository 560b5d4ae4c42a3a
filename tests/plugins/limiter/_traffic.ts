/** Requests to replicas that share a pool, and accidents of their Redis. */
import type { TestRedis } from "../../support/redis.ts";
import { Guest, type Replica, type Replicas } from "./_replicas.ts";

/** Numbers that look random and are the same in each run. */
export function* chances(seed: number): Generator<number, never> {
  let state = seed;
  for (;;) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    yield state / 2 ** 32;
  }
}

/** Requests to all replicas that come and go at random, and the number of places that are taken at any moment. */
export class Traffic {
  readonly guests: Guest[] = [];
  /** Moments at which more places were taken than there are. */
  readonly violations: string[] = [];
  busy = 0;
  peak = 0;
  #running = true;
  readonly #replicas: Replicas;
  readonly #places: number;
  readonly #chance: Generator<number, never>;

  constructor(replicas: Replicas, places: number, seed: number) {
    this.#replicas = replicas;
    this.#places = places;
    this.#chance = chances(seed);
  }

  draw(): number {
    return this.#chance.next().value;
  }

  /** Lets requests arrive about each 2 ms. Each holds its place for at most 20 ms, and some leave before. */
  run(): void {
    if (!this.#running) return;
    const { clock, all } = this.#replicas;
    clock.at(clock.now() + 4 * this.draw(), () => this.run(), undefined);
    const replica = all[Math.floor(this.draw() * all.length)];
    if (replica !== undefined) this.#arrive(replica);
  }

  #arrive(replica: Replica): void {
    const { clock } = replica;
    const service = 20 * this.draw();
    const leaves = this.draw() < 0.1 ? 30 * this.draw() : Infinity;
    const guest = new Guest(replica, {
      settled: (guest) => {
        if (guest.state !== "served") return;
        this.busy++;
        this.peak = Math.max(this.peak, this.busy);
        if (this.busy > this.#places) {
          this.violations.push(
            `${this.busy} of ${this.#places} (${replica.membership.mode})`,
          );
        }
        clock.at(clock.now() + service, () => {
          this.busy--;
          guest.finish();
        }, undefined);
      },
    });
    this.guests.push(guest);
    if (leaves === Infinity) return;
    clock.at(clock.now() + leaves, () => {
      if (guest.state === "waiting") guest.leave();
    }, undefined);
  }

  /** Ends the arrivals, and waits until nobody is in the pool any more. */
  async end(limit: number): Promise<void> {
    this.#running = false;
    const { clock } = this.#replicas;
    const due = clock.now() + limit;
    while (
      clock.now() < due &&
      this.guests.some(({ state }) => state === "waiting" || state === "served")
    ) await this.#replicas.pause(20);
  }
}

/** Accidents of a Redis, by name. */
export const ACCIDENTS: Readonly<
  Record<string, (redis: TestRedis, replicas: Replicas) => Promise<unknown>>
> = {
  "sleeps for a moment": (redis) => redis.command("DEBUG", "SLEEP", "0.1"),
  "sleeps for long": (redis) => redis.command("DEBUG", "SLEEP", "0.8"),
  "cuts all connections": (redis) =>
    redis.command("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes"),
  "cuts the connections of messages": (redis) =>
    redis.command("CLIENT", "KILL", "TYPE", "pubsub"),
  "forgets its scripts": (redis) => redis.command("SCRIPT", "FLUSH"),
  "is emptied": (redis) => redis.command("FLUSHALL"),
  "is stopped for long": async (redis, replicas) => {
    redis.pause();
    await replicas.pause(900);
    redis.resume();
  },
  "is killed and starts empty": async (redis) => {
    await redis.kill();
    await redis.restart();
  },
  "is killed and starts empty after long": async (redis, replicas) => {
    await redis.kill();
    await replicas.pause(900);
    await redis.restart();
  },
};
