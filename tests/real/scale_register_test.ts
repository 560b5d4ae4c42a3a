/** The register and the ballots in a real Redis: the same scenes as in memory. */
import { equal } from "node:assert/strict";
import { RedisClusterStore } from "../../core/cluster/redis_store.ts";
import { PreciseClock } from "../../core/lib/time/mod.ts";
import { RedisStore } from "../../core/shared/redis.ts";
import { QUICK } from "../core/cluster/_replicas.ts";
import { CHANGES, type Place, REGISTER } from "../core/cluster/_scenes.ts";
import { TestRedis } from "../support/redis.ts";
import { required } from "./_software.ts";

/** Opens a place in an empty Redis. */
async function placeIn(redis: TestRedis): Promise<Place> {
  equal(await redis.command("FLUSHALL"), "+OK\r\n");
  const clock = new PreciseClock();
  const shared = await RedisStore.connect({
    settings: {
      redis: redis.url,
      prefix: "test",
      onLost: "divide",
      leaseTime: 2000,
    },
    clock,
    log: () => {},
  });
  return {
    store: new RedisClusterStore(shared, QUICK),
    clear: async () => {
      equal(await redis.command("FLUSHALL"), "+OK\r\n");
    },
    lose: (lost) => {
      if (lost) redis.pause();
      else redis.resume();
      return Promise.resolve();
    },
    async [Symbol.asyncDispose]() {
      await shared[Symbol.asyncDispose]();
      await clock[Symbol.asyncDispose]();
    },
  };
}

for (const [name, play] of Object.entries({ ...CHANGES, ...REGISTER })) {
  Deno.test(`Redis: ${name}`, { ignore: !required }, async () => {
    await using redis = await TestRedis.start();
    await play(() => placeIn(redis));
  });
}
