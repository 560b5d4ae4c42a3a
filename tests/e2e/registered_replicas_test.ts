/** Servers that share a Redis: one answer of the control API for all of them. */
import { deepEqual, equal, match, ok } from "node:assert/strict";
import { createPerfmock, type PerfmockInput } from "../../mod.ts";
import { program, TestRedis } from "../support/redis.ts";
import { until } from "../support/wait.ts";

type Server = Awaited<ReturnType<typeof createPerfmock>>;

const TOKEN = "secret";

/** An answer of the control API, of whichever call. */
// deno-lint-ignore no-explicit-any
type Data = any;

/** Starts servers that share a Redis, each with a name. */
async function replicas(
  redis: TestRedis,
  names: readonly string[],
  { config, segments = false }: {
    readonly config?: PerfmockInput;
    readonly segments?: boolean;
  } = {},
) {
  const all: Server[] = [];
  const shared = { redis: redis.url, prefix: crypto.randomUUID() };
  const add = async (name: string) => {
    const index = names.indexOf(name);
    const server = await createPerfmock({
      shared: { ...shared, leaseTime: "2s" },
      control: { token: TOKEN },
      routes: [{ id: "a", path: "/a", response: { text: "a" } }],
      ...config,
    }, {
      log: () => {},
      replica: { name },
      ...segments && { segment: { index, count: names.length } },
    });
    all.push(server);
    return server;
  };
  for (const name of names) await add(name);
  // Each knows the address of the one that came last.
  for (const server of all) {
    await until(async () => {
      const { complete, replicas } = (await call(server, "stats")).data;
      return complete && replicas.length === names.length;
    });
  }
  return {
    all,
    prefix: shared.prefix,
    add,
    async [Symbol.asyncDispose]() {
      for (const server of all) await server[Symbol.asyncDispose]();
    },
  };
}

async function get(
  server: Server,
  path: string,
  init: RequestInit = {},
): Promise<{ readonly status: number; readonly text: string }> {
  const response = await fetch(new URL(path, server.url), init);
  return { status: response.status, text: await response.text() };
}

async function call(server: Server, path: string, method = "GET") {
  const { status, text } = await get(server, `_perfmock/${path}`, {
    method,
    headers: { authorization: `Bearer ${TOKEN}` },
  });
  return {
    status,
    text,
    get data(): Data {
      return JSON.parse(text);
    },
  };
}

async function send(server: Server, count: number): Promise<void> {
  for (let i = 0; i < count; i++) await get(server, "a");
}

/** First event of `GET live`. */
async function firstEvent(server: Server): Promise<Data> {
  const response = await fetch(new URL("_perfmock/live", server.url), {
    headers: { authorization: `Bearer ${TOKEN}` },
  });
  let text = "";
  for await (
    const part of response.body?.pipeThrough(new TextDecoderStream()) ?? []
  ) {
    text += part;
    if (text.includes("\n\n")) break;
  }
  return JSON.parse(/^data: (.*)$/m.exec(text)?.[1] ?? "");
}

if (program !== undefined) {
  Deno.test("figures are those of all replicas of the register, whichever is asked, and of one where it is named", async () => {
    await using redis = await TestRedis.start();
    await using started = await replicas(redis, ["a", "b", "c"]);
    const { all } = started;
    for (const [index, server] of all.entries()) await send(server, index + 1);
    for (const server of all) {
      const { data } = await call(server, "stats");
      equal(data.routes.a.answered, 6);
      equal(data.routes.a.responseTime.count, 6);
      deepEqual([data.complete, data.replicas], [
        true,
        ["a", "b", "c"].map((name) => ({ name, answered: true })),
      ]);
    }
    const named = await call(all[0], "stats?replica=c");
    equal(named.data.routes.a.answered, 3);
    equal(named.data.complete, undefined);
    equal((await call(all[0], "stats?replica=x")).status, 404);
    const live = await firstEvent(all[1]);
    deepEqual([live.routes.a.answered, live.complete], [6, true]);
    const { data: { requests, complete } } = await call(
      all[2],
      "requests?limit=4",
    );
    deepEqual(
      requests.map(({ replica }: Data) => replica),
      ["b", "c", "c", "c"],
    );
    equal(complete, true);
    const health = (await call(all[0], "health")).data;
    deepEqual([health.ready, health.replicas.length], [true, 3]);
  });

  Deno.test("each replica's metrics are its own, and those of all where that is asked for", async () => {
    await using redis = await TestRedis.start();
    await using started = await replicas(redis, ["a", "b"]);
    const { all } = started;
    await send(all[0], 2);
    await send(all[1], 3);
    const answered = async (path: string) => {
      const { status, text } = await get(all[0], path);
      equal(status, 200);
      const line =
        /^http_server_request_duration_seconds_count\{.*route="\/a".*\} (\d+)$/m;
      return Number(line.exec(text)?.[1]);
    };
    equal(await answered("metrics"), 2);
    equal(await answered("metrics?replicas=all"), 5);
    equal(await answered("metrics?replica=b"), 3);
  });

  Deno.test("a replica that is gone is named, and figures are incomplete until all are reset", async () => {
    await using redis = await TestRedis.start();
    await using started = await replicas(redis, ["a", "b", "c"], {
      segments: true,
    });
    const { add, all } = started;
    const [a, b, c] = all;
    for (const server of all) await send(server, 2);
    await c[Symbol.asyncDispose]();
    all.pop();
    for (const server of [a, b]) {
      await until(async () =>
        (await call(server, "stats")).data.replicas.length === 4
      );
    }
    const { data } = await call(a, "stats");
    equal(data.routes.a.answered, 4);
    deepEqual(
      data.replicas.map(({ name, answered }: Data) => [name, answered]),
      [["a", true], ["b", true], ["2/3", false], ["c", false]],
    );
    match(data.replicas[2].error, /no replica in the register/);
    match(data.replicas[3].error, /its figures are lost/);
    const health = (await call(b, "health")).data;
    ok(health.reasons.some((reason: string) => /^Replica 2\/3: /.test(reason)));
    equal((await get(a, "metrics?replicas=all")).status, 503);
    // One that takes its place begins with nothing.
    const again = await add("c");
    await until(async () =>
      (await call(a, "stats")).data.replicas.at(-1).error ===
        "It was replaced: its figures before that are lost"
    );
    equal((await call(again, "stats")).data.complete, false);
    equal((await get(a, "metrics?replicas=all")).status, 200);
    equal((await call(b, "reset", "POST")).status, 204);
    for (const server of all) {
      await until(async () => (await call(server, "stats")).data.complete);
      equal((await call(server, "stats")).data.routes.a.answered, 0);
    }
  });

  Deno.test("an entry of the register that is not signed with the token is not asked, and is named", async () => {
    await using redis = await TestRedis.start();
    await using started = await replicas(redis, ["a", "b"]);
    const { all: [a], prefix } = started;
    const asked: string[] = [];
    await using stranger = Deno.serve(
      { hostname: "127.0.0.1", port: 0, onListen() {} },
      ({ headers }) => {
        asked.push(headers.get("authorization") ?? "");
        return Response.json({});
      },
    );
    const url = `http://127.0.0.1:${stranger.addr.port}/`;
    const place = `{${prefix}}:cluster`;
    const enter = async (entry: Readonly<Record<string, unknown>>) => {
      const { name } = entry;
      await redis.command(
        ...["HSET", `${place}:replicas`, `${name}`, JSON.stringify(entry)],
      );
      await redis.command(
        ...["ZADD", `${place}:seen`, `${Date.now() + 2500}`, `${name}`],
      );
    };
    const [, signed] = /({"name":"b".*})/.exec(
      await redis.command("HGET", `${place}:replicas`, "b"),
    ) ?? [];
    // A name of its own without a signature, and one with that of another replica.
    await enter({ ...JSON.parse(signed), name: "x", url, signature: "" });
    await enter({ ...JSON.parse(signed), name: "y", url });
    await until(async () =>
      (await call(a, "stats")).data.replicas.length === 4
    );
    const { data } = await call(a, "stats");
    equal(data.complete, false);
    for (const { answered, error } of data.replicas.slice(2)) {
      equal(answered, false);
      match(error, /is not signed with the token/);
    }
    const { reasons } = (await call(a, "health")).data;
    match(reasons.join("\n"), /^Replica x: .* is not signed/m);
    equal((await call(a, "reset", "POST")).status, 503);
    deepEqual(asked, []);
  });

  Deno.test("a shared pool is one pool in the figures of all replicas", async () => {
    await using redis = await TestRedis.start();
    await using started = await replicas(redis, ["a", "b", "c"], {
      config: {
        plugins: { limiter: { pools: { db: { concurrency: 4, queue: 3 } } } },
        routes: [
          {
            id: "held",
            path: "/held",
            limiter: "db",
            faults: [{ share: 1, action: "hang" }],
          },
        ],
      },
    });
    const { all } = started;
    const leave = new AbortController();
    const { signal } = leave;
    const held = [0, 1, 2, 0, 1].map((index) =>
      get(all[index], "held", { signal }).catch(() => {})
    );
    const pool = async (path = "limiter/pools", server = all[2]) => {
      const { data } = await call(server, path);
      return (data.pools ?? data.plugins.limiter.pools)[0];
    };
    await until(async () => {
      const { busy, queued } = await pool();
      return busy === 4 && queued === 1;
    });
    for (const path of ["limiter/pools", "stats"]) {
      const { arrivals, busy, concurrency, queue, queued, shared } = await pool(
        path,
      );
      deepEqual({ arrivals, busy, concurrency, queue, queued }, {
        arrivals: 5,
        busy: 4,
        concurrency: 4,
        queue: 3,
        queued: 1,
      });
      const { share: _, ...whole } = shared;
      deepEqual(whole, { mode: "shared", busy: 4, queued: 1, replicas: 3 });
    }
    const { text } = await get(all[0], "metrics?replicas=all");
    match(text, /^perfmock_pool_concurrency\{pool="db"\} 4$/m);
    match(text, /^perfmock_pool_busy\{pool="db"\} 4$/m);
    match(text, /^perfmock_pool_shared_busy\{pool="db"\} 4$/m);
    leave.abort();
    await Promise.all(held);
  });

  Deno.test("a page's requests are joined with exchanges of all replicas, and its figures are those of the first", async () => {
    await using redis = await TestRedis.start();
    await using started = await replicas(redis, ["a", "b", "c"]);
    const { all } = started;
    const requests = [];
    for (const { url } of all) {
      const response = await fetch(new URL("a", url));
      await response.body?.cancel();
      const timing = response.headers.get("server-timing") ?? "";
      requests.push({
        url: response.url,
        traceparent: /desc="([^"]+)"/.exec(timing)?.[1],
        requestStart: 1,
        responseStart: 5,
        responseEnd: 6,
        startTime: 0,
        status: 200,
        transferSize: 100,
      });
    }
    // Pages have no token.
    const taken = await get(all[2], "_perfmock/exporters/correlation", {
      method: "POST",
      body: JSON.stringify({
        page: "page-0001",
        url: "http://localhost/",
        requests,
        figures: {},
      }),
    });
    deepEqual([taken.status, JSON.parse(taken.text).joined], [200, 3]);
    for (const server of all) {
      const { data } = await call(server, "exporters/correlation");
      deepEqual([data.joined, data.routes[0].route], [3, "a"]);
    }
  });

  Deno.test("sessions and changes of other kinds are each replica's own", async () => {
    await using redis = await TestRedis.start();
    await using started = await replicas(redis, ["a", "b"]);
    const [a, b] = started.all;
    const made = await get(a, "_perfmock/sessions", {
      method: "POST",
      headers: { authorization: `Bearer ${TOKEN}` },
      body: '{"name":"s"}',
    });
    equal(made.status, 201);
    deepEqual((await call(b, "sessions")).data, { sessions: [] });
    const all = (await call(b, "sessions?replicas=all")).data;
    deepEqual(all.sessions.map(({ name }: Data) => name), ["s"]);
    const within = await fetch(new URL("_perfmock/stats", a.url), {
      headers: {
        authorization: `Bearer ${TOKEN}`,
        "perfmock-session": "s",
      },
    });
    equal((await within.json()).complete, undefined);
  });
}
