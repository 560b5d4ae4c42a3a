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
