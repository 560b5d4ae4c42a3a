import { deepEqual, equal, ok, rejects } from "node:assert/strict";
import { EVENT } from "../../../core/net/libc.ts";
import { type Alarm, Loop } from "../../../core/net/loop.ts";
import { LoopWaker } from "../../../core/net/loop_waker.ts";
import { until } from "../../support/wait.ts";
import { eventsOf, withLoop } from "./_loop.ts";

/** Creates an alarm that calls back once. */
function alarmOf(ring: (late: number) => void): Alarm {
  return {
    at: Infinity,
    ring() {
      const late = performance.now() - this.at;
      this.at = Infinity;
      ring(late);
    },
  };
}

/** Resolves to the lateness of an alarm that is set `after` ms from now. */
function alarmAfter(loop: Loop, after: number): Promise<number> {
  const { promise, resolve } = Promise.withResolvers<number>();
  const alarm = alarmOf((late) => {
    loop.removeAlarm(alarm);
    resolve(late);
  });
  loop.addAlarm(alarm);
  loop.expect(alarm, performance.now() + after);
  return promise;
}

/** Resolves after a time, by Deno's own timer. */
function later(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

Deno.test("Loop rings at a deadline or later, never before", async () => {
  await withLoop(async (loop) => {
    for (const after of [-5, 0, 0.3, 1, 2.5, 7, 30]) {
      const late = await alarmAfter(loop, after);
      ok(late >= 0 && late < 10_000, `${after} ms: ${late} late`);
    }
  });
});

Deno.test("Loop rings at a deadline that is set from Deno's side while it sleeps", async () => {
  await withLoop(async (loop) => {
    for (const after of [0, 0.5, 20]) {
      // Longer than it stays awake.
      await later(30);
      const late = await alarmAfter(loop, after);
      ok(late >= 0 && late < 10_000, `${after} ms: ${late} late`);
    }
  });
});

Deno.test("Loop rings many deadlines, in any order of setting, each at its time", async () => {
  await withLoop(async (loop) => {
    const lates = await Promise.all(
      [40, 5, 0, 25, 5, 60, 1].map((after) => alarmAfter(loop, after)),
    );
    for (const late of lates) ok(late >= 0 && late < 10_000, `${lates}`);
  });
});

Deno.test("Loop does not ring a removed alarm, and rings one that was put off once", async () => {
  await withLoop(async (loop) => {
    let rung = 0;
    const removed = alarmOf(() => rung += 100);
    const putOff = alarmOf(() => rung++);
    for (const alarm of [removed, putOff]) {
      loop.addAlarm(alarm);
      loop.expect(alarm, performance.now() + 5);
    }
    loop.removeAlarm(removed);
    loop.removeAlarm(removed);
    const at = performance.now() + 20;
    loop.expect(putOff, at);
    await until(() => rung > 0);
    ok(performance.now() >= at);
    await later(10);
    equal(rung, 1);
    loop.removeAlarm(putOff);
  });
});

Deno.test("Loop lets Deno's timers, promises and sockets go on while it is busy", async () => {
  await withLoop(async (loop) => {
    const busy = eventsOf(loop);
    let turns = 0;
    busy.watch(() => {
      // Readable again at once: the loop never comes to rest.
      busy.raise();
      turns++;
    });
    busy.raise();
    await later(20);
    const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    const [client, server] = await Promise.all([
      Deno.connect({ port: listener.addr.port, hostname: "127.0.0.1" }),
      listener.accept(),
    ]);
    await client.write(new Uint8Array(3));
    equal(await server.read(new Uint8Array(8)), 3);
    for (const each of [client, server, listener]) each.close();
    const text = await Deno.readTextFile(new URL(import.meta.url));
    ok(text.length > 0);
    ok(turns > 10);
    busy.close();
  });
});

Deno.test("Loop wakes up for an event while it sleeps", async () => {
  await withLoop(async (loop) => {
    const bell = eventsOf(loop);
    const woken = Promise.withResolvers<void>();
    bell.watch(() => woken.resolve());
    await later(30);
    bell.raise();
    await woken.promise;
    bell.close();
  });
});

Deno.test("Loop hands an error to its watcher, and goes on with the others", async () => {
  await withLoop(async (loop) => {
    const bad = eventsOf(loop);
    const good = eventsOf(loop);
    const errors: unknown[] = [];
    const reached = Promise.withResolvers<void>();
    bad.watch(() => {
      throw new Error("broken");
    }, (error) => errors.push(error));
    good.watch(() => reached.resolve());
    bad.raise();
    good.raise();
    await reached.promise;
    await later(5);
    deepEqual(errors.map(String), ["Error: broken"]);
    bad.close();
    good.close();
  });
});

Deno.test("Loop goes on with the work of others after one throws", async () => {
  const reported = reportedErrors();
  try {
    await withLoop(async (loop) => {
      const { promise, resolve } = Promise.withResolvers<void>();
      loop.later(() => {
        throw new Error("work");
      });
      loop.later(resolve);
      await promise;
    });
  } finally {
    reported.stop();
  }
  deepEqual(reported.messages.length, 1);
});

Deno.test("Loop watches descriptors with large numbers", async () => {
  await withLoop(async (loop) => {
    const many = Array.from({ length: 1500 }, () => eventsOf(loop));
    let count = 0;
    const all = Promise.withResolvers<void>();
    for (const each of many) {
      each.watch(() => {
        if (++count === many.length) all.resolve();
      });
    }
    for (const each of many) each.raise();
    await all.promise;
    for (const each of many) each.close();
  });
});

Deno.test("Loop tells that it cannot watch a descriptor", async () => {
  await withLoop((loop) => {
    const watcher = { ready: () => {}, broken: () => {} };
    equal(loop.watch(900_000, EVENT.readable, watcher), false);
    ok(loop.errno() > 0);
    return Promise.resolve();
  });
});

Deno.test("Loop.acquire() returns one loop, which ends after its last user, in whatever order they end", async () => {
  const first = await Loop.acquire();
  const [second, third] = await Promise.all([Loop.acquire(), Loop.acquire()]);
  ok(first === second && second === third);
  await first.release();
  const late = await alarmAfter(third, 2);
  ok(late >= 0);
  const fourth = await Loop.acquire();
  ok(fourth === first);
  await Promise.all([third.release(), second.release(), fourth.release()]);
  const next = await Loop.acquire();
  ok(next !== first);
  await next.release();
});

Deno.test("Loop.acquire() starts a loop while the one before ends", async () => {
  for (let round = 0; round < 20; round++) {
    const loop = await Loop.acquire();
    const ending = loop.release();
    const next = await Loop.acquire();
    ok(next !== loop);
    ok(await alarmAfter(next, 0.2) >= 0);
    await Promise.all([ending, next.release()]);
  }
});

Deno.test("Loop.release() ends a loop that is busy", async () => {
  const loop = await Loop.acquire();
  const busy = eventsOf(loop);
  busy.watch(() => busy.raise());
  busy.raise();
  await later(5);
  busy.close();
  await loop.release();
});

Deno.test("LoopWaker rings once at the earliest time it was set to, and not after it rests", async () => {
  const loop = await Loop.acquire();
  let rung = 0;
  const waker = new LoopWaker(loop, () => rung++);
  equal(waker.armedAt, Infinity);
  const now = performance.now();
  waker.arm(now + 5);
  waker.arm(now + 500);
  equal(waker.armedAt, now + 5);
  waker.hold();
  await until(() => rung > 0);
  equal(waker.armedAt, Infinity);
  waker.arm(performance.now() + 300);
  waker.rest();
  await later(15);
  equal(rung, 1);
  await Promise.all([
    waker[Symbol.asyncDispose](),
    waker[Symbol.asyncDispose](),
  ]);
});

Deno.test("Loop runs in a worker beside that of the main thread", async () => {
  await withLoop(async (loop) => {
    const script = `
      import { Loop } from ${
      JSON.stringify(import.meta.resolve("../../../core/net/loop.ts"))
    };
      const loop = await Loop.acquire();
      const alarm = { at: Infinity, async ring() {
        alarm.at = Infinity;
        loop.removeAlarm(alarm);
        await loop.release();
        postMessage("rung");
      } };
      loop.addAlarm(alarm);
      loop.expect(alarm, performance.now() + 5);
    `;
    const worker = new Worker(
      `data:application/typescript,${encodeURIComponent(script)}`,
      { type: "module" },
    );
    const rung = new Promise((resolve) =>
      worker.onmessage = ({ data }) => resolve(data)
    );
    ok(await alarmAfter(loop, 10) >= 0);
    equal(await rung, "rung");
    worker.terminate();
  });
});

Deno.test({
  name: "Loop goes on where it may not look for Deno's descriptor",
  permissions: { ffi: true, net: true, read: false },
  fn: () =>
    withLoop(async (loop) => {
      const busy = eventsOf(loop);
      busy.watch(() => busy.raise());
      busy.raise();
      await later(5);
      ok(await alarmAfter(loop, 3) >= 0);
      busy.close();
      await later(20);
      ok(await alarmAfter(loop, 3) >= 0);
    }),
});

Deno.test({
  name: "Loop.acquire() names the permission that is missing",
  permissions: { ffi: true, net: ["127.0.0.1:8080"], read: true },
  fn: () => rejects(Loop.acquire(), /--allow-net for 127\.0\.0\.1/),
});

Deno.test("Loop goes on after a watcher fails to end and an alarm throws", async () => {
  const reported = reportedErrors();
  try {
    await withLoop(async (loop) => {
      const bad = eventsOf(loop);
      const fail = (message: string) => () => {
        throw new Error(message);
      };
      bad.watch(fail("ready"), fail("watcher"));
      const alarm = { at: performance.now(), ring: fail("alarm") };
      loop.addAlarm(alarm);
      bad.raise();
      await until(() => reported.messages.length >= 2);
      ok(alarm.at > performance.now(), "it rings again at once");
      loop.removeAlarm(alarm);
      bad.close();
      ok(await alarmAfter(loop, 2) >= 0);
    });
  } finally {
    reported.stop();
  }
  deepEqual(
    reported.messages.map((message) => /watcher|alarm/.exec(message)?.[0])
      .toSorted(),
    ["alarm", "watcher"],
  );
});

/** Takes the errors that are reported, until it stops. */
function reportedErrors(): { readonly messages: string[]; stop(): void } {
  const messages: string[] = [];
  const onError = (event: ErrorEvent) => {
    event.preventDefault();
    messages.push(event.message);
  };
  addEventListener("error", onError);
  return { messages, stop: () => removeEventListener("error", onError) };
}
