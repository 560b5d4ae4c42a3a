/** Whole servers that share a real Redis: what is changed at one holds at all. */
import { deepEqual, equal, match, ok, rejects } from "node:assert/strict";
import {
  createPerfmock,
  type Perfmock,
  type PerfmockInput,
  type PerfmockOptions,
} from "../../mod.ts";
import type { PerfmockError } from "../../core/errors.ts";
import { TestRedis } from "../support/redis.ts";
import { until } from "../support/wait.ts";
import { required } from "./_software.ts";

const CONFIG: PerfmockInput = {
  plugins: { limiter: { pools: { db: { concurrency: 8 } } } },
  presets: { slow: { backend: { scale: 2 } } },
  routes: [
    { id: "a", path: "/a", response: { text: "a" }, limiter: "db" },
    { id: "b", path: "/b", response: { text: "b" } },
  ],
};

/** Starts a server that shares a Redis. Its log goes to `lines`. */
async function replica(
  redis: TestRedis,
  { config = CONFIG, lines = [], ...options }: PerfmockOptions & {
    readonly config?: PerfmockInput;
    readonly lines?: string[];
  } = {},
): Promise<Perfmock> {
  return await createPerfmock({
    ...config,
    shared: { redis: redis.url },
  }, { log: (_, line) => void lines.push(line), ...options });
}

/** Calls the control API. */
async function call(
  server: Perfmock,
  given: string,
  body?: unknown,
  headers: Record<string, string> = {},
) {
  const [method, path] = given.split(" ");
  const response = await fetch(new URL(`/_perfmock/${path}`, server.url), {
    method,
    headers,
    ...body !== undefined && { body: JSON.stringify(body) },
  });
  const text = await response.text();
  return {
    status: response.status,
    etag: response.headers.get("etag"),
    json: text === "" ? undefined : JSON.parse(text),
  };
}

async function answer(server: Perfmock, path: string): Promise<string> {
  const response = await fetch(new URL(path, server.url));
  return `${response.status} ${await response.text()}`;
}

const test = (name: string, run: (redis: TestRedis) => Promise<void>) =>
  Deno.test(name, { ignore: !required }, async () => {
    await using redis = await TestRedis.start();
    await run(redis);
  });

test("Every kind of change at one server holds at the other within 100 ms", async (redis) => {
  await using a = await replica(redis);
  await using b = await replica(redis);
  const steps: [string, unknown, () => Promise<boolean>][] = [
    [
      "PATCH routes/a",
      { response: { text: "changed" } },
      async () => await answer(b, "/a") === "200 changed",
    ],
    [
      "PUT routes/c",
      { path: "/c", response: { text: "c" } },
      async () => await answer(b, "/c") === "200 c",
    ],
    [
      "DELETE routes/b",
      undefined,
      async () => (await answer(b, "/b")).startsWith("404"),
    ],
    [
      "PATCH limiter/pools/db",
      { concurrency: 3 },
      async () =>
        (await call(b, "GET limiter/pools")).json.pools[0].concurrency === 3,
    ],
    [
      "PATCH backend",
      { delay: "5ms" },
      async () => (await call(b, "GET backend")).json.delay === 5,
    ],
    [
      "PATCH backend",
      { preset: "slow" },
      async () => (await call(b, "GET backend")).json.preset === "slow",
    ],
    [
      "PATCH backend",
      { preset: null, delay: null },
      async () => {
        const { delay, preset, heldBy } = (await call(b, "GET backend")).json;
        return preset === null && delay === 0 &&
          Object.keys(heldBy).length === 0;
      },
    ],
    ["PATCH config", { seed: 7 }, () => Promise.resolve(b.config.seed === 7)],
  ];
  const delays: number[] = [];
  for (const [path, body, holds] of steps) {
    const { status } = await call(a, path, body);
    ok(status < 300, `${path}: ${status}`);
    const made = performance.now();
    await until(holds);
    delays.push(performance.now() - made);
  }
  ok(Math.max(...delays) < 100, `${delays.map((d) => d.toFixed(1))} ms`);
  equal(a.revision, b.revision);
  deepEqual(
    (await call(a, "GET config")).json.routes,
    (await call(b, "GET config")).json.routes,
  );
});

test("If-Match holds for all replicas", async (redis) => {
  await using a = await replica(redis);
  await using b = await replica(redis);
  const { etag } = await call(a, "PATCH config", { seed: 2 });
  equal(etag, '"2"');
  const headers = { "if-match": '"2"' };
  equal((await call(b, "PATCH config", { seed: 3 }, headers)).status, 200);
  equal((await call(a, "PATCH config", { seed: 4 }, headers)).status, 412);
  // A revision that the other replica has made a moment ago is known to this one too.
  for (let n = 3; n < 20; n++) {
    const [here, there] = n % 2 === 0 ? [a, b] : [b, a];
    const { status, etag } = await call(here, "PATCH config", { seed: n }, {
      "if-match": `"${n}"`,
    });
    deepEqual([status, etag], [200, `"${n + 1}"`]);
    equal(
      (await call(there, "PATCH config", { seed: 0 }, {
        "if-match": `"${n}"`,
      })).status,
      412,
    );
  }
});

test("Changes of routes from both sides at once are all made", async (redis) => {
  await using a = await replica(redis);
  await using b = await replica(redis);
  const side = async (server: Perfmock, name: string) => {
    for (let i = 0; i < 15; i++) {
      const { status } = await call(server, `PUT routes/${name}${i}`, {
        path: `/${name}${i}`,
      });
      equal(status, 200);
    }
  };
  await Promise.all([side(a, "x"), side(b, "y")]);
  await until(() => a.revision === b.revision);
  equal(a.revision, 31);
  equal(a.routes.length, CONFIG.routes?.length as number + 30);
  deepEqual(a.routes, b.routes);
});

test("A change for which one replica lacks a file is refused, with its name and the place", async (redis) => {
  const here = await Deno.makeTempDir({ prefix: "perfmock-here-" });
  const there = await Deno.makeTempDir({ prefix: "perfmock-there-" });
  try {
    await Deno.writeTextFile(`${here}/only-here.txt`, "here");
    await using a = await replica(redis, { folder: here });
    await using b = await replica(redis, {
      folder: there,
      replica: { name: "poor" },
    });
    const { status, json } = await call(a, "PATCH routes/a", {
      response: { text: null, file: "only-here.txt" },
    });
    equal(status, 409);
    equal(json.code, "CHANGE_REFUSED");
    match(json.title ?? json.detail, /replica "poor" refuses it/);
    match(json.issues[0].path, /^\/routes\/0\/response\/file/);
    deepEqual([a.revision, b.revision], [1, 1]);
    deepEqual(await Promise.all([answer(a, "/a"), answer(b, "/a")]), [
      "200 a",
      "200 a",
    ]);
  } finally {
    await Deno.remove(here, { recursive: true });
    await Deno.remove(there, { recursive: true });
  }
});

test("A dial that a run holds at another replica is not turned", async (redis) => {
  await using a = await replica(redis);
  await using b = await replica(redis);
  const run = b.load({
    scenarios: {
      slow: {
        executor: "modulate",
        set: { backend: "all", dial: "scale" },
        to: 2,
        duration: "1s",
      },
    },
  });
  await until(() => call(b, "GET backend").then(({ json }) => json.scale > 1));
  const refused = await call(a, "PATCH backend", { scale: 5 });
  deepEqual([refused.status, refused.json.code], [409, "CHANGE_REFUSED"]);
  equal((await call(a, "GET backend")).json.scale, 1);
  await run;
  equal((await call(a, "PATCH backend", { scale: 5 })).status, 200);
  await until(() =>
    call(b, "GET backend").then(({ json }) => json.scale === 5)
  );
});

test("While Redis is away, changes are refused, requests are answered, and health says why", async (redis) => {
  await using a = await replica(redis);
  await using b = await replica(redis);
  await redis.kill();
  await until(() => b.health().reasons.some((r) => /cannot agree/.test(r)));
  const { status, json } = await call(a, "PATCH config", { seed: 3 });
  deepEqual([status, json.code], [503, "SHARED_STATE_LOST"]);
  equal(await answer(b, "/b"), "200 b");
  ok(a.health().ready && b.health().ready);
  await redis.restart();
  await until(() => !b.health().reasons.some((r) => /cannot agree/.test(r)));
  await until(() => !a.health().reasons.some((r) => /cannot agree/.test(r)));
  equal((await call(a, "PATCH config", { seed: 3 })).status, 200);
  await until(() => b.config.seed === 3);
});

test("A server with another configuration or name clash is refused before it listens", async (redis) => {
  await using a = await replica(redis, { replica: { name: "a" } });
  await rejects(
    replica(redis, { config: { ...CONFIG, seed: 9 } }),
    ({ code, issues }: PerfmockError) => {
      equal(code, "REPLICA_CONFLICT");
      match(issues[0].message, /^Replica "a" at http:.* another configuration/);
      return true;
    },
  );
  await rejects(
    replica(redis, { replica: { name: "a" } }),
    ({ code, issues }: PerfmockError) => {
      equal(code, "REPLICA_CONFLICT");
      match(issues[0].message, /^The name is taken by replica "a" at http:/);
      return true;
    },
  );
  equal(await answer(a, "/a"), "200 a");
});
