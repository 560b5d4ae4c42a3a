import { equal, match } from "node:assert/strict";
import { createPerfmock, type Perfmock } from "../../../mod.ts";
import { program, TestRedis } from "../../support/redis.ts";
import { until } from "../../support/wait.ts";

/** Sentences of a server's health about data that Redis has lost. */
async function losses({ url }: Perfmock): Promise<string[]> {
  const { reasons } = await (await fetch(new URL("_perfmock/health", url)))
    .json();
  return reasons.filter((reason: string) => reason.includes("lost its data"));
}

if (program !== undefined) {
  Deno.test("a Redis that is emptied without being away is told in the health of all replicas, and one that just started is not", async () => {
    await using redis = await TestRedis.start();
    const start = (segment: string) =>
      createPerfmock({
        shared: { redis: redis.url, leaseTime: "1s" },
        plugins: { limiter: { pools: { db: { concurrency: 4 } } } },
        routes: [{ path: "/a", limiter: "db" }],
      }, { log: () => {}, segment });
    await using first = await start("0/2");
    await using second = await start("1/2");
    for (const server of [first, second]) {
      equal((await losses(server)).length, 0);
    }
    await redis.command("FLUSHALL");
    // Each answers for both, and names the replica.
    for (const server of [first, second]) {
      await until(async () => (await losses(server)).length === 2);
      for (const reason of await losses(server)) {
        match(
          reason,
          /^Replica .*: Redis has lost its data \d+\.\d s ago: what the replicas hold was registered anew/,
        );
      }
    }
  });
}
