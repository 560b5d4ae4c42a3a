import { deepEqual, equal, notEqual, ok, rejects } from "node:assert/strict";
import { MetricRegistry } from "../../../core/observe/metric_registry.ts";
import {
  DeliveryError,
  messageOf,
  PersistentExporter,
  PushExporter,
  sleep,
  wallTime,
} from "../../../plugins/exporters/push.ts";
import { Clockwork, settle } from "./_clockwork.ts";

/** An exporter that records the time of each delivery; `outcome` decides if it succeeds. */
function rig(
  outcome: (signal: AbortSignal, count: number) => Promise<void> | void,
  { interval = 1000, timeout = 5000 } = {},
) {
  const clock = new Clockwork();
  const times: number[] = [];
  const lines: string[] = [];
  const exporter = new PushExporter({
    name: "test",
    interval,
    timeout,
    clock,
    log: (level, message) => lines.push(`${level}: ${message}`),
    deliver: async (signal) => {
      times.push(clock.now());
      await outcome(signal, times.length);
    },
  });
  return { clock, times, lines, exporter };
}

/** Hangs until the signal is aborted. */
function hang(signal: AbortSignal): Promise<void> {
  return new Promise((_, reject) =>
    signal.addEventListener("abort", () => reject(signal.reason))
  );
}

const down = () => Promise.reject(new Error("Nobody there"));

Deno.test("PushExporter delivers at once, then once per interval", async () => {
  const { clock, times, exporter, lines } = rig(() => {});
  equal(exporter.state, "starting");
  exporter.start();
  await clock.pass(3500, 100);
  deepEqual(times, [0, 1000, 2000, 3000]);
  equal(exporter.state, "ok");
  equal(exporter.reason, undefined);
  deepEqual([exporter.deliveries, exporter.failures], [4, 0]);
  deepEqual(lines, []);
  await exporter[Symbol.asyncDispose]();
});

Deno.test("PushExporter doubles its pause with each failure, up to 30 s, and logs only the first", async () => {
  const { clock, times, exporter, lines } = rig(down);
  exporter.start();
  await clock.pass(100_000, 1000);
  deepEqual(
    times.map((time, index) => time - (times[index - 1] ?? 0)).slice(1),
    [1000, 2000, 4000, 8000, 16_000, 30_000, 30_000],
  );
  equal(exporter.state, "failing: Nobody there");
  equal(exporter.reason, "Nobody there");
  deepEqual(lines, ["warn: Exporter test fails: Nobody there"]);
  await exporter[Symbol.asyncDispose]();
});

Deno.test("PushExporter does not change an interval longer than 30 s while deliveries fail", async () => {
  const { clock, times, exporter } = rig(down, { interval: 60_000 });
  exporter.start();
  await clock.pass(200_000, 10_000);
  deepEqual(times, [0, 60_000, 120_000, 180_000]);
  await exporter[Symbol.asyncDispose]();
});

Deno.test("PushExporter returns to its interval with the first success, and logs it", async () => {
  const { clock, times, exporter, lines } = rig((_, count) =>
    count <= 3 ? down() : undefined
  );
  exporter.start();
  await clock.pass(9500, 100);
  deepEqual(times, [0, 1000, 3000, 7000, 8000, 9000]);
  equal(exporter.state, "ok");
  deepEqual(lines.slice(1), ["info: Exporter test delivers again"]);
  equal(exporter.failures, 3);
  await exporter[Symbol.asyncDispose]();
});

Deno.test("PushExporter pauses for as long as a receiver asks, at most 10 min", async () => {
  const asked = [12_345, 3_600_000];
  const { clock, times, exporter } = rig((_, count) =>
    Promise.reject(new DeliveryError("Busy", asked[count - 1] ?? 0))
  );
  exporter.start();
  await clock.pass(615_000, 1000);
  deepEqual(times.slice(0, 3), [0, 13_000, 613_000]);
  await exporter[Symbol.asyncDispose]();
});

Deno.test("PushExporter aborts a delivery that takes too long", async () => {
  const { clock, times, exporter } = rig(hang, { timeout: 500 });
  exporter.start();
  await clock.pass(400, 100);
  equal(exporter.state, "starting");
  await clock.pass(200, 100);
  equal(
    exporter.state,
    "failing: Cannot deliver: it took longer than 0.5 s",
  );
  deepEqual(times, [0]);
  const ended = exporter[Symbol.asyncDispose]();
  await clock.pass(2000, 100);
  await ended;
  equal(clock.pending, 0);
});

Deno.test("PushExporter never has two deliveries under way, and skips deliveries that it missed", async () => {
  const gates: (() => void)[] = [];
  const { clock, times, exporter } = rig(
    () => new Promise((resolve) => gates.push(resolve)),
    { timeout: 60_000 },
  );
  exporter.start();
  await clock.pass(2500, 100);
  deepEqual(times, [0]);
  gates[0]();
  await clock.pass(1000, 100);
  deepEqual(times, [0, 3000]);
  gates[1]();
  await settle();
  const ended = exporter[Symbol.asyncDispose]();
  await settle();
  gates[2]();
  await ended;
});

Deno.test("PushExporter delivers a last time on disposal and leaves no timer", async () => {
  const { clock, times, exporter } = rig(() => {});
  exporter.start();
  await clock.pass(1500, 100);
  await exporter[Symbol.asyncDispose]();
  await exporter[Symbol.asyncDispose]();
  deepEqual(times, [0, 1000, 1500]);
  equal(clock.pending, 0);
  await clock.pass(5000, 100);
  equal(times.length, 3);
});

Deno.test("PushExporter waits on disposal for the delivery under way, then delivers the rest", async () => {
  const gates: (() => void)[] = [];
  const { clock, times, exporter } = rig(() =>
    new Promise((resolve) => gates.push(resolve))
  );
  exporter.start();
  await clock.pass(100);
  const ended = exporter[Symbol.asyncDispose]();
  await settle();
  equal(times.length, 1);
  gates[0]();
  await settle();
  equal(times.length, 2);
  gates[1]();
  await ended;
  equal(clock.pending, 0);
});

Deno.test("PushExporter aborts its last delivery after 2 s, including one that is under way", async () => {
  const { clock, exporter } = rig(hang, { timeout: 60_000 });
  exporter.start();
  await clock.pass(100);
  let isEnded = false;
  const ended = exporter[Symbol.asyncDispose]().then(() => isEnded = true);
  await clock.pass(1900, 100);
  ok(!isEnded);
  await clock.pass(200, 100);
  ok(isEnded);
  await ended;
  equal(exporter.deliveries, 1);
  equal(clock.pending, 0);
});

Deno.test("PushExporter that never started delivers nothing on disposal", async () => {
  const { clock, times, exporter } = rig(() => {});
  await exporter[Symbol.asyncDispose]();
  deepEqual(times, []);
  equal(clock.pending, 0);
});

function persistentRig() {
  const clock = new Clockwork(50);
  const metrics = new MetricRegistry();
  const events: string[] = [];
  const create = (name: string) => () =>
    new PushExporter({
      name,
      interval: 1000,
      timeout: 500,
      clock,
      log: () => {},
      deliver: () => {
        events.push(`${name} ${clock.now()}`);
        return Promise.resolve();
      },
    });
  const persistent = new PersistentExporter<PushExporter>({ metrics, clock });
  return { clock, metrics, events, persistent, create };
}

Deno.test("PersistentExporter continues unchanged if the settings are the same", async () => {
  const { clock, events, persistent, create } = persistentRig();
  await persistent.prepare();
  equal(persistent.exporter, undefined);
  persistent.adopt({ a: 1 }, create("one"));
  const exporter = persistent.exporter;
  await clock.pass(1200, 100);
  persistent.adopt({ a: 1 }, create("two"));
  equal(persistent.exporter, exporter);
  await clock.pass(1000, 100);
  deepEqual(events, ["one 50", "one 1050", "one 2050"]);
  await persistent[Symbol.asyncDispose]();
  equal(clock.pending, 0);
});

Deno.test("PersistentExporter lets the old exporter deliver a last time if the settings changed", async () => {
  const { clock, events, persistent, create } = persistentRig();
  persistent.adopt({ a: 1 }, create("one"));
  await clock.pass(500, 100);
  persistent.adopt({ a: 2 }, create("two"));
  persistent.adopt({ a: 3 }, create("three"));
  await settle();
  await clock.pass(100);
  deepEqual(events, ["one 50", "one 550", "three 550"]);
  await persistent[Symbol.asyncDispose]();
  deepEqual(events.slice(3), ["three 650"]);
  equal(clock.pending, 0);
});

Deno.test("PersistentExporter counts from its creation, with an id of its own", async () => {
  const { persistent, metrics } = persistentRig();
  equal(persistent.start, 50);
  notEqual(persistent.id, persistentRig().persistent.id);
  const series = metrics.counter({ name: "c_total", help: "T" }).series();
  series.add(5);
  const later = new PersistentExporter<PushExporter>({
    metrics,
    clock: new Clockwork(),
  });
  await later.prepare();
  equal(later.delivered.counter(series), undefined);
  await later[Symbol.asyncDispose]();
});

Deno.test("PersistentExporter delivers a last time when it is turned off, and counts from when it is turned on again", async () => {
  const { clock, metrics, events, persistent, create } = persistentRig();
  const series = metrics.counter({ name: "c_total", help: "T" }).series();
  await persistent.prepare();
  persistent.adopt({ a: 1 }, create("one"));
  await clock.pass(100);
  persistent.end();
  equal(persistent.exporter, undefined);
  await clock.pass(5000, 100);
  deepEqual(events, ["one 50", "one 150"]);
  series.add(5);
  await persistent.prepare();
  equal(persistent.start, 5150);
  persistent.adopt({ a: 1 }, create("two"));
  series.add(2);
  equal(persistent.delivered.counter(series)?.growth, 2);
  // Prepared for a revision that was refused: an exporter that is on stays unchanged.
  await persistent.prepare();
  equal(persistent.delivered.counter(series)?.growth, 2);
  await clock.pass(10);
  await persistent[Symbol.asyncDispose]();
  deepEqual(events.slice(2), ["two 5150", "two 5160"]);
  equal(clock.pending, 0);
});

Deno.test("sleep() ends at its time or when its signal is aborted, and leaves no timer", async () => {
  const clock = new Clockwork();
  const controller = new AbortController();
  const ends: string[] = [];
  sleep(clock, 10, controller.signal).then(() => ends.push("ten"));
  const long = sleep(clock, 20, controller.signal);
  await clock.pass(15);
  deepEqual(ends, ["ten"]);
  controller.abort(new Error("Over"));
  await rejects(long, /Over/);
  await rejects(sleep(clock, 5, controller.signal), /Over/);
  equal(clock.pending, 0);
});

Deno.test("sleep() that ended ignores its signal", async () => {
  const clock = new Clockwork();
  const controller = new AbortController();
  const slept = sleep(clock, 10, controller.signal);
  await clock.pass(10);
  await slept;
  controller.abort(new Error("Over"));
  await settle();
});

Deno.test("messageOf() includes causes, and removes URLs", () => {
  equal(messageOf("text"), "text");
  equal(
    messageOf(
      new TypeError("fetch failed", {
        cause: new Error("error for url (http://a/?key=secret): refused"),
      }),
    ),
    "fetch failed: error: refused",
  );
});

Deno.test("wallTime() counts from the start of the process", () => {
  equal(wallTime(1.5), performance.timeOrigin + 1.5);
});
