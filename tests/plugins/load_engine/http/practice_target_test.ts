import { deepEqual, equal } from "node:assert/strict";
import { PreciseClock } from "../../../../core/load.ts";
import {
  networkFor,
  practiceTarget,
} from "../../../../plugins/load_engine/http/mod.ts";
import { at, exchange, freePort, plan, type Said } from "./_orders.ts";
import { CARRIERS } from "./_carriers.ts";

/** Exchanges of the target with requests that differ in where they end. */
const REQUESTS: readonly Said[] = [
  {},
  { method: "HEAD" },
  { keepAlive: false },
  { method: "POST" },
  { method: "POST", body: "x" },
  // More than a read takes at once.
  { method: "PUT", body: "x".repeat(300_000) },
  { path: "/next" },
];

Deno.test({
  name:
    "practiceTarget() answers each request once, whatever its method and length, and nothing reaches the target of the run",
  ignore: !CARRIERS.includes("loop"),
  fn: async () => {
    // Nothing listens there.
    const destination = at(freePort());
    await using clock = new PreciseClock();
    const network = await networkFor(destination);
    if (network === undefined) throw new Error("The loop cannot run");
    try {
      await network.wake(clock);
      const target = practiceTarget(destination, clock, {
        network,
        connections: 4,
      });
      if (target === undefined) throw new Error("There is no target");
      for (const said of REQUESTS) {
        const { error, status } = await exchange(
          target.environment,
          plan(said),
        );
        deepEqual([said.method, error, status], [said.method, "", 200]);
      }
      // Each connection has two ends in this process.
      const orders = await Promise.all(
        Array.from(
          { length: 3 },
          () => exchange(target.environment, plan()),
        ),
      );
      deepEqual(orders.map(({ error }) => error).sort(), [
        "",
        "",
        "descriptors",
      ]);
      target[Symbol.dispose]();
    } finally {
      await network.release();
    }
  },
});

Deno.test("practiceTarget() returns undefined where no descriptor is left", () => {
  const network = {
    serveLocally: () => {
      throw new Error("none left");
    },
  };
  equal(
    practiceTarget(at(1), {} as never, {
      network: network as never,
      connections: 4,
    }),
    undefined,
  );
});
