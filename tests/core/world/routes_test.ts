import { Generation } from "../../../core/pipeline/exchange.ts";
import { deepEqual, equal, notEqual } from "node:assert/strict";
import { MetricRegistry } from "../../../core/observe/metric_registry.ts";
import { Recorder } from "../../../core/observe/recorder.ts";
import { createFlow } from "../../../core/pipeline/pipeline.ts";
import type { Metric } from "../../../core/plugin.ts";
import { streamKey } from "../../../core/lib/random/mod.ts";
import {
  engineIssues,
  hiddenResets,
  MockRoute,
  type RouteWorld,
} from "../../../core/world/routes.ts";
import { RouteView } from "../../../core/world/route_view.ts";
import { SequenceNumbers } from "../../../core/pipeline/sequence.ts";
import { VirtualClock } from "../../../core/lib/time/mod.ts";
import { lines } from "../../support/errors.ts";
import { serverSettings } from "../../support/listening.ts";
import { testPlan } from "../../support/plan.ts";

function shared(metrics = new MetricRegistry()): RouteWorld {
  const sequences: RouteWorld["sequences"] = new Map();
  return {
    clock: new VirtualClock(),
    flow: createFlow(),
    recorder: new Recorder(metrics, 0),
    sequences,
    counterOf(id) {
      const counter = sequences.get(id) ?? new SequenceNumbers();
      sequences.set(id, counter);
      return counter;
    },
    report: () => {},
  };
}

async function build(parts: RouteWorld, methods: readonly string[]) {
  const key = await streamKey(42, "orders");
  return new MockRoute(
    {
      ...testPlan(),
      route: new RouteView(
        { id: "orders", methods, path: "/orders" },
        key,
        parts.sequences,
      ),
      status: 200,
      closes: false,
      when: undefined,
      readsBody: false,
      turning: undefined,
      trials: [0],
      generation: new Generation(),
      answer: () => {},
    },
    parts,
    undefined,
    [],
    {},
  );
}

Deno.test("RouteView has a separate stream for each purpose, the same for the same seed and route", async () => {
  const view = async (seed: number, id = "orders") =>
    new RouteView(
      { id, methods: ["GET"], path: "/orders" },
      await streamKey(seed, id),
      new Map(),
    );
  const draw = async (seed: number, purpose: string, id?: string) =>
    (await view(seed, id)).stream(purpose).uniform(0);
  equal(await draw(42, "service"), await draw(42, "service"));
  notEqual(await draw(42, "service"), await draw(43, "service"));
  notEqual(await draw(42, "service"), await draw(42, "faults"));
  notEqual(await draw(42, "service"), await draw(42, "service", "users"));
});

Deno.test("MockRoute has one plan per method, and one sequence for all of them", async () => {
  const route = await build(shared(), ["GET", "POST"]);
  equal(route.plan("GET"), route.plan("GET"));
  notEqual(route.plan("GET"), route.plan("POST"));
  equal(route.plan("GET").sequence, route.plan("POST").sequence);
  deepEqual([route.methods, route.path], [["GET", "POST"], "/orders"]);
});

Deno.test("MockRoute uses one plan for all unknown methods", async () => {
  const route = await build(shared(), ["*"]);
  equal(route.plan("BREW"), route.plan("WHEN"));
  notEqual(route.plan("BREW"), route.plan("GET"));
});

Deno.test("MockRoute continues the sequence and figures of the route that it replaces", async () => {
  const metrics = new MetricRegistry();
  const parts = shared(metrics);
  const before = await build(parts, ["GET"]);
  for (let n = 0; n < 7; n++) before.plan("GET").sequence.take();
  before.plan("GET").recorder.arrived(0);
  const after = await build(parts, ["GET"]);
  equal(after.plan("GET").sequence.next, 7);
  equal(parts.recorder.snapshot(0).orders.arrivals, 1);
  const arrivals = [...metrics.all()].find(({ definition }) =>
    definition.name === "perfmock_arrivals_total"
  ) as Metric;
  equal([...arrivals.entries()].length, 1);
});

Deno.test("MockRoute has figures before its first request, whatever its methods", async () => {
  for (const methods of [["GET"], ["*"]]) {
    const parts = shared();
    const route = await build(parts, methods);
    deepEqual(parts.recorder.snapshot(0), {}, "not before it is in force");
    route.adopt();
    equal(parts.recorder.snapshot(0).orders.arrivals, 0);
  }
});

Deno.test("RouteView.arrivals is the next sequence number, from 0", async () => {
  const parts = shared();
  const key = await streamKey(42, "orders");
  const identity = { id: "orders", methods: ["GET"], path: "/orders" };
  const view = new RouteView(identity, key, parts.sequences);
  equal(view.arrivals, 0);
  const { sequence } = (await build(parts, ["GET"])).plan("GET");
  for (let n = 0; n < 7; n++) sequence.take();
  equal(view.arrivals, 7);
});

Deno.test("hiddenResets() warns once of all routes whose resets browsers hide: not of those that close connections, and not with TLS", () => {
  const route = (id: string, resets: boolean, closes: boolean) => ({
    id,
    resets,
    closes,
  });
  const routes = [
    route("plain", false, false),
    route("closing", true, true),
    route("a", true, false),
    route("b", true, false),
    route("c", true, false),
  ];
  const indices = [0, 2, 3, 4, 5];
  const found = (
    server: Parameters<typeof serverSettings>[0],
    count: number,
  ) =>
    hiddenResets(
      { server: serverSettings(server) },
      routes.slice(0, count),
      indices,
    ).map(({ path, message }) => [path, message.replace(/.*0\.0001/, "…")]);
  deepEqual(found({}, 2), []);
  deepEqual(found({}, 3), [["/routes/3/response/headers", "…"]]);
  deepEqual(found({}, 5), [
    ["/routes/3/response/headers", "… (also on b, c)"],
  ]);
  deepEqual(found({ tls: "self-signed" }, 5), []);
});

Deno.test("engineIssues() finds what the configured engine cannot do: resets, TLS, a shared port", () => {
  const found = (
    server: Parameters<typeof serverSettings>[0],
    ...resets: readonly boolean[]
  ) =>
    lines({
      issues: engineIssues(
        { server: serverSettings(server) },
        resets.map((resets, index) => ({ id: `r${index}`, resets })),
      ),
    });
  for (const engine of ["auto", "native", "node"] as const) {
    deepEqual(found({ engine }, true), []);
  }
  deepEqual(found({ engine: "deno" }, false, true), [
    '/server/engine: This engine cannot reset connections, as route "r1" does → auto',
  ]);
  deepEqual(found({ engine: "native", tls: "self-signed" }), [
    "/server/engine: This engine serves plain HTTP only, without TLS → auto",
  ]);
  deepEqual(found({ engine: "auto", tls: "self-signed" }, true), []);
  const shared = [
    "/server/reusePort: Only the engine native can share its port, without TLS",
  ];
  const reusePort = true;
  deepEqual(found({ reusePort, engine: "deno" }), shared);
  deepEqual(found({ reusePort, engine: "node" }), shared);
  deepEqual(found({ reusePort, tls: "self-signed" }), shared);
  deepEqual(found({ reusePort }), []);
  deepEqual(found({ reusePort, engine: "native" }), []);
});
