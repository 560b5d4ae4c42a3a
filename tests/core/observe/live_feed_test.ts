import { deepEqual, equal, ok, rejects } from "node:assert/strict";
import fc from "fast-check";
import { nextLook } from "../../../core/lib/time/mod.ts";
import { Events, feed, follow, pass, settled } from "./_live_feed.ts";

Deno.test("LiveFeed sends a snapshot at once and then one per second, with ascending ids", async () => {
  const { clock, live } = feed();
  const response = await follow(live);
  equal(response.headers.get("content-type"), "text/event-stream");
  const events = new Events(response);
  deepEqual(await events.next(), {
    id: "run-1000-0",
    data: { dropped: 0, n: 1 },
  });
  for (const tick of [1, 2, 3]) {
    const next = events.next();
    await pass(clock, 1000);
    deepEqual(await next, {
      id: `run-1000-${tick}`,
      data: { dropped: 0, n: tick + 1 },
    });
  }
  await events.leave();
});

Deno.test("LiveFeed has a timer only while there are readers", async () => {
  const { clock, live, snapshots } = feed();
  equal(clock.pending, 0);
  const [one, two] = [
    new Events(await follow(live)),
    new Events(await follow(live)),
  ];
  const other = new Events(await follow(live, 250));
  deepEqual([clock.pending, live.readers], [2, 3]);
  await one.leave();
  await other.leave();
  deepEqual([clock.pending, live.readers], [1, 1]);
  await two.leave();
  deepEqual([clock.pending, live.readers], [0, 0]);
  const before = snapshots();
  await pass(clock, 10_000);
  equal(snapshots(), before);
});

Deno.test("LiveFeed makes one snapshot per tick for all readers of an interval", async () => {
  const { clock, live, snapshots } = feed();
  const readers = [];
  for (let i = 0; i < 20; i++) readers.push(new Events(await follow(live)));
  const first = await Promise.all(readers.map((events) => events.next()));
  equal(snapshots(), 1);
  const next = readers.map((events) => events.next());
  await pass(clock, 1000);
  const second = await Promise.all(next);
  equal(snapshots(), 2);
  for (const events of [first, second]) {
    equal(new Set(events.map((event) => JSON.stringify(event))).size, 1);
  }
  for (const events of readers) await events.leave();
});

Deno.test("LiveFeed buffers one event for a slow reader, drops the others, and reports their number", async () => {
  const { clock, live, snapshots } = feed();
  const events = new Events(await follow(live));
  await pass(clock, 60_000);
  equal(snapshots(), 1, "no snapshot is made without a reader that has room");
  equal((await events.next())?.data.dropped, 0);
  const next = events.next();
  await pass(clock, 1000);
  deepEqual(await next, { id: "run-1000-61", data: { dropped: 60, n: 2 } });
  await events.leave();
});

Deno.test("LiveFeed does not let a slow reader delay the others", async () => {
  const { clock, live } = feed();
  const [slow, quick] = [
    new Events(await follow(live)),
    new Events(await follow(live)),
  ];
  await quick.next();
  for (let tick = 1; tick <= 5; tick++) {
    const next = quick.next();
    await pass(clock, 1000);
    deepEqual((await next)?.data, { dropped: 0, n: tick + 1 });
  }
  equal((await slow.next())?.data.n, 1);
  await slow.leave();
  await quick.leave();
});

Deno.test("LiveFeed tells a returning reader how many snapshots it missed, with or without other readers meanwhile", async () => {
  for (const meanwhile of [true, false]) {
    const { clock, live } = feed();
    const other = meanwhile ? new Events(await follow(live)) : undefined;
    const events = new Events(await follow(live));
    const id = (await events.next())?.id;
    equal(id, "run-1000-0");
    await events.leave();
    await pass(clock, 7_300);
    const again = new Events(await follow(live, undefined, id));
    const { id: next, data } = await again.next() ?? { id: "", data: {} };
    deepEqual([next, data.dropped], ["run-1000-7", 6]);
    await again.leave();
    await other?.leave();
  }
});

Deno.test("LiveFeed never sends a reader the same id twice", async () => {
  const { clock, live } = feed();
  await pass(clock, 400);
  const events = new Events(await follow(live));
  const id = (await events.next())?.id;
  await events.leave();
  const again = new Events(await follow(live, undefined, id));
  const next = again.next();
  await pass(clock, 1000);
  deepEqual(await next, { id: "run-1000-1", data: { dropped: 0, n: 2 } });
  await again.leave();
});

Deno.test("LiveFeed ignores a Last-Event-ID of another run or interval, of the future, or in another format", async () => {
  for (
    const id of [
      "other-1000-3",
      "run-500-3",
      "run-1000-9",
      "run-1000-",
      "run-1000--1",
      "run-1000-1e1",
      "x",
      "",
    ]
  ) {
    const { clock, live } = feed();
    await pass(clock, 5_000);
    const events = new Events(await follow(live, undefined, id));
    deepEqual(
      await events.next(),
      { id: "run-1000-5", data: { dropped: 0, n: 1 } },
      id,
    );
    await events.leave();
  }
});

Deno.test("LiveFeed's events and drops add up to all ticks, however a reader reads", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(100, 333.3, 1000, 2500),
      fc.array(
        fc.tuple(fc.boolean(), fc.integer({ min: 0, max: 4_000 })),
        { minLength: 1, maxLength: 20 },
      ),
      async (interval, steps) => {
        const { clock, live } = feed();
        const events = new Events(await follow(live, interval));
        let expected = 0;
        for (const [reads, by] of steps) {
          await pass(clock, by);
          if (!reads) continue;
          const next = events.next();
          await pass(clock, interval + 50);
          const { id, data } = await next ?? { id: "", data: {} };
          const tick = Number(id.replace(`run-${interval}-`, ""));
          equal(tick, expected + data.dropped);
          expected = tick + 1;
        }
        await events.leave();
        equal(clock.pending, 0);
      },
    ),
    { seed: 42, numRuns: 60 },
  );
});

Deno.test("LiveFeed sends snapshots of many slices complete, and drops ticks while one is being written", async () => {
  const { clock, live } = feed((n) => ['{"n":', `${n}`, "}"]);
  const events = new Events(await follow(live));
  deepEqual((await events.next())?.data, { dropped: 0, n: 1 });
  const next = events.next();
  // Synchronously, so that no further slice can be written in between.
  clock.advance(5_000);
  const { id, data } = await next ?? { id: "", data: {} };
  equal(id, "run-1000-1");
  deepEqual(data, { dropped: 0, n: 2 });
  const later = events.next();
  await pass(clock, 1_000);
  deepEqual(await later, { id: "run-1000-6", data: { dropped: 4, n: 3 } });
  await events.leave();
});

Deno.test("LiveFeed stops writing a snapshot when all readers have left", async () => {
  let slices = 0;
  const { live } = feed(function* () {
    for (const slice of ['{"n":', "1", "}"]) {
      slices++;
      yield slice;
    }
  });
  const events = new Events(await follow(live));
  equal(slices, 2, "the first is there, the second waits for its turn");
  await events.leave();
  await nextLook();
  await settled();
  equal(slices, 2);
});

Deno.test("LiveFeed breaks off its streams if a snapshot fails, and serves later readers", async () => {
  let fails = true;
  const { clock, live } = feed((n) => {
    if (fails) throw new Error("No figures");
    return [`{"n":${n}}`];
  });
  const events = new Events(await follow(live));
  await rejects(() => events.next(), /No figures/);
  deepEqual([clock.pending, live.readers], [0, 0]);
  fails = false;
  const again = new Events(await follow(live));
  equal((await again.next())?.data.n, 2);
  await again.leave();
});

Deno.test("LiveFeed ends all streams when it is disposed, and refuses further readers", async () => {
  const { clock, live } = feed();
  const events = [
    new Events(await follow(live)),
    new Events(await follow(live, 100)),
  ];
  for (const one of events) ok(await one.next());
  const next = events.map((one) => one.next());
  live[Symbol.dispose]();
  deepEqual(await Promise.all(next), [undefined, undefined]);
  deepEqual([clock.pending, live.readers], [0, 0]);
  const late = await follow(live);
  equal(late.status, 503);
  equal((await late.json()).detail, "It is shutting down");
  equal(clock.pending, 0);
});

Deno.test("LiveFeed accepts 64 readers at a time", async () => {
  const { live } = feed();
  for (let i = 0; i < 64; i++) equal((await follow(live)).status, 200);
  const refused = await follow(live);
  equal(refused.status, 503);
  ok((await refused.json()).detail.includes("64"));
  live[Symbol.dispose]();
});
