import { equal, ok } from "node:assert/strict";
import { ThreadWaker } from "../../../core/time/_thread_waker.ts";
import { CELL, sleepAndRing } from "../../../core/time/_waker_thread.ts";
import { soon } from "./_support.ts";

/** A waker whose thread is up, and the rings it gives. */
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

  /** Waits until the alarm has rung that is set. */
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

/** Numbers from 0 to 1 without pattern, the same in each run. */
function* fractions(): Generator<number, never> {
  for (let state = 1;;) {
    state = (state * 48_271) % 2_147_483_647;
    yield state / 2_147_483_647;
  }
}

Deno.test("ThreadWaker loses no ring where it is set anew at any moment around the old one", async () => {
  await using rings = await Rings.create();
  const { waker } = rings;
  const fraction = fractions();
  for (let round = 0; round < 1500; round++) {
    const start = performance.now();
    const first = start + fraction.next().value;
    waker.arm(first, start);
    // Around the moment of the ring, and before this thread can hear of it.
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

Deno.test("ThreadWaker rings again after it was idle", async () => {
  await using rings = await Rings.create();
  for (let round = 0; round < 20; round++) {
    rings.waker.rest();
    await new Promise((resolve) => setTimeout(resolve, round % 3));
    const now = performance.now();
    rings.waker.arm(now + round % 4, now);
    await rings.untilRung();
  }
});

Deno.test("sleepAndRing() rings once for each alarm, and ends when told", () => {
  const cells = new Int32Array(new SharedArrayBuffer(20));
  const rang: number[] = [];
  const notify = Atomics.notify;
  Atomics.notify = (array, index, count) => {
    rang.push(cells[CELL.rang]);
    if (rang.length === 2) cells[CELL.stop] = 1;
    else cells[CELL.armed]++;
    return notify(array as Int32Array, index, count);
  };
  try {
    cells[CELL.armed] = 1;
    cells[CELL.sentAt] = cells[CELL.wakeAt] = (performance.now() * 1000) | 0;
    sleepAndRing(cells, CELL);
  } finally {
    Atomics.notify = notify;
  }
  equal(`${rang}`, "1,2");
});

Deno.test("sleepAndRing() sleeps out the time by whichever clock the alarm was set", () => {
  for (const origin of [0, 1234.5, -98_765.25, 2 ** 31 / 1000 - 2]) {
    const cells = new Int32Array(new SharedArrayBuffer(20));
    const notify = Atomics.notify;
    Atomics.notify = () => cells[CELL.stop] = 1;
    const start = performance.now();
    try {
      cells[CELL.armed] = 1;
      cells[CELL.sentAt] = ((start + origin) * 1000) | 0;
      cells[CELL.wakeAt] = ((start + origin + 4) * 1000) | 0;
      sleepAndRing(cells, CELL);
    } finally {
      Atomics.notify = notify;
    }
    const slept = performance.now() - start;
    ok(slept > 3.9 && slept < 1000, `slept ${slept} ms with origin ${origin}`);
  }
});
