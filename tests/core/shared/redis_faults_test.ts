import { deepEqual, equal, match, ok, rejects } from "node:assert/strict";
import { VirtualClock } from "../../../core/lib/time/mod.ts";
import type { OnLost } from "../../../core/plugin.ts";
import { RedisStore } from "../../../core/shared/redis.ts";
import type { SharedScript } from "../../../core/shared/redis.ts";
import { ErrorReply, FakeRedis, silent } from "./_fake_redis.ts";

const SCRIPT: SharedScript = { name: "script", source: "return {1, 2}" };

/** Connects on a virtual clock, and notes what is logged and told. */
async function connect(
  url: string,
  { clock = new VirtualClock(), onLost = "divide" }: {
    clock?: VirtualClock;
    onLost?: OnLost;
  } = {},
) {
  const log: string[] = [];
  const told: boolean[] = [];
  let wake = () => {};
  const store = await RedisStore.connect({
    settings: { redis: url, prefix: "test", onLost, leaseTime: 2000 },
    clock,
    replica: "a",
    log: (level, message) => {
      log.push(`${level}: ${message}`);
      wake();
    },
  });
  const listening = store.onStatus((connected) => {
    told.push(connected);
    wake();
  });
  return {
    store,
    clock,
    log,
    told,
    listening,
    /** Waits for a condition, which what is logged or told fulfils. */
    async until(holds: () => boolean) {
      while (!holds()) await new Promise<void>((resolve) => wake = resolve);
    },
    async [Symbol.asyncDispose]() {
      await store[Symbol.asyncDispose]();
    },
  };
}

/** Error replies as Redis sends them, and the reason in words. */
const REPLIES: readonly (readonly [string, RegExp])[] = [
  ["BUSY Redis is busy running a script.", /script of somebody else.*busy/],
  ["CLUSTERDOWN The cluster is down", /its cluster is down/],
  ["LOADING Redis is loading the dataset in memory", /still loading its data/],
  ["MASTERDOWN Link with MASTER is down", /replica that has lost its master/],
  ["MISCONF Redis is configured to save RDB snapshots", /cannot save its data/],
  ["NOAUTH Authentication required.", /asks for a password/],
  ["NOPERM this user has no permissions", /its user may not do what is needed/],
  ["NOREPLICAS Not enough good replicas to write.", /too few replicas/],
  ["NOSCRIPT No matching script.", /forgets its scripts at once/],
  ["OOM command not allowed", /maxmemory, and so takes no writes/],
  ["READONLY You can't write against a read only replica.", /must name the/],
  ["WRONGTYPE Operation against a key", /another program uses the prefix/],
  // Within a script, the reply follows words of the script's.
  ["ERR Error running script: -READONLY You can't write", /it is a replica/],
];

Deno.test("each error reply that says that Redis cannot be used refuses the first connection, with its reason", async () => {
  await using server = new FakeRedis();
  for (const [reply, reason] of REPLIES) {
    server.answer = ([name]) =>
      name === "EVAL" ? new ErrorReply(reply) : undefined;
    await rejects(connect(server.url), {
      code: "SHARED_STATE_REFUSED",
      message: reason,
    });
  }
});

Deno.test("an error reply that is not known is told as it is, on its first line", async () => {
  await using server = new FakeRedis();
  server.answer = ([name]) =>
    name === "EVAL" ? new ErrorReply("ERR something new") : undefined;
  await rejects(connect(server.url), {
    code: "SHARED_STATE_LOST",
    message:
      `Cannot share state through Redis at ${server.url}: ERR something new`,
  });
});

Deno.test("a Redis that takes the first write and not the next ones is refused too", async () => {
  await using server = new FakeRedis();
  server.answer = ([name]) =>
    name === "EVALSHA" ? new ErrorReply("READONLY no writes") : undefined;
  await rejects(connect(server.url), {
    code: "SHARED_STATE_REFUSED",
    message: /it is a replica/,
  });
});

Deno.test("versions are compared part by part, missing and odd parts included", async () => {
  await using server = new FakeRedis();
  for (
    const [info, refused] of [
      ["redis_version:5.0.0\r\n", false],
      ["redis_version:5\r\n", false],
      ["redis_version:5.0\r\n", false],
      ["redis_version:10.0.0\r\n", false],
      ["redis_version:4.99.99\r\n", true],
      ["redis_version:odd\r\n", true],
      // Valkey tells the version of Redis that it replaces.
      ["redis_version:4.0.0\r\nvalkey_version:8.1.1\r\n", false],
      ["# Server\r\n:nameless\r\nredis_version:7.2.0\r\n", false],
    ] as const
  ) {
    server.answer = ([name]) => name === "INFO" ? info : undefined;
    if (refused) {
      await rejects(connect(server.url), {
        code: "SHARED_STATE_REFUSED",
        message: /at least 5\.0\.0 is needed/,
      });
    } else {
      await using connected = await connect(server.url);
      equal(connected.store.status.connected, true, info);
    }
  }
});

Deno.test("a Redis that takes the connection and answers nothing is given up after twice the time for an answer", async () => {
  await using server = new FakeRedis();
  const clock = new VirtualClock();
  server.answer = ([name]) => name === "INFO" ? silent : undefined;
  const refused = rejects(connect(server.url, { clock }), {
    code: "SHARED_STATE_LOST",
    message: /did not answer in time/,
  });
  await server.got("INFO", 1);
  clock.advance(999);
  equal(clock.pending, 1);
  clock.advance(1);
  await refused;
  equal(clock.pending, 0);
});

Deno.test("a redirection leads to the host that it names, and to the own host if it names none", async () => {
  await using holder = new FakeRedis();
  await using node = new FakeRedis();
  for (const host of ["127.0.0.1", ""]) {
    node.answer = ([name]) =>
      name === "EVAL"
        ? new ErrorReply(`MOVED 5 ${host}:${holder.port}`)
        : undefined;
    await using connected = await connect(node.url);
    deepEqual(await connected.store.run(SCRIPT, ["k"], []), ["1000", "500000"]);
  }
  equal(node.named("EVALSHA").length, 0);
});

Deno.test("a redirection to an IPv6 address keeps it whole", async () => {
  await using node = new FakeRedis();
  for (const host of ["::1", "[::1]"]) {
    // Nothing listens on port 1.
    node.answer = ([name]) =>
      name === "EVAL" ? new ErrorReply(`MOVED 5 ${host}:1`) : undefined;
    await rejects(connect(node.url), {
      code: "SHARED_STATE_LOST",
      message: /refused|cannot be reached|EADDRNOTAVAIL/,
    });
  }
});

Deno.test("the offset of the clock is that of the fastest of three answers", async () => {
  await using server = new FakeRedis();
  const clock = new VirtualClock();
  const delays = [30, 4, 20];
  server.answer = ([name]) => {
    if (name === "EVALSHA") clock.advance(delays.shift() ?? 0);
    return undefined;
  };
  await using connected = await connect(server.url, { clock });
  // Asked at 30 and answered at 34 ms, on the way for 2 ms each.
  equal(connected.store.status.offset, 1_000_500 - 32);
  equal(connected.store.status.latency, 20);
});

Deno.test("a slow Redis is named as the reason why shared admissions wait, until it is fast", async () => {
  await using server = new FakeRedis();
  const clock = new VirtualClock();
  let delay = 25;
  server.answer = ([name]) => {
    if (name === "EVALSHA") clock.advance(delay);
    return undefined;
  };
  await using connected = await connect(server.url, { clock });
  const { store } = connected;
  deepEqual(store.reasons, [
    `Redis at ${server.url} takes 25 ms to answer, for which each shared admission waits`,
  ]);
  equal(store.health.latencyMs, 25);
  delay = 10;
  for (let i = 0; i < 64; i++) await store.run(SCRIPT, ["k"], []);
  deepEqual(store.reasons, []);
  deepEqual(store.health, {
    replica: "a",
    connected: true,
    forMs: 64 * 10,
    onLost: "divide",
    latencyMs: 10,
  });
});

Deno.test("an answer that is overdue at two looks loses Redis; one that comes between them does not", async () => {
  await using server = new FakeRedis();
  await using connected = await connect(server.url);
  const { store, clock, told } = connected;
  server.answer = ([name, ...words]) =>
    name === "EVALSHA" && words.includes("first") ? silent : undefined;
  const first = store.run(SCRIPT, ["k"], ["first"]);
  clock.advance(500);
  // This process may have been busy, with the answer in its socket: it looks once more.
  equal(store.status.connected, true);
  // Answers come in order: the first one is that to the first script.
  const second = rejects(store.run(SCRIPT, ["k"], ["second"]), {
    code: "SHARED_STATE_LOST",
    message: /did not answer in time/,
  });
  deepEqual(await first, ["1000", "500000"]);
  for (const step of [50, 449, 1, 49]) {
    clock.advance(step);
    equal(store.status.connected, true);
  }
  clock.advance(1);
  equal(store.status.connected, false);
  await second;
  deepEqual(told, [false]);
});

for (
  const [onLost, consequence] of [
    ["divide", "this replica uses its own share of each pool and rate limit"],
    ["open", "no pool and no rate limit holds meanwhile"],
    ["closed", "requests for a pool or a rate limit are refused meanwhile"],
  ] as const
) {
  Deno.test(`a Redis that takes no writes any more is told once with what follows from onLost "${onLost}", for a minute after its return too`, async () => {
    await using server = new FakeRedis();
    await using connected = await connect(server.url, { onLost });
    const { store, clock, log, told, until } = connected;
    const place = `Redis at ${server.url}`;
    const reason = "it cannot save its data to disk, and so takes no writes";
    server.answer = ([name]) =>
      name.startsWith("EVAL") ? new ErrorReply("MISCONF no disk") : undefined;
    await rejects(store.run(SCRIPT, ["k"], []), {
      code: "SHARED_STATE_LOST",
      message: `Cannot use ${place}: ${reason}`,
      status: 503,
    });
    deepEqual([told, log], [[false], [
      `warn: ${place} cannot be used: ${reason}; ${consequence}`,
    ]]);
    const meanwhile: string[] = [];
    server.answer = ([name]) => {
      if (name !== "INFO") return undefined;
      clock.advance(700);
      meanwhile.push(...store.reasons);
      return undefined;
    };
    clock.runNext();
    await until(() => told.includes(true));
    deepEqual(meanwhile, [
      `${place} cannot be used since 0.7 s (${reason}): ${consequence}`,
    ]);
    deepEqual(log.slice(1), [`info: ${place} can be used again, after 0.7 s`]);
    clock.advance(59_900);
    deepEqual(store.reasons, [
      `${place} could not be used for 0.7 s, until 59.9 s ago (${reason})`,
    ]);
    clock.advance(100);
    deepEqual(store.reasons, []);
  });
}

Deno.test("a Redis that stays away is looked for after pauses of 40, 80, 160 and then 200 ms, and each new reason is logged once", async () => {
  await using server = new FakeRedis();
  await using connected = await connect(server.url);
  const { store, clock, log } = connected;
  const replies = ["BUSY", "BUSY", "BUSY", "LOADING", "LOADING", "BUSY"];
  server.answer = ([name]) =>
    name.startsWith("EVAL") ? new ErrorReply(`${replies[0]} x`) : undefined;
  await rejects(store.run(SCRIPT, ["k"], []));
  await server.left(2);
  const pauses: number[] = [];
  for (let i = 0; i < 5; i++) {
    replies.shift();
    const from = clock.now();
    clock.runNext();
    pauses.push(clock.now() - from);
    await server.left(3 + i);
  }
  deepEqual(pauses, [0, 40, 80, 160, 200]);
  deepEqual(log.map((line) => /busy|loading/.exec(line)?.[0]), [
    "busy",
    "loading",
    "busy",
  ]);
});

Deno.test("a message that cannot be sent loses Redis", async () => {
  await using server = new FakeRedis();
  await using connected = await connect(server.url);
  const { store, told } = connected;
  await store.publish("c", "text");
  deepEqual(server.named("PUBLISH"), [["PUBLISH", "c", "text"]]);
  server.answer = ([name]) =>
    name === "PUBLISH" ? new ErrorReply("NOPERM no channel") : undefined;
  await rejects(store.publish("c", "text"), {
    code: "SHARED_STATE_LOST",
    message: /its user may not do what is needed/,
  });
  deepEqual(told, [false]);
});

Deno.test("calls that are under way when Redis is lost all fail with its reason", async () => {
  await using server = new FakeRedis();
  await using connected = await connect(server.url);
  const { store, told } = connected;
  server.answer = ([name, , ...words]) => {
    if (name === "PUBLISH") return silent;
    if (name !== "EVALSHA") return undefined;
    return words.includes("last") ? new ErrorReply("OOM full") : silent;
  };
  const calls = [
    store.run(SCRIPT, ["k"], ["first"]),
    store.publish("c", "text"),
    store.run(SCRIPT, ["k"], ["last"]),
  ];
  const answers = await Promise.allSettled(calls);
  deepEqual(answers.map(({ status }) => status), Array(3).fill("rejected"));
  for (const answer of answers) {
    match(`${answer.status === "rejected" && answer.reason}`, /Cannot use/);
  }
  deepEqual(told, [false]);
  equal(store.status.connected, false);
});

Deno.test("a channel is followed from its first taker to its last, and each taker has each message", async () => {
  await using server = new FakeRedis();
  await using connected = await connect(server.url);
  const { store } = connected;
  const taken: string[] = [];
  let wake = () => {};
  const taker = (name: string) => (text: string) => {
    taken.push(`${name}${text}`);
    wake();
  };
  const message = async (channel: string, text: string, count: number) => {
    await server.message(channel, text);
    while (taken.length < count) {
      await new Promise<void>((resolve) => wake = resolve);
    }
  };
  const first = store.subscribe("c", taker("a"));
  const second = store.subscribe("c", taker("b"));
  using _other = store.subscribe("d", taker("d"));
  await server.got("SUBSCRIBE", 2);
  await message("c", "1", 2);
  first[Symbol.dispose]();
  await message("c", "2", 3);
  second[Symbol.dispose]();
  await server.got("UNSUBSCRIBE", 1);
  // The end of a subscription counts once.
  second[Symbol.dispose]();
  // A message that was on its way then reaches nobody.
  await server.message("c", "3");
  await message("d", "4", 4);
  deepEqual(taken, ["a1", "b1", "b2", "d4"]);
  deepEqual(server.named("SUBSCRIBE").map(([, ...words]) => words), [
    ["c"],
    ["d"],
  ]);
  deepEqual(server.named("UNSUBSCRIBE"), [["UNSUBSCRIBE", "c"]]);
});

Deno.test("a subscription that is refused loses Redis", async () => {
  await using server = new FakeRedis();
  await using connected = await connect(server.url);
  const { store, log, until } = connected;
  server.answer = ([name]) =>
    name === "SUBSCRIBE" ? new ErrorReply("NOPERM no channel") : undefined;
  using _subscription = store.subscribe("c", () => {});
  await until(() => log.length > 0);
  match(log[0], /its user may not do what is needed/);
  equal(store.status.connected, false);
});

Deno.test("a channel that is followed while Redis is looked for is followed after its return", async () => {
  await using server = new FakeRedis();
  await using connected = await connect(server.url);
  const { store, clock, told, until } = connected;
  using _before = store.subscribe("before", () => {});
  await server.got("SUBSCRIBE", 1);
  server.answer = ([name]) =>
    name === "EVALSHA" ? new ErrorReply("READONLY x") : undefined;
  await rejects(store.run(SCRIPT, ["k"], []));
  const subscriptions: Disposable[] = [];
  server.answer = ([name]) => {
    // The list of channels of the new connection is made by now.
    if (name === "EVAL") {
      subscriptions.push(store.subscribe("after", () => {}));
    }
    return undefined;
  };
  clock.runNext();
  await until(() => told.includes(true));
  await server.got("SUBSCRIBE", 3);
  deepEqual(server.named("SUBSCRIBE").map(([, ...words]) => words), [
    ["before"],
    ["before"],
    ["after"],
  ]);
  for (const subscription of subscriptions) subscription[Symbol.dispose]();
});

Deno.test("a listener that has ended is told nothing", async () => {
  await using server = new FakeRedis();
  await using connected = await connect(server.url);
  const { store, told, listening, log, until } = connected;
  listening[Symbol.dispose]();
  server.answer = ([name]) =>
    name === "EVALSHA" ? new ErrorReply("READONLY x") : undefined;
  await rejects(store.run(SCRIPT, ["k"], []));
  await until(() => log.length > 0);
  deepEqual(told, []);
});

Deno.test("a store that has ended refuses calls, sets no timers and tells nothing", async () => {
  await using server = new FakeRedis();
  const connected = await connect(server.url);
  const { store, clock, told, log } = connected;
  const subscription = store.subscribe("c", () => {});
  await server.got("SUBSCRIBE", 1);
  await store[Symbol.asyncDispose]();
  await rejects(store.run(SCRIPT, ["k"], []), { code: "SHARED_STATE_LOST" });
  await rejects(store.publish("c", "x"), { code: "SHARED_STATE_LOST" });
  store.subscribe("c", () => {})[Symbol.dispose]();
  subscription[Symbol.dispose]();
  await store[Symbol.asyncDispose]();
  deepEqual([told, log, clock.pending], [[], [], 0]);
  equal(store.status.latency, 0);
  deepEqual(store.status.warnings, []);
  equal(server.named("UNSUBSCRIBE").length, 0);
});

Deno.test("a call that is under way at the end of its store fails, without a search for Redis", async () => {
  await using server = new FakeRedis();
  const { store, clock, told, log } = await connect(server.url);
  server.answer = ([name]) => name === "EVALSHA" ? silent : undefined;
  const lost = rejects(store.run(SCRIPT, ["k"], []), {
    code: "SHARED_STATE_LOST",
  });
  await server.got("EVALSHA", 4);
  await store[Symbol.asyncDispose]();
  await lost;
  deepEqual([told, log, clock.pending], [[], [], 0]);
});

for (const succeeds of [true, false]) {
  Deno.test(`a store that ends while it looks for Redis gives up an attempt that ${succeeds ? "succeeds" : "fails"}`, async () => {
    await using server = new FakeRedis();
    const { store, clock, told, log } = await connect(server.url);
    server.answer = ([name]) =>
      name === "EVALSHA" ? new ErrorReply("READONLY x") : undefined;
    await rejects(store.run(SCRIPT, ["k"], []));
    const ended = Promise.withResolvers<void>();
    server.answer = ([name]) => {
      if (name !== "EVAL") return undefined;
      store[Symbol.asyncDispose]().then(ended.resolve, ended.reject);
      return succeeds ? undefined : new ErrorReply("BUSY x");
    };
    clock.runNext();
    await ended.promise;
    ok(!store.status.connected);
    deepEqual([told, log.length, clock.pending], [[false], 1, 0]);
  });
}
