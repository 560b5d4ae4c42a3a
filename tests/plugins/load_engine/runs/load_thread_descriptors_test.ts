// Runs alone, without the profiler: counts descriptors.
import { equal } from "node:assert/strict";
import { nextTurn } from "../../../../core/lib/turn.ts";
import { until } from "../../../support/wait.ts";
import { serve } from "../http/_orders.ts";
import { order, session, USERS } from "./_sessions.ts";

Deno.test("ThreadSession that is closed while it prepares leaves no descriptor", async () => {
  await using server = serve(() => new Response("ok"));
  const script = { name: "demo", scenarios: { users: USERS } };
  const descriptors = () => [...Deno.readDirSync("/proc/self/fd")].length;
  const before = descriptors();
  for (let turns = 0; turns < 12; turns++) {
    const { session: made, kinds } = session();
    const preparing = made.receive({
      kind: "prepare",
      order: order(server.port, script),
    });
    for (let turn = 0; turn < turns; turn++) await nextTurn();
    await made.receive({ kind: "close" });
    await preparing;
    equal(kinds().includes("closed"), true);
    equal(kinds().includes("failed"), false);
  }
  // The server's ends of connections close a little later.
  await until(() => descriptors() === before);
});
