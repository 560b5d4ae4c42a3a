import { deepEqual, equal, rejects } from "node:assert/strict";
import {
  createPerfmock,
  type Perfmock,
  type PerfmockInput,
} from "../../mod.ts";
import type { PerfmockError } from "../../core/errors.ts";
import { eachEngine } from "../support/each_engine.ts";
import { simulate } from "../support/simulation.ts";
import { until } from "../support/wait.ts";

const ROUTES = [
  { id: "search", path: "/search", serviceTime: "1ms", limiter: "db" },
  { path: "/cart", response: { text: "cart" } },
];

const CONFIG = {
  plugins: { limiter: { pools: { db: { concurrency: 10 } } } },
  presets: {
    "black friday": {
      backend: { scale: 3 },
      plugins: { limiter: { pools: { db: { concurrency: 2 } } } },
      routes: {
        search: { response: { text: "busy" } },
        queue: { path: "/queue", response: { text: "wait" } },
      },
    },
    "db failover": {
      routes: { search: { faults: [{ share: 1, status: 503 }] } },
    },
  },
  routes: ROUTES,
};

/** Calls the control API. */
async function call(
  server: Pick<Perfmock, "fetch">,
  given: string,
  body?: unknown,
  headers: Record<string, string> = {},
) {
  const [method, path] = given.split(" ");
  const response = await server.fetch(
    new Request(`http://localhost/_perfmock/${path}`, {
      method,
      headers,
      ...body !== undefined && { body: JSON.stringify(body) },
    }),
  );
  const text = await response.text();
  return { status: response.status, json: text && JSON.parse(text) };
}

async function get(server: Pick<Perfmock, "fetch">, path: string) {
  const response = await server.fetch(new Request(`http://localhost${path}`));
  return `${response.status} ${(await response.text()).slice(0, 4)}`;
}

const at = async (server: Pick<Perfmock, "fetch">) => [
  await get(server, "/search"),
  await get(server, "/queue"),
];

eachEngine.test("one call switches to a preset, to another, and back", async () => {
  await using server = await createPerfmock(CONFIG, { log: () => {} });
  const ask = async (path: string) => {
    const response = await fetch(new URL(path, server.url));
    return `${response.status} ${(await response.text()).slice(0, 4)}`;
  };
  const to = (preset: string | null) =>
    call(server, "PATCH backend", { preset });
  const { json } = await to("black friday");
  deepEqual(
    [json.preset, json.presets, json.scale],
    ["black friday", ["black friday", "db failover"], 3],
  );
  deepEqual([await ask("/search"), await ask("/queue")], [
    "200 busy",
    "200 wait",
  ]);
  const pools = await call(server, "GET limiter/pools");
  equal(pools.json.pools[0].concurrency, 2);
  await to("db failover");
  deepEqual([await ask("/search"), (await ask("/queue")).slice(0, 3)], [
    '503 {"ty',
    "404",
  ]);
  await to(null);
  equal(await ask("/search"), "200 ");
  equal(
    (await call(server, "GET limiter/pools")).json.pools[0].concurrency,
    10,
  );
});

Deno.test("what is changed while a preset lies over it stays when it is put back", async () => {
  await using server = await createPerfmock(CONFIG, { listen: false });
  await call(server, "PATCH backend", { preset: "black friday" });
  const before = server.revision;
  // Beneath the preset, beside it, and an id that nobody wrote.
  await call(server, "PATCH routes/search", { response: { text: "mine" } });
  await call(server, "PUT routes/new", { path: "/new" });
  await call(server, "PATCH routes/get-cart", { response: { text: "full" } });
  await call(server, "PATCH config", { backend: { delay: 1 } });
  equal(server.revision, before + 4);
  deepEqual([...await at(server), await get(server, "/cart")], [
    "200 busy",
    "200 wait",
    "200 full",
  ]);
  equal((await call(server, "DELETE routes/queue")).status, 404);
  const { json } = await call(server, "GET config");
  deepEqual(Object.keys(json.presets), ["black friday", "db failover"]);
  equal(json.routes.length, 3, "the configuration is shown without it");
  await call(server, "PATCH backend", { preset: null });
  deepEqual(
    [
      ...await at(server),
      await get(server, "/cart"),
      await get(server, "/new"),
    ].map((text) => text.slice(0, 8)),
    [
      "200 mine",
      '404 {"ty',
      "200 full",
      "200 ",
    ],
  );
  equal(server.config.backend.delay, 1);
});

Deno.test("a preset that is removed or no longer valid while it lies over the configuration", async () => {
  await using server = await createPerfmock(CONFIG, { listen: false });
  await call(server, "PATCH backend", { preset: "black friday" });
  const refused = await call(server, "PATCH config", {
    presets: { "black friday": { backend: { scale: -1 } } },
  });
  equal(refused.status, 400);
  deepEqual(
    refused.json.issues.map(({ path }: { path: string }) => path),
    ["/presets/black friday/backend/scale"],
  );
  equal((await at(server))[0], "200 busy");
  const { json } = await call(server, "PATCH config", {
    presets: { "black friday": null },
  });
  deepEqual(Object.keys(json.presets), ["db failover"]);
  equal((await at(server))[0], "200 ");
  equal((await call(server, "GET backend")).json.preset, null);
  await call(server, "PATCH backend", { preset: "db failover" });
  equal((await at(server))[0], '503 {"ty');
});

/** Paths of the errors of a configuration. */
async function errorsOf(config: unknown): Promise<string[]> {
  try {
    await using _ = await createPerfmock(config as PerfmockInput, {
      listen: false,
    });
    return [];
  } catch (error) {
    const { code, issues } = error as PerfmockError;
    equal(code, "CONFIG_INVALID");
    return issues.map(({ path }) => path).toSorted();
  }
}

Deno.test("presets are validated with the configuration, all errors at their places", async () => {
  deepEqual(
    await errorsOf({
      ...CONFIG,
      sed: 1,
      presets: {
        empty: {},
        list: { routes: [] },
        nested: { presets: {} },
        none: { seed: 1 },
      },
    }),
    [
      "/presets/empty",
      "/presets/list/routes",
      "/presets/nested/presets",
      "/presets/none",
      "/sed",
    ],
  );
  deepEqual(
    await errorsOf({
      ...CONFIG,
      presets: {
        "a/b": {
          server: { port: 1 },
          plugins: { limiter: { pools: { db: { concurency: 1 } } } },
        },
        lost: { routes: { serch: { scale: 2 }, search: { limiter: "dv" } } },
        poolless: { plugins: { limiter: { pools: { db: null } } } },
      },
    }),
    [
      "/presets/a~1b/plugins/limiter/pools/db/concurency",
      "/presets/lost/routes/search/limiter",
      "/presets/lost/routes/serch",
      "/presets/poolless",
    ],
  );
  for (
    const [preset, path] of [
      [{ server: { port: 1 } }, "/presets/p/server/port"],
      [
        { routes: { search: { limiter: "dv" } } },
        "/presets/p/routes/search/limiter",
      ],
      [{ routes: { search: { path: "/cart" } } }, "/presets/p/routes"],
    ] as const
  ) {
    deepEqual(await errorsOf({ ...CONFIG, presets: { p: preset } }), [path]);
  }
});

Deno.test("a preset that names nothing, and one that changes nothing", async () => {
  await using server = await createPerfmock({
    ...CONFIG,
    presets: { same: { plugins: CONFIG.plugins } },
  }, { listen: false });
  deepEqual(server.warnings.map(({ path }) => path), ["/presets/same"]);
  const unknown = await call(server, "PATCH backend", { preset: "sam" });
  deepEqual(
    [unknown.status, unknown.json.issues[0].suggestion],
    [400, "same"],
  );
  await using without = await createPerfmock({ routes: ROUTES.slice(1) }, {
    listen: false,
  });
  equal((await call(without, "PATCH backend", { preset: "x" })).status, 400);
  equal((await call(without, "PATCH backend", { preset: null })).status, 200);
});

Deno.test("a script switches presets in virtual time, at the moment that it says, and puts them back", async () => {
  const seen: string[] = [];
  const config = {
    routes: [{ id: "r", path: "/", serviceTime: "10ms" }],
    presets: {
      slow: { backend: { scale: 3 } },
      broken: { routes: { r: { faults: [{ share: 1, status: 500 }] } } },
    },
  };
  const load = {
    executor: "arrival-rate",
    arrivals: "uniform",
    rate: "10/s",
    duration: "4s",
    requests: [{ path: "/" }],
  };
  const modulate = (to: unknown, more: object = {}) => ({
    executor: "modulate",
    set: { backend: "all", dial: "preset" },
    to,
    ...more,
  });
  await simulate({
    config,
    scenarios: {
      load,
      presets: modulate({
        timeline: [
          { at: "0s", value: "none" },
          { at: "1s", value: "slow" },
          { at: "2s", value: "broken" },
        ],
      }, { duration: "3s" }),
    },
    observe: ({ arrival, end, status }) =>
      void seen.push(`${status} ${Math.round(end - arrival)}`),
  });
  deepEqual(seen, [
    ...Array(10).fill("200 10"),
    ...Array(10).fill("200 30"),
    ...Array(10).fill("500 10"),
    ...Array(10).fill("200 10"),
  ]);
  await rejects(
    simulate({ config, scenarios: { load, p: modulate("slwo") } }),
    ({ issues }: PerfmockError) => {
      equal(issues[0].path, "/scenarios/p/to");
      return true;
    },
  );
});

Deno.test("a run switches presets of the server, and the end of the run puts them back", async () => {
  await using server = await createPerfmock(CONFIG, { log: () => {} });
  const run = await call(server, "POST load_engine/runs", {
    scenarios: {
      p: {
        executor: "modulate",
        set: { backend: "all", dial: "preset" },
        to: "db failover",
        duration: "10m",
      },
    },
  });
  const present = async () => (await call(server, "GET backend")).json.preset;
  await until(async () => await present() === "db failover");
  equal((await at(server))[0], '503 {"ty');
  const held = await call(server, "PATCH backend", { preset: "black friday" });
  equal(held.status, 409);
  await call(server, `DELETE load_engine/runs/${run.json.id}`);
  await until(async () => await present() === null);
  equal((await at(server))[0], "200 ");
});

Deno.test("a session begins as the server is, and switches on its own", async () => {
  await using server = await createPerfmock(CONFIG, { listen: false });
  await call(server, "PATCH backend", { preset: "black friday" });
  await call(server, "POST sessions", {
    name: "w1",
    routes: { search: { serviceTime: "2ms" } },
  });
  const session = {
    fetch: (request: Request) => {
      request.headers.set("Perfmock-Session", "w1");
      return server.fetch(request);
    },
  };
  deepEqual(await at(session), ["200 busy", "200 wait"]);
  await call(session, "PATCH backend", { preset: null });
  deepEqual((await at(session))[0], "200 ");
  equal((await at(server))[0], "200 busy");
});
