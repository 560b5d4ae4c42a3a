import { deepEqual, equal, ok } from "node:assert/strict";
import {
  DeliveryError,
  PushExporter,
} from "../../../../plugins/exporters/push/mod.ts";
import { Clockwork, settle } from "./_clockwork.ts";

/** An exporter whose deliveries are written down, each with its time; `outcome` decides what becomes of them. */
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

/** Ends when the signal says so. */
function hang(signal: AbortSignal): Promise<void> {
  return new Promise((_, reject) =>
    signal.addEventListener("abort", () => reject(signal.reason))
  );
}

const down = () => Promise.reject(new Error("Nobody there"));

Deno.test("PushExporter delivers at once, then once an interval", async () => {
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

Deno.test("PushExporter doubles its pause with each failure, up to 30 s, and says so once", async () => {
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

Deno.test("PushExporter keeps an interval longer than 30 s as it is while failing", async () => {
  const { clock, times, exporter } = rig(down, { interval: 60_000 });
  exporter.start();
  await clock.pass(200_000, 10_000);
  deepEqual(times, [0, 60_000, 120_000, 180_000]);
  await exporter[Symbol.asyncDispose]();
});

Deno.test("PushExporter goes back to its interval with the first success, and says so", async () => {
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

Deno.test("PushExporter leaves a receiver alone for as long as it asks, 10 min at most", async () => {
  const asked = [12_345, 3_600_000];
  const { clock, times, exporter } = rig((_, count) =>
    Promise.reject(new DeliveryError("Busy", asked[count - 1] ?? 0))
  );
  exporter.start();
  await clock.pass(615_000, 1000);
  deepEqual(times.slice(0, 3), [0, 13_000, 613_000]);
  await exporter[Symbol.asyncDispose]();
});

Deno.test("PushExporter ends a delivery that takes too long", async () => {
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

Deno.test("PushExporter never has two deliveries under way, and skips those it missed", async () => {
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

Deno.test("PushExporter delivers a last time at its disposal and leaves no timer", async () => {
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

Deno.test("PushExporter waits at its disposal for the delivery under way, then delivers the rest", async () => {
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

Deno.test("PushExporter gives up its last delivery after 2 s, the one under way included", async () => {
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

Deno.test("PushExporter that never started delivers nothing at its disposal", async () => {
  const { clock, times, exporter } = rig(() => {});
  await exporter[Symbol.asyncDispose]();
  deepEqual(times, []);
  equal(clock.pending, 0);
});
