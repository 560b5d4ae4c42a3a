// Runs alone, without the profiler: measures time.
import { equal, ok } from "node:assert/strict";
import { ThreadWaker } from "../../../../core/lib/time/_thread_waker.ts";
import { soon } from "./_support.ts";

/** A waker whose thread is running, and its rings. */
class Rings implements AsyncDisposable {
  #ready = Promise.withResolvers<void>();
  #next = Promise.withResolvers<void>();
  readonly waker = new ThreadWaker({
    ready: () => this.#ready.resolve(),
    ring: () => {
      const { resolve } = this.#next;
      this.#next = Promise.withResolvers();
      resolve();
    },
    fail: (reason) => this.#ready.reject(new Error(reason)),
  });

  static async create(): Promise<Rings> {
    const rings = new Rings();
    await soon(rings.#ready.promise);
    return rings;
  }

  /** Waits until the alarm that is set has rung. */
  async untilRung(): Promise<void> {
    while (this.waker.armedAt !== Infinity) await soon(this.#next.promise);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.waker[Symbol.asyncDispose]();
  }
}

function spinUntil(time: number): void {
  while (performance.now() < time);
}

/** Pseudo-random numbers from 0 to 1, the same in each run. */
function* fractions(): Generator<number, never> {
  for (let state = 1;;) {
    state = (state * 48_271) % 2_147_483_647;
    yield state / 2_147_483_647;
  }
}

Deno.test("ThreadWaker loses no ring when it is set again at any moment around the previous ring", async () => {
  await using rings = await Rings.create();
  const { waker } = rings;
  const fraction = fractions();
  for (let round = 0; round < 1500; round++) {
    const start = performance.now();
    const first = start + fraction.next().value;
    waker.arm(first, start);
    // Around the moment of the ring, and before this thread can notice it.
    spinUntil(first - 0.3 + 0.4 * fraction.next().value);
    const now = performance.now();
    waker.arm(now + 0.1 * fraction.next().value - 0.05, now);
    if (round % 3 === 0) waker.arm(now - 0.1, now);
    await rings.untilRung();
  }
});

Deno.test("ThreadWaker.arm() keeps the earlier of two times", async () => {
  await using rings = await Rings.create();
  const now = performance.now();
  rings.waker.arm(now + 8, now);
  rings.waker.arm(now + 60_000, now);
  equal(rings.waker.armedAt, now + 8);
  await rings.untilRung();
  const rung = performance.now();
  ok(rung > now + 7, "it slept");
  ok(rung < now + 10_000, "it did not wait for the later one");
});

Deno.test("ThreadWaker rings again after an idle time", async () => {
  await using rings = await Rings.create();
  for (let round = 0; round < 20; round++) {
    rings.waker.rest();
    await new Promise((resolve) => setTimeout(resolve, round % 3));
    const now = performance.now();
    rings.waker.arm(now + round % 4, now);
    await rings.untilRung();
  }
});
