import { equal, ok } from "node:assert/strict";
import { TurnBudget } from "../../../../core/lib/time/mod.ts";

Deno.test("TurnBudget asks for no wait until its units are taken, and then for one that all share", async () => {
  const budget = new TurnBudget(3);
  for (let i = 0; i < 3; i++) {
    equal(budget.wait, undefined);
    budget.take(1);
  }
  const { wait } = budget;
  ok(wait !== undefined);
  equal(budget.wait, wait);
  await wait;
  equal(budget.wait, undefined);
});

Deno.test("TurnBudget is full again in the next turn, whatever was taken", async () => {
  const budget = new TurnBudget(3);
  budget.take(1000);
  await new Promise((resolve) => setImmediate(resolve));
  equal(budget.wait, undefined);
});
