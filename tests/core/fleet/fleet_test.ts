import { deepEqual, equal, match, ok } from "node:assert/strict";
import { createServer } from "../../../core/app.ts";
import { carryOut } from "../../../core/fleet/change.ts";
import type { FleetCall, Peers, Replica } from "../../../core/fleet/peers.ts";
import { memberOver } from "../../../core/fleet/replica_calls.ts";
import type { Plugin } from "../../../core/plugin.ts";
import type { Server } from "../../../core/server/server.ts";

/** A plugin whose merges fail, and whose calls are of each kind. */
const failing: Plugin = {
  name: "failing",
  version: "1.0.0",
  setup: () => ({
    snapshot: () => ({ own: true }),
    merge() {
      throw new Error("cannot merge");
    },
    control: [
      { method: "GET", path: "/x", summary: "x", handle: () => 1, merge: fail },
      { method: "GET", path: "/one", summary: "x", handle: () => ({ a: 1 }) },
    ],
  }),
};

function fail(): never {
  throw new Error("cannot merge");
}

/** Two servers that are replicas of one fleet, and a third that does not answer. */
async function fleet({ missing = false } = {}) {
  const servers: Server[] = [];
  const count = missing ? 3 : 2;
  let changes = 0;
  const list = (): Replica[] => [
    ...servers.map(({ url }, index) => ({
      name: `${index}/${count}`,
      segment: { index, count },
      url: url.href,
    })),
    ...missing
      ? [{
        name: "2/3",
        segment: { index: 2, count },
        url: undefined,
        error: "it is being started",
      }]
      : [],
  ];
  const peersOf = (own: string): Peers => ({
    own,
    list,
    async change(call: FleetCall) {
      const id = `${changes++}`;
      const { answer } = await carryOut(
        list().map((replica) => memberOver(replica, call, id)),
        own,
      );
      return answer;
    },
    reasons: () => [],
    lost: () => [],
    reset() {},
  });
  for (let index = 0; index < 2; index++) {
    servers.push(
      await createServer({
        routes: [{ id: "a", path: "/a", response: { text: "a" } }],
      }, {
        segment: { index, count },
        peers: peersOf(`${index}/${count}`),
        plugins: [failing],
        log: () => {},
      }),
    );
  }
  const call = async (
    path: string,
    { server = 0, ...init }: RequestInit & { readonly server?: number } = {},
  ) => {
    const url = new URL(`/_perfmock/${path}`, servers[server].url);
    const response = await fetch(url, init);
    const text = await response.text();
    return {
      status: response.status,
      text,
      get data() {
        return JSON.parse(text);
      },
    };
  };
  return {
    servers,
    call,
    async request(server: number) {
      const response = await fetch(new URL("/a", servers[server].url));
      await response.body?.cancel();
      return response.headers;
    },
    async [Symbol.asyncDispose]() {
      await Promise.all(servers.map((each) => each[Symbol.asyncDispose]()));
    },
  };
}

Deno.test("Fleet: figures are those of all replicas, whichever is asked, and of one where it is named", async () => {
  await using replicas = await fleet();
  const { call, request } = replicas;
  const headers = [await request(0), await request(1), await request(1)];
  deepEqual(
    headers.map((each) => each.get("perfmock-sequence")),
    ["0", "1", "3"],
  );
  for (const server of [0, 1]) {
    const { data } = await call("stats", { server });
    equal(data.routes.a.answered, 3);
    equal(data.complete, true);
    deepEqual(data.plugins.failing, {
      error: "Error: cannot merge",
    });
  }
  equal((await call("stats?replica=1/2")).data.routes.a.answered, 2);
  equal((await call("stats?replica=0/2")).data.routes.a.answered, 1);
  equal((await call("stats?replica=0/2")).data.complete, undefined);
  equal((await call("stats?replica=5/2")).status, 404);
  equal((await call("reset?replica=0/2", { method: "POST" })).status, 400);
  const { data: { requests } } = await call("requests?limit=2");
  deepEqual(
    requests.map(({ replica, sequence }: Record<string, unknown>) => [
      replica,
      sequence,
    ]),
    [["1/2", 1], ["1/2", 3]],
  );
  equal((await call("requests?format=jsonl")).text.split("\n").length, 4);
  equal((await call("requests?limit=0")).status, 400);
  equal((await call("requests?route=b")).status, 404);
  const none = await call("requests?route=a&status=503");
  deepEqual([none.status, none.data.requests], [200, []]);
});

Deno.test("Fleet: GET live sends the figures of all replicas", async () => {
  await using replicas = await fleet();
  await replicas.request(0);
  await replicas.request(1);
  const url = new URL("/_perfmock/live", replicas.servers[1].url);
  const response = await fetch(url);
  equal(response.headers.get("content-type"), "text/event-stream");
  let text = "";
  for await (
    const part of response.body?.pipeThrough(new TextDecoderStream()) ?? []
  ) {
    text += part;
    if (text.includes("\n\n")) break;
  }
  const data = JSON.parse(/^data: (.*)$/m.exec(text)?.[1] ?? "");
  deepEqual(
    [data.dropped, data.routes.a.answered, data.complete],
    [0, 2, true],
  );
});

Deno.test("Fleet: a replica that does not answer is named, and the figures are incomplete; changes and scrapes are refused", async () => {
  await using replicas = await fleet({ missing: true });
  const { call, servers } = replicas;
  const { data } = await call("stats");
  equal(data.complete, false);
  deepEqual(data.replicas, [
    { name: "0/3", answered: true },
    { name: "1/3", answered: true },
    { name: "2/3", answered: false, error: "it is being started" },
  ]);
  const health = await call("health");
  equal(health.data.status, "degraded");
  match(health.data.reasons.join("\n"), /Replica 2\/3: it is being started/);
  const changed = await call("routes/a", {
    method: "PATCH",
    body: '{"scale":2}',
  });
  deepEqual([changed.status, changed.data.code], [503, "REPLICA_UNREACHABLE"]);
  deepEqual(servers.map(({ revision }) => revision), [1, 1]);
  const scrape = await fetch(new URL("/metrics", servers[0].url));
  equal(scrape.status, 503);
  match(await scrape.text(), /2\/3: it is being started/);
});

Deno.test("Fleet: a change takes effect on all replicas or on none, and calls of other kinds go where they belong", async () => {
  await using replicas = await fleet();
  const { call, servers } = replicas;
  const patched = await call("routes/a", {
    method: "PATCH",
    body: '{"serviceTime":"1ms"}',
    server: 1,
  });
  equal(patched.status, 200);
  deepEqual(servers.map(({ revision }) => revision), [2, 2]);
  // One replica holds another revision: the change that names the first one is refused there, and so made nowhere.
  await servers[1].update({ seed: 7 });
  const stale = await call("config", {
    method: "PATCH",
    body: '{"seed":8}',
    headers: { "if-match": '"2"' },
  });
  deepEqual([stale.status, stale.data.code], [412, "REVISION_STALE"]);
  deepEqual(servers.map(({ config: { seed } }) => seed), [42, 7]);

  const session = await call("sessions", { method: "POST", body: "{}" });
  equal(session.data.name, "s1");
  for (const server of [0, 1]) {
    equal((await call("sessions/s1", { server })).data.name, "s1");
  }
  const ended = await call("sessions/s1", { method: "DELETE", server: 1 });
  equal(ended.status, 204);
  equal((await call("sessions/s1")).status, 404);

  equal((await call("failing/x")).status, 500);
  deepEqual((await call("failing/one")).data, { a: 1 });
  const experiment = await call("bottleneck_finder/runs", {
    method: "POST",
    body: "{}",
  });
  equal(experiment.status, 409);
  const explained = await call("distributions/explain", {
    method: "POST",
    body: '{"distribution":"5ms"}',
  });
  equal(explained.data.mean, 5);
});

Deno.test("Fleet: a page's requests are joined with exchanges of all replicas, and its figures are at the first", async () => {
  await using replicas = await fleet();
  const traces = await Promise.all(
    [0, 1].map(async (server) =>
      /desc="([^"]+)"/.exec(
        (await replicas.request(server)).get("server-timing") ?? "",
      )?.[1] ?? ""
    ),
  );
  ok(traces.every((trace) => trace !== ""));
  const beacon = {
    page: "page-0001",
    url: "http://localhost/",
    requests: traces.map((traceparent, index) => ({
      url: new URL("/a", replicas.servers[index].url).href,
      traceparent,
      requestStart: 1,
      responseStart: 5,
      responseEnd: 6,
      startTime: 0,
      status: 200,
      transferSize: 100,
    })),
    figures: {},
  };
  const taken = await replicas.call("exporters/correlation", {
    method: "POST",
    body: JSON.stringify(beacon),
    server: 1,
  });
  deepEqual([taken.status, taken.data.joined], [200, 2], taken.text);
  for (const server of [0, 1]) {
    const { data } = await replicas.call("exporters/correlation", { server });
    deepEqual([data.joined, data.routes[0].route], [2, "a"]);
  }
});
