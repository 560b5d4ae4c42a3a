import { deepEqual, equal, match } from "node:assert/strict";
import { Fleet } from "../../../core/fleet/fleet.ts";
import {
  endFeed,
  fleetFigures,
  ownCall,
  sessionsElsewhere,
  spansElsewhere,
} from "../../../core/fleet/fleet_figures.ts";
import type { FleetCall, Peers } from "../../../core/fleet/peers.ts";
import { VirtualClock } from "../../../core/lib/time/mod.ts";
import { DEFAULTS } from "../../support/defaults.ts";

const { control, sessions } = DEFAULTS;
const settings = { control, sessions };

/** A fleet of this replica, two others that answer as told, and one that is gone. */
function fleetOf(answers: (url: URL) => Response) {
  const calls: string[] = [];
  const changes: FleetCall[] = [];
  const server = Deno.serve(
    { port: 0, hostname: "127.0.0.1", onListen() {} },
    ({ method, url }) => {
      calls.push(`${method} ${new URL(url).pathname}`);
      return answers(new URL(url));
    },
  );
  const url = `http://127.0.0.1:${server.addr.port}/`;
  const peers: Peers = {
    own: "0/4",
    list: () =>
      [url, url, url, undefined].map((url, index) => ({
        name: `${index}/4`,
        segment: { index, count: 4 },
        url,
      })),
    change(call) {
      changes.push(call);
      return Promise.resolve({ status: 204, headers: {}, body: "" });
    },
    reasons: () => ["Replica 3/4 was replaced"],
    lost: () => [],
    reset() {},
  };
  return { fleet: new Fleet(peers), server, calls, changes };
}

Deno.test("sessionsElsewhere(): a session expires when it does on the last replica that has it, and ends on all", async () => {
  let number = 0;
  const { fleet, server, calls, changes } = fleetOf(() =>
    number++ === 0
      ? Response.json({ expiresMs: 700 })
      : Response.json({ title: "There is no session" }, { status: 404 })
  );
  await using _ = server;
  const elsewhere = sessionsElsewhere(fleet, () => settings);
  equal(await elsewhere.expiresMs("a b/c"), 700);
  // This replica is not asked, and none of the others has the session the second time.
  equal(await elsewhere.expiresMs("a b/c"), 0);
  deepEqual(
    calls,
    Array(4).fill(`GET ${control.path}/sessions/a%20b%2Fc`),
  );
  equal((await elsewhere.end("a b/c")).status, 204);
  deepEqual(changes.map(({ method, target }) => [method, target]), [
    ["DELETE", `${control.path}/sessions/a%20b%2Fc`],
  ]);
});

Deno.test("ownCall() has the token of the control API and the header of the session, where there are any", () => {
  deepEqual(ownCall("GET", "/stats", settings).headers, {});
  const { headers, target } = ownCall("GET", "/stats", {
    control: { ...control, path: "/ctl", token: "t" },
    sessions,
  }, "s1");
  equal(target, "/ctl/stats");
  deepEqual(headers, { authorization: "Bearer t", [sessions.header]: "s1" });
});

Deno.test("spansElsewhere() asks for many spans in several calls, and joins what the replicas found", async () => {
  const asked: number[] = [];
  const { fleet, server } = fleetOf((url) => {
    const spans = url.searchParams.get("spans")?.split(",") ?? [];
    asked.push(spans.length);
    return Response.json({ requests: [{ spanId: spans[0] }] });
  });
  await using _ = server;
  const spans = Array.from({ length: 450 }, (_, index) => `s${index}`);
  const found = await spansElsewhere(fleet, settings, spans);
  deepEqual([...found.keys()], ["s0", "s200", "s400"]);
  deepEqual(asked, [200, 200, 200, 200, 50, 50]);
  equal((await spansElsewhere(fleet, settings, [])).size, 0);
});

Deno.test("fleetFigures(): the feed of a world is one for all revisions, and health names replicas that did not answer", () => {
  const peers: Peers = {
    own: "0/3",
    list: () => [
      { name: "0/3", segment: { index: 0, count: 3 }, url: undefined },
      { name: "1/3", segment: { index: 1, count: 3 }, url: undefined },
      {
        name: "2/3",
        segment: { index: 2, count: 3 },
        url: undefined,
        error: "it is being started",
      },
    ],
    change: () => Promise.reject(new Error("unused")),
    reasons: () => ["Replica 1/3 was replaced"],
    lost: () => [],
    reset() {},
  };
  const world = {
    session: undefined,
    clock: new VirtualClock(),
    revision: { plugins: [] },
    statsText: () => Promise.resolve("{}"),
  };
  // There is no feed to end before anybody followed it.
  endFeed(world);
  const figures = fleetFigures(new Fleet(peers), world, () => settings);
  const again = fleetFigures(new Fleet(peers), world, () => settings);
  equal(figures.live, again.live);
  endFeed(world);
  const health = figures.health([{
    name: "0/3",
    answer: {
      status: "ok",
      live: true,
      ready: true,
      version: "1",
      uptimeMs: 1,
      revision: 1,
      segment: "0/3",
      engine: "native",
      reasons: [],
      active: {},
      exporters: {},
    },
  }]);
  equal(health.status, "degraded");
  match(
    health.reasons.join("\n"),
    /1\/3: it did not answer[^]*2\/3: it is being started/,
  );
});
