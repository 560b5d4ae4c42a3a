import { deepEqual, equal, notEqual } from "node:assert/strict";
import { MetricRegistry } from "../../../../core/observe/metric_registry.ts";
import {
  KeptExporter,
  PushExporter,
} from "../../../../plugins/exporters/push/mod.ts";
import { Clockwork, settle } from "./_clockwork.ts";

function rig() {
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
  const kept = new KeptExporter<PushExporter>({ metrics, clock });
  return { clock, metrics, events, kept, create };
}

Deno.test("KeptExporter goes on as it is where the settings are the same", async () => {
  const { clock, events, kept, create } = rig();
  await kept.prepare();
  equal(kept.exporter, undefined);
  kept.adopt({ a: 1 }, create("one"));
  const exporter = kept.exporter;
  await clock.pass(1200, 100);
  kept.adopt({ a: 1 }, create("two"));
  equal(kept.exporter, exporter);
  await clock.pass(1000, 100);
  deepEqual(events, ["one 50", "one 1050", "one 2050"]);
  await kept[Symbol.asyncDispose]();
  equal(clock.pending, 0);
});

Deno.test("KeptExporter lets the one before deliver a last time where the settings changed", async () => {
  const { clock, events, kept, create } = rig();
  kept.adopt({ a: 1 }, create("one"));
  await clock.pass(500, 100);
  kept.adopt({ a: 2 }, create("two"));
  kept.adopt({ a: 3 }, create("three"));
  await settle();
  await clock.pass(100);
  deepEqual(events, ["one 50", "one 550", "three 550"]);
  await kept[Symbol.asyncDispose]();
  deepEqual(events.slice(3), ["three 650"]);
  equal(clock.pending, 0);
});

Deno.test("KeptExporter counts from when it was made, as one of its own", async () => {
  const { kept, metrics } = rig();
  equal(kept.start, 50);
  notEqual(kept.id, rig().kept.id);
  const series = metrics.counter({ name: "c_total", help: "T" }).series();
  series.add(5);
  const later = new KeptExporter<PushExporter>({
    metrics,
    clock: new Clockwork(),
  });
  await later.prepare();
  equal(later.ledger.change(series), undefined);
  await later[Symbol.asyncDispose]();
});

Deno.test("KeptExporter that is turned off delivers a last time, and counts from when it is turned on again", async () => {
  const { clock, metrics, events, kept, create } = rig();
  const series = metrics.counter({ name: "c_total", help: "T" }).series();
  await kept.prepare();
  kept.adopt({ a: 1 }, create("one"));
  await clock.pass(100);
  kept.end();
  equal(kept.exporter, undefined);
  await clock.pass(5000, 100);
  deepEqual(events, ["one 50", "one 150"]);
  series.add(5);
  await kept.prepare();
  equal(kept.start, 5150);
  kept.adopt({ a: 1 }, create("two"));
  series.add(2);
  deepEqual([...kept.ledger.change(series)?.growth ?? []], [2]);
  // Prepared for a revision that was refused: one that is on is left as it is.
  await kept.prepare();
  deepEqual([...kept.ledger.change(series)?.growth ?? []], [2]);
  await clock.pass(10);
  await kept[Symbol.asyncDispose]();
  deepEqual(events.slice(2), ["two 5150", "two 5160"]);
  equal(clock.pending, 0);
});
