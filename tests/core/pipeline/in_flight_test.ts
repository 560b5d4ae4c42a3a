import { deepEqual, equal } from "node:assert/strict";
import { begin } from "../../../core/pipeline/pipeline.ts";
import { inFlightOf } from "../../../core/pipeline/pipeline.ts";
import type { Ticket } from "../../../core/plugin.ts";
import { exchange, testPlan } from "../../support/plan.ts";

Deno.test("postpone() moves the target end of all exchanges in service, and counts the delay as degradation", () => {
  const plan = testPlan({ serve: () => 100 });
  const [early, late] = [exchange(plan), exchange(plan)];
  begin(early);
  plan.clock.advance(60);
  begin(late);
  const inFlight = inFlightOf(plan.flow);
  equal(inFlight.size, 2);
  inFlight.postpone(50);
  inFlight.postpone(0);
  inFlight.postpone(NaN);
  inFlight.postpone(1000, (x) => x.arrival > early.arrival);
  plan.clock.advance(89);
  equal(early.outcome, "pending");
  plan.clock.advance(1);
  deepEqual([early.outcome, early.degradation, early.end], [
    "answered",
    50,
    1150,
  ]);
  plan.clock.advance(1060);
  deepEqual([late.outcome, late.degradation], ["answered", 1050]);
});

Deno.test("postpone() does not affect queued exchanges", () => {
  let left = 0;
  const ticket: Ticket = { leave: () => left++ };
  const plan = testPlan({ admit: [() => ticket] });
  const x = exchange(plan);
  begin(x);
  inFlightOf(plan.flow).postpone(50);
  deepEqual([x.phase, x.degradation, left], ["queue", 0, 0]);
  inFlightOf({ ...plan, resets: true }.flow).reset();
  equal(left, 0, "its route does not reset");
  plan.flow.endAll((one) => plan.flow.leave(one));
});

Deno.test("reset() resets exchanges in service and in queues, on routes that allow it, and releases their leases", () => {
  const seen: string[] = [];
  const lease = { release: () => seen.push("released") };
  const ticket: Ticket = { leave: (why) => seen.push(`left: ${why}`) };
  let admitted = 0;
  const hooks = {
    admit: [() => admitted++ === 0 ? lease : ticket],
    serve: () => 100,
  };
  const plan = { ...testPlan(hooks), resets: true };
  const [held, queued] = [exchange(plan), exchange(plan)];
  begin(held);
  begin(queued);
  plan.clock.advance(10);
  const inFlight = inFlightOf(plan.flow);
  equal(inFlight.reset(() => false), 0);
  equal(inFlight.reset(), 2);
  deepEqual(
    [held, queued].map(({ outcome, status, end }) => [outcome, status, end]),
    [["reset", 0, 1010], ["reset", 0, 1010]],
  );
  deepEqual(seen.sort(), ["left: cut", "released"]);
  deepEqual([inFlight.size, plan.clock.pending], [0, 0]);
});
