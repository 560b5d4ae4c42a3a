import { deepEqual, equal } from "node:assert/strict";
import type { LiveExchange } from "../../../core/pipeline/exchange.ts";
import { Flow } from "../../../core/pipeline/exchange.ts";
import { exchange, testPlan } from "../../support/plan.ts";

function exchanges(count: number): LiveExchange[] {
  const plan = testPlan();
  return Array.from({ length: count }, () => exchange(plan));
}

Deno.test("Flow tracks exchanges in whatever order they end", () => {
  const flow = new Flow(() => {}, () => {});
  const [a, b, c, d] = exchanges(4);
  for (const x of [a, b, c, d]) flow.enter(x);
  equal(flow.size, 4);
  flow.leave(b);
  deepEqual([a.slot, b.slot, c.slot, d.slot], [0, -1, 2, 1]);
  flow.leave(d);
  flow.leave(c);
  flow.leave(a);
  equal(flow.size, 0);
});

Deno.test("Flow.emptied() resolves when the last active exchange ends, or at once if there is none", async () => {
  const flow = new Flow(() => {}, () => {});
  await flow.emptied();
  const [a, b] = exchanges(2);
  flow.enter(a);
  flow.enter(b);
  let empty = false;
  const both = Promise.all([flow.emptied(), flow.emptied()])
    .then(() => empty = true);
  flow.leave(a);
  await Promise.resolve();
  equal(empty, false);
  flow.leave(b);
  await both;
});

Deno.test("Flow.resume() continues exchanges that are settled meanwhile after the current one, without recursion", () => {
  const order: string[] = [];
  const [a, b, c] = exchanges(3);
  const names = new Map([[a, "a"], [b, "b"], [c, "c"]]);
  const flow = new Flow((x) => {
    order.push(`begin ${names.get(x)}`);
    if (x === a) {
      flow.resume(b);
      flow.resume(c);
    }
    order.push(`end ${names.get(x)}`);
  }, () => {});
  flow.resume(a);
  deepEqual(order, [
    "begin a",
    "end a",
    "begin b",
    "end b",
    "begin c",
    "end c",
  ]);
});

Deno.test("Flow.endAll() ends each exchange once, even if one exchange's end ends others", () => {
  const flow = new Flow(() => {}, () => {});
  const xs = exchanges(5);
  for (const x of xs) flow.enter(x);
  const ended: number[] = [];
  flow.endAll((x) => {
    ended.push(xs.indexOf(x));
    flow.leave(x);
    if (x === xs[4]) {
      for (const other of [xs[0], xs[3]]) {
        ended.push(xs.indexOf(other));
        flow.leave(other);
      }
    }
  });
  deepEqual(ended.toSorted(), [0, 1, 2, 3, 4]);
  equal(flow.size, 0);
});
