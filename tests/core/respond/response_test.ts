import { deepEqual, equal } from "node:assert/strict";
import { createServer } from "../../../core/app.ts";
import { LiveExchange } from "../../../core/pipeline/exchange.ts";
import { abandon, begin } from "../../../core/pipeline/pipeline.ts";
import { VirtualClock } from "../../../core/lib/time/mod.ts";

const ROUTES = [
  {
    path: "/text",
    serviceTime: "5ms",
    response: { text: "abcde" },
    wire: { gap: "10ms", chunk: 2 },
  },
  {
    path: "/events",
    response: { events: { count: 3, data: "x", last: "y" } },
    wire: { gap: "10ms" },
  },
  { path: "/plain", response: { text: "{{sequence}}" } },
];

for (
  const [index, what, ms] of [
    [0, "a text's pieces", 25],
    [1, "events", 30],
    [2, "a body without a wire", 0],
  ] as const
) {
  Deno.test(`a simulated exchange lasts as long as ${what} would flow`, async () => {
    const clock = new VirtualClock();
    await using server = await createServer({ routes: ROUTES }, {
      clock,
      listen: false,
    });
    const plan = server.world.revision.routes[index].plan("GET");
    const x = new LiveExchange(
      { ...plan, prepare: undefined, answer: plan.simulate },
      "GET",
      undefined,
    );
    begin(x);
    while (server.inFlight > 0 && clock.runNext());
    deepEqual([clock.now(), x.outcome, x.flowing], [ms, "answered", false]);
  });
}

Deno.test("a simulated body that is abandoned leaves no timer", async () => {
  const clock = new VirtualClock();
  await using server = await createServer({ routes: ROUTES }, {
    clock,
    listen: false,
  });
  const plan = server.world.revision.routes[1].plan("GET");
  const x = new LiveExchange(
    { ...plan, answer: plan.simulate },
    "GET",
    undefined,
  );
  begin(x);
  equal(clock.pending, 1);
  abandon(x, "gone");
  deepEqual([clock.pending, server.inFlight, x.outcome], [0, 0, "gone"]);
});
