import { deepEqual, equal, ok } from "node:assert/strict";
import { createServer } from "../../../core/app.ts";
import { VirtualClock } from "../../../core/lib/time/mod.ts";
import { Edge } from "../../../core/pipeline/edge.ts";
import type { Server } from "../../../core/server/server.ts";
import { RawIncoming } from "../../support/incoming.ts";

const CONFIG = {
  routes: [
    { path: "/now", response: { text: "ok" } },
    { path: "/short", serviceTime: "50ms", response: { text: "ok" } },
    { path: "/long", serviceTime: "51ms", response: { text: "ok" } },
    {
      path: "/hang",
      response: {},
      faults: [{ share: 1, action: "hang" as const }],
    },
    {
      path: "/reset",
      response: {},
      faults: [{ share: 1, action: "connection-reset" as const }],
    },
    { path: "/any", method: "*", response: { text: "any" } },
  ],
};

interface World {
  readonly server: Server;
  readonly edge: Edge;
  readonly clock: VirtualClock;
  /** Hands a request to the edge. */
  receive(path: string, more?: Partial<Given>): RawIncoming;
}

interface Given {
  readonly method: string;
  readonly headers: Record<string, string>;
}

async function inWorld(test: (world: World) => Promise<void> | void) {
  const clock = new VirtualClock();
  await using server = await createServer(CONFIG, { clock, listen: false });
  const { edge } = server.world;
  await test({
    server,
    edge,
    clock,
    receive(path, { method = "GET", headers } = {}) {
      const incoming = new RawIncoming(
        method,
        `http://localhost${path}`,
        headers,
      );
      edge.receive(incoming);
      return incoming;
    },
  });
}

async function statusOf(incoming: RawIncoming): Promise<number | undefined> {
  const response = await incoming.responses.at(0);
  await response?.body?.cancel();
  return response?.status;
}

const ORIGIN = { origin: "http://app.example" };

Deno.test("Edge.receive() answers by prepared bytes, without a Request or a Response", () =>
  inWorld(({ receive, server }) => {
    for (const path of ["/now", "/now", "/now?n=1"]) {
      const { sent, responses, requests, watch } = receive(path);
      deepEqual([sent.length, responses, requests, watch], [1, [], 0, []]);
    }
    deepEqual(
      server.requests().map(({ path, outcome }) => [path, outcome]),
      [["/now", "answered"], ["/now", "answered"], ["/now?n=1", "answered"]],
    );
  }));

Deno.test("Edge.receive() leaves it to the engine to watch for the client during a short wait only", () =>
  inWorld(({ receive, clock }) => {
    const waits = ["/short", "/long", "/hang"].map((path) => receive(path));
    deepEqual(
      waits.map(({ watch }) => watch.map(({ short }) => short)),
      [[true], [false], [false]],
    );
    clock.advance(51);
    deepEqual(waits.map(({ sent }) => sent.length), [1, 1, 0]);
    waits[2].watch[0].listener.left();
  }));

Deno.test("a client that leaves ends its exchange, unless the answer has left", () =>
  inWorld(({ receive, clock, server }) => {
    const [gone, answered] = [receive("/long"), receive("/long")];
    gone.watch[0].listener.left();
    clock.advance(51);
    answered.watch[0].listener.left();
    deepEqual([gone.sent.length, answered.sent.length], [0, 1]);
    deepEqual(
      server.requests().map(({ outcome }) => outcome),
      ["gone", "answered"],
    );
  }));

Deno.test("a connection-reset resets the incoming request in place of an answer", () =>
  inWorld(({ receive }) => {
    const { resets, sent, responses } = receive("/reset");
    deepEqual([resets, sent, responses], [1, [], []]);
  }));

Deno.test("preflights and unmatched requests make no Request, endpoints make one", () =>
  inWorld(async ({ receive }) => {
    const preflight = {
      method: "OPTIONS",
      headers: { ...ORIGIN, "access-control-request-method": "PUT" },
    };
    for (
      const [path, given, status, requests] of [
        ["/any", preflight, 204, 0],
        ["/nowhere", { headers: ORIGIN }, 404, 0],
        ["/now", { method: "DELETE" }, 405, 0],
        ["/metrics", {}, 200, 1],
      ] as const
    ) {
      const incoming = receive(path, given);
      equal(await statusOf(incoming), status);
      equal(incoming.requests, requests, path);
    }
  }));

Deno.test("an OPTIONS request is a preflight or the route's, each time anew", () =>
  inWorld(async ({ receive }) => {
    const method = "OPTIONS";
    const asks = { ...ORIGIN, "access-control-request-method": "PUT" };
    equal(receive("/any", { method }).sent.length, 1);
    equal(await statusOf(receive("/any", { method, headers: asks })), 204);
    equal(receive("/any", { method }).sent.length, 1);
  }));

Deno.test("Edge.fetch() returns a Response where nothing waits, and otherwise a promise", () =>
  inWorld(async ({ edge, clock }) => {
    const now = edge.fetch(new Request("http://localhost/now"));
    ok(now instanceof Response);
    equal(await now.text(), "ok");
    const later = edge.fetch(new Request("http://localhost/long"));
    ok(later instanceof Promise);
    clock.advance(51);
    equal(await (await later).text(), "ok");
  }));

Deno.test("an edge asks first which session a request names", () =>
  inWorld(({ edge, receive }) => {
    const asked: string[] = [];
    edge.inSession = ({ url }) => {
      asked.push(url);
      return url.endsWith("?mine");
    };
    deepEqual(
      ["/now?mine", "/now"].map((path) => receive(path).sent.length),
      [0, 1],
    );
    equal(asked.length, 2);
  }));

Deno.test("an edge answers 503 before its first revision, and while it drains", async () => {
  const early = new RawIncoming("GET", "http://localhost/now", ORIGIN);
  new Edge().receive(early);
  equal(await statusOf(early), 503);
  await inWorld(async ({ receive, server }) => {
    equal(receive("/now").sent.length, 1);
    server.world.flow.draining = true;
    const late = receive("/now", { headers: ORIGIN });
    const response = await late.responses[0];
    deepEqual(
      ["connection", "access-control-allow-origin"]
        .map((name) => response.headers.get(name)),
      ["close", ORIGIN.origin],
    );
    equal(await statusOf(late), 503);
    for (const [path, method] of [["/nowhere", "GET"], ["/now", "DELETE"]]) {
      const other = receive(path, { method });
      equal(await statusOf(other), 503, `${method} ${path}`);
    }
    equal(await statusOf(receive("/metrics")), 200);
    server.world.flow.draining = false;
  });
});

Deno.test("a cut settles requests that wait, and leaves those alone whose body flows", async () => {
  const clock = new VirtualClock();
  const server = await createServer({
    routes: [
      ...CONFIG.routes,
      {
        path: "/flow",
        response: { text: "abcd" },
        wire: { gap: "1s", chunk: 1 },
      },
    ],
  }, { clock, listen: false });
  const [waiting, flowing] = ["/long", "/flow"].map((path) => {
    const incoming = new RawIncoming("GET", `http://localhost${path}`);
    server.world.edge.receive(incoming);
    return incoming;
  });
  await server[Symbol.asyncDispose]();
  equal(await statusOf(waiting), 503);
  deepEqual(flowing.responses.length, 1);
});
