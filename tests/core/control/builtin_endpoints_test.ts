import { deepEqual, equal, ok } from "node:assert/strict";
import { createKit, validate } from "../../../core/config/mod.ts";
import { builtinEndpoints } from "../../../core/control/builtin_endpoints.ts";
import { LiveFeed } from "../../../core/observe/live_feed.ts";
import { Sessions } from "../../../core/server/sessions.ts";
import { VirtualClock } from "../../../core/lib/time/mod.ts";

const HEALTH = {
  status: "ok",
  live: true,
  ready: true,
  version: "0",
  uptimeMs: 1,
  revision: 1,
  engine: "none",
  reasons: [],
  active: {},
  exporters: {},
} as const;

const STATS = { revision: 1, routes: {}, plugins: {} };

const BACKEND = {
  scale: 2,
  delay: 0,
  faultShare: 1,
  preset: null,
  presets: [],
  heldBy: {},
};

let resets = 0;

function endpoints() {
  const settings = { header: "X", limit: 1, expiry: 1 };
  return builtinEndpoints({
    bySpans: () => [],
    kit: createKit({
      distribution: () => ({ issues: [] }),
      folder: ".",
    }),
    sessions: new Sessions({
      clock: new VirtualClock(),
      settings: () => settings,
      create: () => Promise.reject(new Error("not here")),
      ended: () => {},
      url: () => undefined,
      report: () => {},
    }),
    world: {
      number: 1,
      config: { routes: [] },
      written: {},
      changeWritten: () => Promise.resolve(),
      routes: [],
      backend: { describe: () => BACKEND, change: () => Promise.resolve() },
      journal: { entries: () => [], holds: () => false },
      statsText: () => Promise.resolve(JSON.stringify(STATS)),
      live: new LiveFeed({
        clock: new VirtualClock(),
        run: "",
        snapshot: () => [],
      }),
      reset: () => void resets++,
      numbered: () => Promise.resolve(),
    },
    health: () => HEALTH,
    plugins: () => [],
  });
}

function answer(path: string): unknown {
  const endpoint = endpoints().find((one) => one.path === path);
  return endpoint?.handle({
    request: new Request("http://localhost/"),
    parameters: {},
    body: undefined,
    query: undefined,
  });
}

Deno.test("builtinEndpoints() answer with the data of their source", async () => {
  equal(answer("/health"), HEALTH);
  deepEqual(answer("/routes"), { routes: [] });
  deepEqual(answer("/plugins"), { plugins: [] });
  deepEqual(answer("/backend"), BACKEND);
  const stats = await answer("/stats");
  deepEqual(await (stats as Response).json(), STATS);
  const reset = await answer("/reset");
  deepEqual([resets, (reset as Response).status], [1, 204]);
});

Deno.test("builtinEndpoints() describe each of their answers in one sentence", () => {
  for (const { method, path, summary, answer } of endpoints()) {
    equal(/^[A-Z].*[^.]$/.test(summary), true, path);
    if (method === "GET") equal(answer !== undefined, true, path);
  }
});

Deno.test("builtinEndpoints() accept an interval of 100 ms to 1 min for live", () => {
  const query = endpoints().find(({ path }) => path === "/live")?.query;
  ok(query !== undefined);
  const read = (value: unknown) => validate(query, value);
  deepEqual(read({}), { value: {} });
  deepEqual(read({ interval: "100ms" }), { value: { interval: 100 } });
  deepEqual(read({ interval: "1m" }), { value: { interval: 60_000 } });
  for (const interval of ["99ms", "2m", "-1s", "soon", ""]) {
    const [issue] = read({ interval }).issues ?? [];
    equal(issue?.path, "/interval", interval);
    ok(issue.allowed?.includes("100ms"), issue.allowed);
  }
  const [unknown] = read({ intervall: "1s" }).issues ?? [];
  equal(unknown.suggestion, "interval");
});
