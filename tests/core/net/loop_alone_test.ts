// Runs alone, without the profiler: measures time and counts descriptors.
import { deepEqual, equal, ok, rejects } from "node:assert/strict";
import { cpuUsage } from "node:process";
import { PreciseClock } from "../../../core/lib/time/mod.ts";
import { LoopWaker } from "../../../core/net/loop_waker.ts";
import { Loop } from "../../../core/net/loop.ts";
import { until } from "../../support/wait.ts";
import { eventsOf, withLoop } from "./_loop.ts";

function later(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** Processor time of this process while a time passes, in ms. */
async function usedWhile(ms: number): Promise<number> {
  const before = cpuUsage();
  await later(ms);
  const { user, system } = cpuUsage(before);
  return (user + system) / 1000;
}

/** Waits until nothing that other tests have left takes processor time: Deno ends a terminated worker within 2 s only. */
async function calm(): Promise<void> {
  await until(async () => await usedWhile(100) < 20);
}

/** Median lateness of deadlines, each set once the one before has come, in ms. */
async function medianLateness(loop: Loop, afters: number[]): Promise<number> {
  const lates: number[] = [];
  for (const after of afters) {
    const { promise, resolve } = Promise.withResolvers<number>();
    const alarm = {
      at: Infinity,
      ring() {
        resolve(performance.now() - this.at);
        this.at = Infinity;
      },
    };
    loop.addAlarm(alarm);
    loop.expect(alarm, performance.now() + after);
    lates.push(await promise);
    loop.removeAlarm(alarm);
  }
  return lates.sort((a, b) => a - b)[lates.length >> 1];
}

Deno.test("Loop takes no processor time while it sleeps", async () => {
  await calm();
  await withLoop(async () => {
    await later(100);
    const used = await usedWhile(500);
    ok(used < 50, `${used} ms in 500 ms`);
  });
});

Deno.test("Loop goes to sleep after events, and takes no processor time then", async () => {
  await calm();
  await withLoop(async (loop) => {
    const events = eventsOf(loop);
    events.watch(() => {});
    for (let n = 0; n < 20; n++) {
      events.raise();
      await later(2);
    }
    await later(100);
    const used = await usedWhile(500);
    ok(used < 50, `${used} ms in 500 ms`);
    events.close();
  });
});

Deno.test("Loop takes little processor time while it waits for a far deadline", async () => {
  await calm();
  await withLoop(async (loop) => {
    const alarm = { at: Infinity, ring: () => void (alarm.at = Infinity) };
    loop.addAlarm(alarm);
    loop.expect(alarm, performance.now() + 60_000);
    await later(100);
    const used = await usedWhile(500);
    ok(used < 50, `${used} ms in 500 ms`);
    loop.removeAlarm(alarm);
  });
});

Deno.test("Loop is exact to a fraction of a millisecond, asleep or awake", async () => {
  await withLoop(async (loop) => {
    const far = await medianLateness(loop, new Array(21).fill(20));
    ok(far < 1, `${far} ms late after 20 ms`);
    const near = await medianLateness(loop, new Array(51).fill(1.5));
    ok(near < 1, `${near} ms late after 1.5 ms`);
  });
});

Deno.test("Loop delays Deno's timers by no more than milliseconds while it is busy", async () => {
  await withLoop(async (loop) => {
    const busy = eventsOf(loop);
    busy.watch(() => busy.raise());
    busy.raise();
    const lates: number[] = [];
    for (let n = 0; n < 41; n++) {
      const due = performance.now() + 5;
      await later(5);
      lates.push(performance.now() - due);
    }
    const median = lates.sort((a, b) => a - b)[20];
    ok(median < 5, `${median} ms`);
    busy.close();
  });
});

Deno.test("Loop keeps events of a closed descriptor from the next one of its number", async () => {
  await withLoop(async (loop) => {
    const calls: string[] = [];
    const both = [eventsOf(loop), eventsOf(loop)];
    const next: ReturnType<typeof eventsOf>[] = [];
    const done = Promise.withResolvers<void>();
    both.forEach((own, n) => {
      own.watch(() => {
        calls.push(`old ${n}`);
        // Both have events in this turn: the other one's is stale from now on.
        const other = both[1 - n];
        other.close();
        const reused = eventsOf(loop);
        equal(reused.fd, other.fd);
        reused.watch(() => calls.push("new"));
        next.push(reused);
        setTimeout(done.resolve, 20);
      });
    });
    // Both are raised before the loop can look.
    for (const own of both) own.raise();
    await done.promise;
    equal(calls.length, 1, `${calls}`);
    const [reused] = next;
    reused.raise();
    await later(20);
    deepEqual(calls.slice(1), ["new"]);
    reused.close();
    both.find(({ fd }) => fd !== reused.fd)?.close();
  });
});

Deno.test("Loop.acquire() leaves nothing open where it fails", async () => {
  const { listen } = Deno;
  const before = descriptors();
  try {
    Deno.listen = (() => {
      throw new Error("no socket");
    }) as unknown as typeof Deno.listen;
    await rejects(Promise.all([Loop.acquire(), Loop.acquire()]), /no socket/);
    Deno.listen = ((options: Deno.TcpListenOptions) => {
      const listener = listen(options);
      Object.defineProperty(listener, "accept", {
        value: () => Promise.reject(new Error("no connection")),
      });
      return listener;
    }) as unknown as typeof Deno.listen;
    await rejects(Loop.acquire(), /no connection/);
  } finally {
    Deno.listen = listen;
  }
  equal(descriptors(), before);
  await (await Loop.acquire()).release();
  equal(descriptors(), before);
});

function descriptors(): number {
  return [...Deno.readDirSync("/proc/self/fd")].length;
}

Deno.test("PreciseClock.wakeBy() ends the alarm that it replaces", async () => {
  const before = descriptors();
  const clock = new PreciseClock();
  await clock.start();
  for (let round = 0; round < 3; round++) {
    const loop = await Loop.acquire();
    clock.wakeBy((ring) => new LoopWaker(loop, ring));
  }
  const { promise, resolve } = Promise.withResolvers<void>();
  clock.at(clock.now() + 3, resolve, undefined);
  await promise;
  await clock[Symbol.asyncDispose]();
  equal(descriptors(), before);
});

Deno.test("Loop goes on with long work in turns, between which Deno looks at its sockets", async () => {
  await withLoop(async (loop) => {
    // Longer than it stays awake.
    await later(30);
    const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    let works = 0;
    let done = false;
    const started = Promise.withResolvers<void>();
    const work = () => {
      works++;
      started.resolve();
      for (const end = performance.now() + 2; performance.now() < end;);
      if (!done) loop.later(work);
    };
    loop.later(work);
    await started.promise;
    const [server, client] = await Promise.all([
      listener.accept(),
      Deno.connect({ hostname: "127.0.0.1", port: listener.addr.port }),
    ]);
    await client.write(new Uint8Array(1));
    await server.read(new Uint8Array(1));
    done = true;
    for (const each of [server, client, listener]) each.close();
    ok(works > 1);
    // With immediates in place of the loop's turns, it takes more than a hundred.
    ok(works < 90, `${works} turns`);
  });
});
