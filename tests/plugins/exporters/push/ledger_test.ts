import { deepEqual, equal } from "node:assert/strict";
import { MetricRegistry } from "../../../../core/observe/metric_registry.ts";
import { Ledger } from "../../../../plugins/exporters/push/mod.ts";

function metrics() {
  const registry = new MetricRegistry({ seriesLimit: 5000 });
  return {
    registry,
    counter: registry.counter({
      name: "c_total",
      help: "Test",
      labels: ["n"],
    }),
    timing: registry.timing({ name: "t_seconds", help: "Test" }, [10, 20]),
  };
}

Deno.test("Ledger.change() tells what grew since the series was settled", () => {
  const { counter, timing } = metrics();
  const ledger = new Ledger();
  const c = counter.series("1");
  equal(ledger.change(c), undefined);
  c.add(3);
  const change = ledger.change(c);
  deepEqual(change && [...change.growth], [3]);
  c.add(2);
  // Not settled: it is still to be delivered.
  deepEqual([...ledger.change(c)?.growth ?? []], [5]);
  if (change !== undefined) ledger.settle(c, change);
  deepEqual([...ledger.change(c)?.growth ?? []], [2]);

  const t = timing.series();
  for (const ms of [5, 15, 15, 50]) t.record(ms);
  const first = ledger.change(t);
  deepEqual([...first?.growth ?? []], [85, 1, 3, 4]);
  if (first !== undefined) ledger.settle(t, first);
  equal(ledger.change(t), undefined);
  deepEqual([...ledger.since(t).growth], [0, 0, 0, 0]);
  t.record(12);
  deepEqual([...ledger.change(t)?.growth ?? []], [12, 0, 1, 1]);
});

Deno.test("Ledger.begin() takes what happened as delivered, a slice at a time", () => {
  const { registry, counter, timing } = metrics();
  for (let n = 0; n < 2500; n++) counter.series(String(n)).add(n);
  timing.series().record(5);
  registry.gauge({ name: "g", help: "Test" }).series().set(1);
  const ledger = new Ledger();
  let slices = 0;
  for (const _ of ledger.begin(registry.all())) slices++;
  equal(slices >= 2, true);
  for (let n = 0; n < 2500; n++) {
    equal(ledger.change(counter.series(String(n))), undefined);
  }
  equal(ledger.change(timing.series()), undefined);
  counter.series("7").add();
  deepEqual([...ledger.change(counter.series("7"))?.growth ?? []], [1]);
  const unseen = counter.series("new");
  unseen.add(4);
  deepEqual([...ledger.change(unseen)?.growth ?? []], [4]);
});
