import { deepEqual, equal } from "node:assert/strict";
import { isLease, isRejection } from "../../../core/pipeline/exchange.ts";
import { exchange, requested, testPlan } from "../../support/plan.ts";

Deno.test("LiveExchange returns the headers of its request, and null in simulation", () => {
  const request = new Request("http://localhost/r", {
    headers: { "x-user": "anna" },
  });
  const { x } = requested(testPlan(), request);
  equal(x.header("X-User"), "anna");
  equal(x.header("x-other"), null);
  equal(exchange(testPlan()).header("x-user"), null);
});

Deno.test("LiveExchange is its own waiter, pending until it is settled", () => {
  const x = exchange(testPlan());
  equal(x.exchange, x);
  deepEqual([x.outcome, x.end, x.slot], ["pending", NaN, -1]);
});

Deno.test("isLease() and isRejection() distinguish the results of an admit hook", () => {
  const lease = { release() {} };
  const rejection = { reason: "queue_full", status: 503 };
  const ticket = { leave() {} };
  deepEqual([lease, rejection, ticket].map(isLease), [true, false, false]);
  deepEqual([lease, rejection, ticket].map(isRejection), [false, true, false]);
});
