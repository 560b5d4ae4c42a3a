import { deepEqual, equal, match, ok, rejects } from "node:assert/strict";
import { PreciseClock, VirtualClock } from "../../../core/lib/time/mod.ts";
import type { SequenceCounter } from "../../../core/pipeline/exchange.ts";
import { RedisStore } from "../../../core/shared/redis.ts";
import type { SharedScript } from "../../../core/shared/redis.ts";
import { SequenceBlocks } from "../../../core/shared/sequence_blocks.ts";
import { program, TestRedis } from "../../support/redis.ts";

const ECHO: SharedScript = {
  name: "echo",
  source: "redis.call('SET', KEYS[1], ARGV[1]); return {ARGV[1], 5}",
};

/** Connects to a Redis, and notes what is logged and told. */
async function connect(url: string, leaseTime = 2000) {
  const clock = new PreciseClock();
  const log: string[] = [];
  const told: boolean[] = [];
  let wake = () => {};
  const store = await RedisStore.connect({
    settings: { redis: url, prefix: "test", onLost: "divide", leaseTime },
    clock,
    log: (level, message) => log.push(`${level}: ${message}`),
  }).catch(async (error) => {
    await clock[Symbol.asyncDispose]();
    throw error;
  });
  store.onStatus((connected) => {
    told.push(connected);
    wake();
  });
  return {
    store,
    log,
    told,
    /** Waits until the connection was lost or found for the n-th time. */
    async changes(n: number) {
      while (told.length < n) {
        await new Promise<void>((resolve) => wake = resolve);
      }
    },
    async [Symbol.asyncDispose]() {
      await store[Symbol.asyncDispose]();
      await clock[Symbol.asyncDispose]();
    },
  };
}

Deno.test("a store that cannot connect says why, without the password", async () => {
  await rejects(connect("redis://:secret@127.0.0.1:1/2"), {
    name: "PerfmockError",
    code: "SHARED_STATE_LOST",
    message:
      "Cannot share state through Redis at redis://127.0.0.1:1/2: the connection was refused",
  });
});

/** A server that answers INFO with a text, and all else with OK or another answer. */
function answering(
  info: string,
  other = "+OK",
): { url: string } & AsyncDisposable {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const encoder = new TextEncoder();
  const decoder = new TextDecoder();
  const serving: Promise<void>[] = [];
  const serve = async (connection: Deno.Conn) => {
    const bytes = new Uint8Array(1 << 16);
    for (;;) {
      const count = await connection.read(bytes).catch(() => null);
      if (count === null) break;
      // Each command begins with the number of its words.
      const commands = decoder.decode(bytes.subarray(0, count))
        .split(/^\*\d+\r\n/m).slice(1);
      for (const command of commands) {
        const answer = /^\$4\r\ninfo/i.test(command)
          ? `$${info.length}\r\n${info}\r\n`
          : `${other}\r\n`;
        await connection.write(encoder.encode(answer));
      }
    }
    connection.close();
  };
  const accepting = (async () => {
    for await (const connection of listener) serving.push(serve(connection));
  })();
  return {
    url: `redis://127.0.0.1:${listener.addr.port}`,
    async [Symbol.asyncDispose]() {
      listener.close();
      await accepting;
      await Promise.all(serving);
    },
  };
}

/** A server that takes connections and says nothing. */
function answeringNothing(): { url: string } & AsyncDisposable {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const connections: Deno.Conn[] = [];
  const taking = (async () => {
    for await (const connection of listener) connections.push(connection);
  })();
  return {
    url: `redis://127.0.0.1:${listener.addr.port}`,
    async [Symbol.asyncDispose]() {
      listener.close();
      await taking;
      for (const connection of connections) connection.close();
    },
  };
}

Deno.test("a Redis that is too old, loads its data or is no master is refused, with the reason", async () => {
  for (
    const [info, reason] of [
      [
        "redis_version:4.0.9\r\n",
        /it is Redis 4\.0\.9, and at least 5\.0\.0 is needed, since/,
      ],
      ["redis_version:7.0.0\r\nloading:1\r\n", /still loading its data/],
      ["redis_version:7.2.4\r\nrole:slave\r\n", /it is a replica/],
      ["valkey_version:9.0.0\r\nloading:1\r\n", /still loading its data/],
      ["", /it is Redis of an unknown version/],
    ] as const
  ) {
    await using server = answering(info);
    await rejects(connect(server.url), {
      code: "SHARED_STATE_REFUSED",
      message: reason,
    });
  }
});

if (program !== undefined) {
  Deno.test("a store runs scripts in order, also after Redis has forgotten them", async () => {
    await using redis = await TestRedis.start();
    await using connected = await connect(redis.url);
    const { store } = connected;
    const key = store.key("a", "b");
    equal(key, "{test}:a:b");
    deepEqual(await store.run(ECHO, [key], ["x"]), ["x", 5]);
    await redis.command("SCRIPT", "FLUSH");
    deepEqual(
      await Promise.all([1, 2, 3].map((n) => store.run(ECHO, [key], [n]))),
      [["1", 5], ["2", 5], ["3", 5]],
    );
    match(await redis.command("GET", key), /3/);
    ok(store.status.latency > 0);
    ok(Math.abs(store.status.offset - performance.timeOrigin) < 1000);
    deepEqual(store.reasons, []);
  });

  Deno.test("messages reach the subscribers of their channel, after a new connection too", async () => {
    await using redis = await TestRedis.start();
    await using connected = await connect(redis.url);
    const { store, changes } = connected;
    const taken: string[] = [];
    let wake = () => {};
    const until = async (count: number) => {
      while (taken.length < count) {
        const { promise, resolve } = Promise.withResolvers<void>();
        wake = resolve;
        // A message may be sent before the subscription holds.
        const timer = setTimeout(resolve, 20);
        await store.publish("c", "again");
        await promise;
        clearTimeout(timer);
      }
    };
    const subscription = store.subscribe("c", (message) => {
      taken.push(message);
      wake();
    });
    await until(1);
    await redis.command("CLIENT", "KILL", "TYPE", "pubsub");
    await changes(2);
    const before = taken.length;
    await until(before + 1);
    subscription[Symbol.dispose]();
    equal(new Set(taken).size, 1);
  });

  Deno.test("a Redis that is killed is lost, and found again when it is back", async () => {
    await using redis = await TestRedis.start();
    await using connected = await connect(redis.url);
    const { store, log, told, changes } = connected;
    await redis.kill();
    await changes(1);
    equal(store.status.connected, false);
    await rejects(store.run(ECHO, ["a"], [1]), { code: "SHARED_STATE_LOST" });
    await rejects(store.publish("c", ""), { code: "SHARED_STATE_LOST" });
    ok(store.health.error !== undefined);
    using _subscription = store.subscribe("c", () => {});
    match(store.reasons[0], /cannot be used since .*its own share/);
    await redis.restart();
    await changes(2);
    deepEqual(told, [false, true]);
    deepEqual([store.health.connected, store.health.error], [true, undefined]);
    deepEqual(await store.run(ECHO, ["a"], [1]), ["1", 5]);
    match(store.reasons[0], /could not be used for .* ago/);
    equal(log.filter((line) => line.startsWith("info")).length, 1);
  });

  Deno.test("no script waits for ever for a Redis that stands still", async () => {
    await using redis = await TestRedis.start();
    await using connected = await connect(redis.url, 500);
    const { store, changes } = connected;
    redis.pause();
    await rejects(store.run(ECHO, ["a"], [1]), {
      code: "SHARED_STATE_LOST",
      message: /did not answer in time/,
    });
    redis.resume();
    await changes(2);
    equal(store.status.connected, true);
  });

  Deno.test("a Redis that answers and cannot be used is refused, with the reason", async () => {
    await using redis = await TestRedis.start(["--requirepass", "secret"]);
    await rejects(connect(redis.url), {
      code: "SHARED_STATE_REFUSED",
      message: /asks for a password/,
    });
    await rejects(connect(`redis://:wrong@127.0.0.1:${redis.port}`), {
      code: "SHARED_STATE_REFUSED",
      message: /refuses the user or the password/,
    });
    await using connected = await connect(
      `redis://:secret@127.0.0.1:${redis.port}`,
    );
    equal(connected.store.status.connected, true);
    await using replica = await TestRedis.start([
      ...["--replicaof", "127.0.0.1", "1"],
    ]);
    await rejects(connect(replica.url), {
      code: "SHARED_STATE_REFUSED",
      message: /replica/,
    });
  });

  Deno.test("a user that lacks rights is refused at the start, with all that is missing; the rights of the documentation suffice", async () => {
    await using redis = await TestRedis.start();
    const url = `redis://u:p@127.0.0.1:${redis.port}`;
    const rights = async (...words: readonly string[]) => {
      await redis.command(
        ...["ACL", "SETUSER", "u", "reset", "on", ">p", ...words],
      );
    };
    const text = await Deno.readTextFile(
      new URL("../../../docs/shared.md", import.meta.url),
    );
    const documented = /ACL SETUSER perfmock on >secret ([^`]+)/.exec(text)?.[1]
      .replaceAll("{perfmock}", "{test}").split(/\s+/) ?? [];
    ok(documented.length > 5);
    await rights(...documented);
    await using connected = await connect(url);
    const { store } = connected;
    deepEqual(await store.run(ECHO, [store.key("a")], ["x"]), ["x", 5]);
    using _ = store.subscribe(store.channel("c"), () => {});
    await store.publish(store.channel("c"), "text");
    equal(store.status.connected, true);
    const all = ["+@all", "~*", "&*"];
    for (
      const [words, expected] of [
        [[...all, "-zadd", "-hget"], /run in scripts: HGET, ZADD$/],
        [[...all, "-time"], /run in scripts: TIME$/],
        [[...all, "-info"], /: run INFO$/],
        [[...all, "-eval", "-subscribe"], /run EVAL, .*; SUBSCRIBE and/],
        [[...all, "-evalsha"], /its user may not do what is needed/],
        [["+@all", "&*", "~other:*"], /use all keys that begin with \{test\}:/],
        [
          ["+@all", "~*", "resetchannels", "&other:*"],
          /publish to channels that begin with \{test\}:; SUBSCRIBE/,
        ],
      ] as const
    ) {
      await rights(...words);
      await rejects(connect(url), (error) => {
        match(`${error}`, expected);
        equal((error as { code?: string }).code, "SHARED_STATE_REFUSED");
        return true;
      });
    }
  });

  Deno.test("a database that Redis does not have, and a Redis without TLS at rediss://, are refused with the reason", async () => {
    await using redis = await TestRedis.start();
    await rejects(connect(`${redis.url}/99`), {
      code: "SHARED_STATE_REFUSED",
      message: /\/99: it has no database of the number in the URL/,
    });
    await rejects(connect(redis.url.replace("redis:", "rediss:"), 500), {
      code: "SHARED_STATE_REFUSED",
      message: /it speaks without TLS: the URL must begin with redis:\/\//,
    });
    await using silent = answeringNothing();
    await rejects(connect(silent.url.replace("redis:", "rediss:"), 500), {
      code: "SHARED_STATE_LOST",
      message: /did not answer in time/,
    });
  });

  Deno.test("messages stay in their database, as keys do", async () => {
    await using redis = await TestRedis.start();
    await using one = await connect(`${redis.url}/1`);
    await using two = await connect(`${redis.url}/2`);
    const taken: string[] = [];
    const { promise, resolve } = Promise.withResolvers<void>();
    const [a, b] = [one, two].map(({ store }) => store);
    using _one = a.subscribe(a.channel("c"), (text) => void taken.push(text));
    using _two = b.subscribe(b.channel("c"), (text) => {
      taken.push(text);
      if (text === "last") resolve();
    });
    // The subscriptions were sent, on connections whose order the answers to scripts do not tell.
    while (
      !(await redis.command("PUBSUB", "NUMSUB", a.channel("c"), b.channel("c")))
        .match(/:1\r\n.*:1\r\n/s)
    ) {
      await new Promise((next) => setTimeout(next, 5));
    }
    await a.publish(a.channel("c"), "of one");
    await b.publish(b.channel("c"), "of two");
    await b.publish(b.channel("c"), "last");
    await promise;
    deepEqual(taken.toSorted(), ["last", "of one", "of two"]);
  });

  Deno.test("sequence numbers that nobody uses are forgotten after a day, and those in use are kept", async () => {
    await using redis = await TestRedis.start();
    await using connected = await connect(redis.url);
    const { store } = connected;
    const clock = new VirtualClock();
    const counters: SequenceCounter[] = [];
    using blocks = new SequenceBlocks({
      store,
      clock,
      session: undefined,
      counters: () => counters,
      log: () => {},
    });
    counters.push(blocks.counter("orders"));
    await blocks.ready();
    const keys = [
      store.key("sequences"),
      store.key("sequences", "server", "orders"),
    ];
    const left = async () =>
      await Promise.all(
        keys.map(async (key) =>
          Number((await redis.command("TTL", key)).slice(1))
        ),
      );
    for (const seconds of await left()) ok(seconds > 86_000, `${seconds}`);
    for (const key of keys) await redis.command("EXPIRE", key, "1000");
    clock.advance(6 * 3_600_000);
    // Scripts run in order: the answer to this one follows theirs.
    await store.run(ECHO, [store.key("x")], [1]);
    for (const seconds of await left()) ok(seconds > 86_000, `${seconds}`);
    // An emptied Redis gives no later server the range of this one.
    await redis.command("FLUSHALL");
    clock.advance(6 * 3_600_000);
    await store.run(ECHO, [store.key("x")], [1]);
    match(await redis.command("GET", keys[0]), /\r\n1\r\n/);
  });

  Deno.test("a Redis that takes no writes any more is lost until it does", async () => {
    await using redis = await TestRedis.start();
    await using connected = await connect(redis.url);
    const { store, changes } = connected;
    await redis.command("CONFIG", "SET", "maxmemory", "1");
    await rejects(store.run(ECHO, ["a"], [1]), { message: /maxmemory/ });
    await redis.command("CONFIG", "SET", "maxmemory", "0");
    await changes(2);
    deepEqual(await store.run(ECHO, ["a"], [1]), ["1", 5]);
  });

  Deno.test("a node of a cluster that does not hold the keys leads to the one that does", async () => {
    await using redis = await TestRedis.start();
    const { port } = redis;
    await using node = answering(
      "redis_version:7.0.0\r\n",
      `-MOVED 5 127.0.0.1:${port}`,
    );
    await using connected = await connect(node.url);
    deepEqual(await connected.store.run(ECHO, ["a"], [1]), ["1", 5]);
  });

  Deno.test("a node of a cluster is used if it holds the keys", async () => {
    await using redis = await TestRedis.start([
      ...["--cluster-enabled", "yes"],
      ...["--cluster-config-file", `perfmock-nodes-${crypto.randomUUID()}`],
    ]);
    await rejects(connect(redis.url), {
      code: "SHARED_STATE_REFUSED",
      message: /cluster/,
    });
    await redis.command("CLUSTER", "ADDSLOTSRANGE", "0", "16383");
    for (;;) {
      const info = await redis.command("CLUSTER", "INFO");
      if (info.includes("cluster_state:ok")) break;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    await using connected = await connect(redis.url);
    deepEqual(
      await connected.store.run(ECHO, [connected.store.key("a")], [1]),
      ["1", 5],
    );
  });

  Deno.test("settings that may drop what is shared are warned of", async () => {
    await using redis = await TestRedis.start([
      ...["--maxmemory", "100mb", "--maxmemory-policy", "allkeys-lru"],
    ]);
    await using connected = await connect(redis.url);
    match(connected.store.reasons[0], /allkeys-lru.*noeviction/);
  });
}
