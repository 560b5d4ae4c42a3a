import { equal } from "node:assert/strict";
import { PreciseClock } from "../../../core/lib/time/mod.ts";
import { Loop } from "../../../core/net/loop.ts";
import { LoopWaker } from "../../../core/net/loop_waker.ts";
import { eventsOf, withLoop } from "./_loop.ts";

Deno.test("PreciseClock.yield() on a loop lets each event of a descriptor come first", async () => {
  await withLoop(async (loop) => {
    const own = await Loop.acquire();
    await using clock = new PreciseClock();
    clock.wakeBy((ring) => new LoopWaker(own, ring));
    const events = eventsOf(loop);
    let taken = 0;
    events.watch(() => taken++);
    for (let raised = 1; raised <= 50; raised++) {
      events.raise();
      await clock.yield();
      equal(taken, raised);
    }
    events.close();
  });
});
