import { deepEqual, equal, match, ok, rejects } from "node:assert/strict";
import { createPerfmock, type PerfmockInput } from "../../mod.ts";
import { program, TestRedis } from "../support/redis.ts";

/** Starts servers that share a Redis. */
async function servers(
  count: number,
  redis: string,
  config: PerfmockInput,
  options: { readonly segments?: boolean } = {},
) {
  const all: Awaited<ReturnType<typeof createPerfmock>>[] = [];
  const log: string[] = [];
  const prefix = crypto.randomUUID();
  for (let index = 0; index < count; index++) {
    all.push(
      await createPerfmock({
        shared: { redis, prefix, leaseTime: "2s" },
        ...config,
      }, {
        log: (_, message) => log.push(message),
        ...options.segments === true && { segment: { index, count } },
      }),
    );
  }
  return {
    all,
    log,
    async [Symbol.asyncDispose]() {
      for (const server of all) await server[Symbol.asyncDispose]();
    },
  };
}

async function get(url: URL | string, init?: RequestInit) {
  const response = await fetch(url, init);
  const text = await response.text();
  return { status: response.status, headers: response.headers, text };
}

if (program !== undefined) {
  Deno.test("servers that share a pool serve as many at once as it has places, and number all requests once", async () => {
    await using redis = await TestRedis.start();
    let busy = 0;
    let peak = 0;
    await using upstream = Deno.serve(
      { hostname: "127.0.0.1", port: 0, onListen() {} },
      async () => {
        peak = Math.max(peak, ++busy);
        await new Promise((resolve) => setTimeout(resolve, 10));
        busy--;
        return new Response("ok");
      },
    );
    await using started = await servers(3, redis.url, {
      plugins: { limiter: { pools: { db: { concurrency: 2, queue: 100 } } } },
      routes: [{
        id: "all",
        path: "/",
        limiter: "db",
        response: { proxy: `http://127.0.0.1:${upstream.addr.port}` },
      }],
    });
    const { all } = started;
    const answers = await Promise.all(
      Array.from({ length: 60 }, (_, i) => get(all[i % 3].url)),
    );
    deepEqual(new Set(answers.map(({ status }) => status)), new Set([200]));
    equal(peak, 2);
    const numbers = answers.map(({ headers }) =>
      Number(headers.get("perfmock-sequence"))
    );
    equal(new Set(numbers).size, 60);
    ok(Math.max(...numbers) < 400, `${Math.max(...numbers)}`);
    const { pools } = JSON.parse(
      (await get(new URL("_perfmock/limiter/pools", all[0].url))).text,
    );
    equal(pools[0].concurrency, 2);
    const { mode, replicas, share } = pools[0].shared;
    deepEqual([mode, replicas], ["shared", 3]);
    // The shares of all.
    equal(share, 2);
    const metrics = (await get(new URL("metrics", all[1].url))).text;
    match(metrics, /perfmock_pool_shared_replicas\{pool="db"\} 3/);
    const health = JSON.parse(
      (await get(new URL("_perfmock/health", all[2].url))).text,
    );
    equal(health.shared.connected, true);
  });

  Deno.test("sessions of the same name share their pools, and others do not", async () => {
    await using redis = await TestRedis.start();
    await using started = await servers(2, redis.url, {
      plugins: { limiter: { pools: { db: { concurrency: 1 } } } },
      routes: [
        {
          path: "/slow",
          limiter: "db",
          faults: [{ share: 1, action: "hang" }],
        },
        { path: "/fast", limiter: "db" },
      ],
    });
    const { all } = started;
    for (const { url } of all) {
      for (const name of ["one", "two"]) {
        const { status } = await get(new URL("_perfmock/sessions", url), {
          method: "POST",
          body: JSON.stringify({ name }),
          headers: { "content-type": "application/json" },
        });
        equal(status, 201);
      }
    }
    const leave = new AbortController();
    const within = (name: string) => ({
      headers: { "perfmock-session": name },
      signal: leave.signal,
    });
    const held = get(new URL("slow", all[0].url), within("one"));
    held.catch(() => {});
    for (;;) {
      const { text } = await get(
        new URL("_perfmock/limiter/pools", all[1].url),
        within("one"),
      );
      if (JSON.parse(text).pools[0].shared.busy === 1) break;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    const status = async (name: string) =>
      (await get(new URL("fast", all[1].url), within(name))).status;
    deepEqual([await status("one"), await status("two")], [503, 200]);
    leave.abort();
    await held.catch(() => {});
  });

  Deno.test("a server whose Redis is lost says so, serves its share, and takes no change of shared", async () => {
    await using redis = await TestRedis.start();
    await using started = await servers(2, redis.url, {
      plugins: { limiter: { pools: { db: { concurrency: 2 } } } },
      routes: [{ path: "/", limiter: "db" }],
    });
    const [server] = started.all;
    await rejects(
      server.update({ shared: { redis: "redis://127.0.0.1:1" } }),
      { code: "RESTART_REQUIRED" },
    );
    await redis.kill();
    equal((await get(server.url)).status, 200);
    const health = async () =>
      JSON.parse((await get(new URL("_perfmock/health", server.url))).text);
    const { reasons, shared } = await health();
    equal(shared.connected, false);
    ok(
      reasons.some((reason: string) =>
        /cannot be used since .* its own share/.test(reason)
      ),
    );
    await redis.restart();
    while (!(await health()).shared.connected) {
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    equal((await get(server.url)).status, 200);
    ok(started.log.some((line) => /can be used again/.test(line)));
  });

  Deno.test("replicas with segments number by them, and share their pools", async () => {
    await using redis = await TestRedis.start();
    await using started = await servers(2, redis.url, {
      plugins: { limiter: { pools: { db: { concurrency: 1, queue: 5 } } } },
      routes: [{ path: "/", limiter: "db" }],
    }, { segments: true });
    const numbers = [];
    for (let i = 0; i < 6; i++) {
      const { headers } = await get(started.all[i % 2].url);
      numbers.push(Number(headers.get("perfmock-sequence")));
    }
    deepEqual(numbers, [0, 1, 2, 3, 4, 5]);
  });
}

Deno.test("a server that cannot reach its Redis does not start, and says why", async () => {
  await rejects(
    createPerfmock({ shared: { redis: "redis://:secret@127.0.0.1:1" } }),
    (error: Error) => {
      match(error.message, /the connection was refused/);
      equal(error.stack?.includes("secret"), false);
      return true;
    },
  );
});
