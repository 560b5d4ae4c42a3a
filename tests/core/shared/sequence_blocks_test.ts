import { deepEqual, equal, ok } from "node:assert/strict";
import { VirtualClock } from "../../../core/lib/time/mod.ts";
import type { SequenceCounter } from "../../../core/pipeline/exchange.ts";
import type { SharedScript, SharedStore } from "../../../core/plugin.ts";
import { SequenceBlocks } from "../../../core/shared/sequence_blocks.ts";

/** A store that hands out blocks as the script in Redis does. */
class MemoryStore {
  lost = false;
  calls = 0;
  readonly numbers = new Map<string, { next: number; generation: number }>();
  readonly listeners: ((connected: boolean) => void)[] = [];

  key(...parts: readonly string[]): string {
    return parts.join(":");
  }

  onStatus(listener: (connected: boolean) => void): Disposable {
    this.listeners.push(listener);
    return { [Symbol.dispose]() {} };
  }

  async run(
    { name }: SharedScript,
    [key]: readonly string[],
    args: readonly (string | number)[],
  ): Promise<unknown> {
    await Promise.resolve();
    if (this.lost) throw new Error("lost");
    if (name === "take a range") return 7;
    this.calls++;
    const [size, from, own, restarts] = args.map(Number);
    const kept = this.numbers.get(key) ?? { next: 0, generation: 0 };
    kept.generation = Math.max(kept.generation, own);
    if (restarts === 1 && kept.generation === own) {
      kept.next = 0;
      kept.generation++;
    } else if (kept.generation === own) kept.next = Math.max(kept.next, from);
    this.numbers.set(key, kept);
    const first = kept.next;
    kept.next += size;
    return [first, kept.generation];
  }
}

async function replica(store: MemoryStore, clock = new VirtualClock()) {
  const counters: SequenceCounter[] = [];
  const log: string[] = [];
  const blocks = new SequenceBlocks({
    store: store as unknown as SharedStore,
    clock,
    session: undefined,
    counters: () => counters,
    log: (_, message) => log.push(message),
  });
  const counter = blocks.counter("orders");
  counters.push(counter);
  await blocks.ready();
  return { blocks, counter, clock, log };
}

/** Lets all answers arrive. */
async function arrived(): Promise<void> {
  for (let i = 0; i < 10; i++) await Promise.resolve();
}

Deno.test("replicas take each sequence number once, in blocks that are handed out ahead", async () => {
  const store = new MemoryStore();
  const replicas = [await replica(store), await replica(store)];
  const numbers: number[] = [];
  for (let i = 0; i < 5000; i++) {
    numbers.push(replicas[i % 7 === 0 ? 1 : 0].counter.take());
    if (i % 4 === 0) await arrived();
  }
  equal(new Set(numbers).size, numbers.length);
  ok(Math.max(...numbers) < 20_000);
  ok(store.calls < 30, `${store.calls} calls`);
  deepEqual(replicas.map(({ log }) => log), [[], []]);
});

Deno.test("without Redis a replica takes numbers that no other has, says so once, and goes on with blocks afterwards", async () => {
  const store = new MemoryStore();
  const { counter, log } = await replica(store);
  store.lost = true;
  const numbers = Array.from({ length: 100 }, () => counter.take());
  const own = numbers.filter((number) => number >= 2 ** 31);
  deepEqual(numbers.slice(0, 64), Array.from({ length: 64 }, (_, i) => i));
  equal(own.length, 36);
  equal(own[0], 2 ** 31 + 7 * 2 ** 20);
  equal(log.length, 1);
  await arrived();
  store.lost = false;
  counter.take();
  await arrived();
  equal(counter.take(), 64);
});

Deno.test("an emptied Redis hands out no number again that was used", async () => {
  const store = new MemoryStore();
  const { counter } = await replica(store);
  for (let i = 0; i < 64; i++) {
    counter.take();
    await arrived();
  }
  store.numbers.clear();
  for (const listener of store.listeners) listener(true);
  await arrived();
  const other = await replica(store);
  ok(other.counter.take() >= 64);
});

Deno.test("after a reset at each replica the numbers begin with 0 again, once", async () => {
  const store = new MemoryStore();
  const replicas = [await replica(store), await replica(store)];
  for (let i = 0; i < 100; i++) {
    for (const { counter } of replicas) counter.take();
    await arrived();
  }
  for (const { counter, blocks } of replicas) {
    counter.restart();
    await blocks.ready();
  }
  const numbers = replicas.flatMap(({ counter }) =>
    Array.from({ length: 64 }, () => counter.take())
  );
  deepEqual(
    numbers.sort((a, b) => a - b),
    Array.from({ length: 128 }, (_, i) => i),
  );
  await arrived();
});

Deno.test("a counter that takes over goes on with the numbers that Redis hands out", async () => {
  const store = new MemoryStore();
  const counter: SequenceCounter = (await replica(store)).counter;
  counter.take();
  await arrived();
  counter.skipTo(1000);
  equal(counter.take(), 1);
});

/** Sizes of the blocks that are ordered while a replica takes one number per time, in ms. */
async function sizes(
  pace: (index: number) => number,
  blocks: number,
): Promise<number[]> {
  const store = new MemoryStore();
  const ordered: number[] = [];
  const take = store.run.bind(store);
  store.run = (script, keys, args) => {
    if (script.name !== "take a range") ordered.push(Number(args[0]));
    return take(script, keys, args);
  };
  const { counter, clock } = await replica(store);
  for (let i = 0; ordered.length < blocks; i++) {
    counter.take();
    clock.advance(pace(ordered.length));
    await arrived();
  }
  return ordered;
}

Deno.test("blocks grow while each lasts for less than 1 s, up to 65 536 numbers", async () => {
  const ordered = await sizes(() => 0, 13);
  deepEqual(
    ordered,
    [64, 128, 256, 512, 1024, 2048, 4096, 8192, 16384, 32768, 65536, 65536]
      .concat(65536),
  );
});

Deno.test("blocks shrink while each lasts for more than 10 s, down to 64 numbers, and stay in between", async () => {
  // The first four are used up at once, the next two last for 2 s or more, and the others for long.
  const ordered = await sizes(
    (count) => count < 5 ? 0 : count < 6 ? 4 : 200,
    14,
  );
  deepEqual(ordered.slice(0, 5), [64, 128, 256, 512, 1024]);
  equal(ordered[ordered.length - 1], 64);
  for (const [index, size] of ordered.entries()) {
    if (index > 0) ok([0.5, 1, 2].includes(size / ordered[index - 1]));
  }
});

Deno.test("a block that was ordered before a reset is not used after it", async () => {
  const store = new MemoryStore();
  const { counter, blocks } = await replica(store);
  // Orders the second block, whose answer is still to come.
  equal(counter.take(), 0);
  counter.restart();
  await blocks.ready();
  deepEqual(
    Array.from({ length: 64 }, () => counter.take()),
    Array.from({ length: 64 }, (_, i) => i),
  );
  await arrived();
});

Deno.test("a reset without Redis holds once Redis is back", async () => {
  const store = new MemoryStore();
  const first = await replica(store);
  const second = await replica(store);
  equal(first.counter.take(), 0);
  equal(second.counter.take(), 64);
  await arrived();
  store.lost = true;
  first.counter.restart();
  second.counter.restart();
  await first.blocks.ready();
  await second.blocks.ready();
  ok(first.counter.take() >= 2 ** 31);
  store.lost = false;
  for (const listener of store.listeners) listener(true);
  await arrived();
  deepEqual(
    [first, second].map(({ counter }) => counter.take()).sort((a, b) => a - b),
    [0, 64],
  );
});

Deno.test("numbers of which Redis cannot be reminded are no error, and blocks that have ended are told nothing", async () => {
  const store = new MemoryStore();
  let ended = 0;
  store.onStatus = (listener) => {
    store.listeners.push(listener);
    return { [Symbol.dispose]: () => void ended++ };
  };
  const { blocks } = await replica(store);
  const { calls } = store;
  for (const listener of store.listeners) listener(false);
  await arrived();
  equal(store.calls, calls);
  store.lost = true;
  for (const listener of store.listeners) listener(true);
  await arrived();
  equal(ended, 0);
  blocks[Symbol.dispose]();
  equal(ended, 1);
});

Deno.test("replicas that Redis has never counted take numbers of a range at random", async () => {
  const store = new MemoryStore();
  store.lost = true;
  const { counter, log } = await replica(store);
  const number = counter.take();
  equal(number % 2 ** 20, 0);
  ok(number >= 2 ** 31 && number < 2 ** 32);
  equal(counter.take(), number + 1);
  equal(log.length, 1);
  await arrived();
});
