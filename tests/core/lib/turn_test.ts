import { deepEqual } from "node:assert/strict";
import { nextTurn } from "../../../core/lib/turn.ts";

Deno.test("nextTurn() lets due timers and microtasks run first", async () => {
  const order: string[] = [];
  const timer = Promise.withResolvers<void>();
  setTimeout(() => {
    order.push("timer");
    timer.resolve();
  }, 0);
  queueMicrotask(() => order.push("microtask"));
  while (!order.includes("timer")) await nextTurn();
  await timer.promise;
  deepEqual(order, ["microtask", "timer"]);
});
