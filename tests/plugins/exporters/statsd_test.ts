import { deepEqual, equal, match, ok, rejects } from "node:assert/strict";
import fc from "fast-check";
import { MetricRegistry } from "../../../core/observe/metric_registry.ts";
import { DeliveredCounts } from "../../../plugins/exporters/delivered_counts.ts";
import {
  createStatsdExporter,
  Flusher,
} from "../../../plugins/exporters/statsd.ts";
import { LineWriter } from "../../../plugins/exporters/statsd_lines.ts";
import { Clockwork, settle } from "./_clockwork.ts";
import { Loopback } from "./_daemon.ts";

function rig() {
  const clock = new Clockwork();
  const metrics = new MetricRegistry({ seriesLimit: 5000 });
  const counter = metrics.counter({
    name: "c_total",
    help: "T",
    labels: ["n"],
  });
  const counts = { datagrams: 0, dropped: 0, overflowed: 0 };
  const delivered = new DeliveredCounts();
  const flusher = new Flusher({
    host: { clock, metrics },
    delivered,
    writer: new LineWriter({
      format: "plain",
      prefix: "",
      unit: "ms",
      distributions: false,
    }),
    counts,
  });
  const loopback = new Loopback();
  const flush = async () => {
    const flushing = flusher.flush(
      loopback.channel(),
      new AbortController().signal,
    );
    let isDone = false;
    const done = () => isDone = true;
    flushing.then(done, done);
    while (!isDone) await clock.pass(5);
    return flushing;
  };
  return {
    clock,
    metrics,
    counter,
    counts,
    delivered,
    flusher,
    loopback,
    flush,
  };
}

/** Number of series that need several bursts of datagrams. */
const MANY = 3000;

Deno.test("Flusher packs datagrams of at most 1400 bytes, and pauses after 16", async () => {
  const { counter, flush, loopback, counts, clock } = rig();
  for (let n = 0; n < MANY; n++) counter.series(`${n}`).add(n);
  await flush();
  const { sizes, counters } = loopback.daemon;
  ok(Math.max(...sizes) <= 1400);
  // All except the last are full, to within a line.
  ok(Math.min(...sizes.slice(0, -1)) > 1350);
  equal(counts.datagrams, sizes.length);
  equal(clock.now(), Math.floor((sizes.length - 1) / 16) * 5);
  for (let n = 1; n < MANY; n++) equal(counters.get(`c_total.n.${n}`), n);
});

Deno.test("Flusher sends nothing while no process listens, and all counts later, once", async () => {
  const { counter, flush, loopback, counts } = rig();
  const series = counter.series("a");
  series.add(3);
  loopback.isUp = false;
  await rejects(flush, /nobody listens/);
  series.add(4);
  await rejects(flush, /nobody listens/);
  deepEqual(counts, { datagrams: 0, dropped: 0, overflowed: 0 });
  loopback.isUp = true;
  await flush();
  await flush();
  equal(loopback.daemon.counters.get("c_total.n.a"), 7);
});

Deno.test("Flusher counts datagrams that were under way when the receiver disappeared, and does not send them again", async () => {
  const { counter, flush, loopback, counts } = rig();
  for (let n = 0; n < MANY; n++) counter.series(`${n}`).add();
  loopback.diesAfter = 20;
  await rejects(flush, /nobody listens/);
  const swallowed = loopback.swallowed.counters.size;
  ok(swallowed > 0);
  // The burst that was under way: 16 datagrams, 4 of which arrived.
  equal(counts.dropped, 16);
  equal(loopback.swallowed.sizes.length, 12);
  [loopback.isUp, loopback.diesAfter] = [true, Infinity];
  await flush();
  equal(loopback.daemon.counters.size + swallowed, MANY);
  for (const sum of loopback.daemon.counters.values()) equal(sum, 1);
});

Deno.test("Flusher includes counts that the system refused in the next flush", async () => {
  const { counter, flush, loopback, counts } = rig();
  for (let n = 0; n < MANY; n++) counter.series(`${n}`).add();
  loopback.refusesAfter = 20;
  await rejects(flush, /^DeliveryError: Cannot send a datagram: Network is/);
  equal(counts.datagrams, 20);
  loopback.refusesAfter = Infinity;
  await flush();
  equal(counts.dropped, 0);
  equal(loopback.daemon.counters.size, MANY);
  for (const sum of loopback.daemon.counters.values()) equal(sum, 1);
});

Deno.test("Flusher sends all counts if the state of the receiver is unknown", async () => {
  const { counter, flush, loopback, counts } = rig();
  counter.series("a").add(5);
  loopback.isKnown = false;
  await flush();
  equal(loopback.daemon.counters.get("c_total.n.a"), 5);
  deepEqual(counts, { datagrams: 1, dropped: 0, overflowed: 0 });
});

Deno.test("Flusher waits for a receiver whose buffer is half full", async () => {
  const { counter, flusher, loopback, clock } = rig();
  for (let n = 0; n < MANY; n++) counter.series(`${n}`).add();
  loopback.waiting = 150_000;
  const flushing = flusher.flush(
    loopback.channel(),
    new AbortController().signal,
  );
  await clock.pass(1000, 5);
  equal(loopback.daemon.sizes.length, 16);
  loopback.waiting = 0;
  await clock.pass(1000, 5);
  await flushing;
  equal(loopback.daemon.counters.size, MANY);
});

Deno.test("Flusher counts datagrams dropped by a full receive buffer during a flush", async () => {
  const { counter, flusher, loopback, clock, counts } = rig();
  for (let n = 0; n < MANY; n++) counter.series(`${n}`).add();
  loopback.overflowed = 7;
  const flushing = flusher.flush(
    loopback.channel(),
    new AbortController().signal,
  );
  await settle();
  loopback.overflowed = 10;
  await clock.pass(1000, 5);
  await flushing;
  equal(counts.overflowed, 3);
});

Deno.test("Flusher drops lines too long for a datagram, and continues", async () => {
  const { counter, flush, loopback, counts, metrics } = rig();
  const labels = Array.from({ length: 150 }, (_, i) => `l${i}`);
  metrics.counter({ name: "long_total", help: "T", labels })
    .series(...labels.map((label) => label.padEnd(500, "x"))).add();
  counter.series("a").add();
  await flush();
  equal(counts.dropped, 1);
  equal(loopback.daemon.counters.get("c_total.n.a"), 1);
  await flush();
  equal(counts.dropped, 1);
});

Deno.test("Flusher stops when its signal is aborted", async () => {
  const { counter, flusher, loopback, clock } = rig();
  for (let n = 0; n < MANY; n++) counter.series(`${n}`).add();
  const controller = new AbortController();
  const flushing = flusher.flush(loopback.channel(), controller.signal);
  await settle();
  controller.abort(new Error("Too late"));
  await rejects(flushing, /Too late/);
  equal(clock.pending, 0);
});

Deno.test("Flusher: received and lost counts add up to all counts, whenever the receiver goes up and down", async () => {
  const happening = fc.record({
    adds: fc.array(
      fc.tuple(fc.nat(400), fc.integer({ min: 1, max: 1000 })),
      { maxLength: 300 },
    ),
    isUp: fc.boolean(),
    isKnown: fc.boolean(),
    diesAfter: fc.option(fc.nat(8)),
    refusesAfter: fc.option(fc.nat(8)),
  });
  await fc.assert(
    fc.asyncProperty(
      fc.array(happening, { minLength: 1, maxLength: 8 }),
      async (happenings) => {
        const { counter, metrics, flush, loopback, counts } = rig();
        const timing = metrics.timing({ name: "t", help: "T" }).series();
        const happened = new Map<string, number>();
        let known = true;
        for (const { adds, isUp, isKnown, ...ends } of happenings) {
          for (const [n, by] of adds) {
            counter.series(`${n}`).add(by);
            timing.record(by);
            happened.set(`${n}`, (happened.get(`${n}`) ?? 0) + by);
          }
          loopback.isUp = isUp;
          loopback.isKnown = isKnown;
          known &&= isKnown;
          loopback.diesAfter = ends.diesAfter ?? Infinity;
          loopback.refusesAfter = ends.refusesAfter ?? Infinity;
          await flush().catch(() => {});
        }
        loopback.isUp = loopback.isKnown = true;
        loopback.diesAfter = loopback.refusesAfter = Infinity;
        await flush();
        const { daemon, swallowed } = loopback;
        const sum = (key: string) =>
          (daemon.counters.get(key) ?? 0) + (swallowed.counters.get(key) ?? 0);
        for (const [n, value] of happened) equal(sum(`c_total.n.${n}`), value);
        equal(sum("t.count"), timing.count);
        // No loss is unreported if the state of the receiver is known.
        if (known) ok(counts.dropped >= swallowed.withCounts);
      },
    ),
    { seed: 8, numRuns: 60 },
  );
});

Deno.test("createStatsdExporter() reports a name that does not resolve, and continues", async () => {
  const { clock, metrics, counter, delivered, loopback } = rig();
  counter.series("a").add(2);
  let isThere = false;
  const exporter = createStatsdExporter(
    { clock, metrics, log: () => {} },
    {
      options: {
        address: { host: "statsd.example", port: 8125 },
        format: "plain",
        interval: 1000,
        prefix: "",
        unit: "ms",
        distributions: false,
      },
      delivered,
      open: () =>
        isThere
          ? Promise.resolve(loopback.channel())
          : Promise.reject(new Error("not known")),
    },
  );
  exporter.start();
  await clock.pass(1);
  match(exporter.state, /^failing: Cannot resolve statsd\.example: not known$/);
  isThere = true;
  await clock.pass(1100, 100);
  deepEqual(exporter.figures, {
    state: "ok",
    flushes: 2,
    failed: 1,
    datagrams: 1,
    dropped: 0,
    overflowed: 0,
  });
  await exporter[Symbol.asyncDispose]();
  equal(loopback.open, 0);
  equal(loopback.daemon.counters.get("c_total.n.a"), 2);
});
