import { BUILTIN } from "../../../core/builtin.ts";
import {
  deepEqual,
  equal,
  notEqual,
  rejects,
  throws,
} from "node:assert/strict";
import type { Exchange } from "../../../core/plugin.ts";
import type { VirtualWorld } from "../../../core/load.ts";
import { createVirtualWorld } from "../../../core/world/virtual_world.ts";

const FOLDER = new URL("file:///");

function world(routes: readonly object[]): Promise<VirtualWorld> {
  const value = { routes };
  return createVirtualWorld({
    value,
    folder: FOLDER,
    builtin: BUILTIN,
    plugins: [],
  }, () => {});
}

/** An ended exchange, as [tag, outcome, time]. */
type Ended = [tag: string, outcome: string, at: number];

/** Sends to a path, and keeps what is told of the end. */
function sender(of: VirtualWorld) {
  const ended: Ended[] = [];
  return {
    ended,
    send(path: string, tag: string): Exchange {
      const target = of.target("GET", path);
      if (target === undefined) throw new Error(`No route takes ${path}`);
      return of.send(target, (exchange, told: string) => {
        ended.push([told, exchange.outcome, of.clock.now()]);
      }, tag);
    },
  };
}

Deno.test("A world's clock starts at 0 and advances only while the world is run", async () => {
  await using w = await world([{ path: "/a", serviceTime: "20ms" }]);
  equal(w.clock.now(), 0);
  const { send, ended } = sender(w);
  send("/a", "x");
  equal(w.inFlight, 1);
  deepEqual(ended, []);
  equal(w.run(10, 100), 0);
  equal(w.clock.now(), 10);
  equal(w.run(Infinity, 100), 1);
  deepEqual(ended, [["x", "answered", 20]]);
  equal(w.inFlight, 0);
});

Deno.test("A world runs at most the given number of timers", async () => {
  await using w = await world([{ path: "/a", serviceTime: "20ms" }]);
  const { send, ended } = sender(w);
  for (const tag of ["a", "b", "c"]) send("/a", tag);
  equal(w.run(100, 2), 2);
  equal(ended.length, 2);
  equal(w.clock.now(), 20);
  equal(w.run(100, 2), 1);
  equal(w.clock.now(), 100);
});

Deno.test("A world finds routes as HTTP does, and returns none for an unknown path", async () => {
  await using w = await world([
    { id: "one", path: "/a/:id", method: ["GET", "PUT"] },
    { id: "all", path: "/b", method: "*" },
  ]);
  equal(w.target("GET", "/a/1"), w.target("GET", "/a/2"));
  notEqual(w.target("PUT", "/a/1"), w.target("GET", "/a/1"));
  deepEqual(
    [w.target("PUT", "/a/1")?.route, w.target("PUT", "/a/1")?.method],
    ["one", "PUT"],
  );
  equal(w.target("DELETE", "/b")?.route, "all");
  equal(w.target("POST", "/a/1"), undefined);
  equal(w.target("GET", "/c"), undefined);
});

Deno.test("An exchange of 0 ms ends as soon as it is sent", async () => {
  await using w = await world([{ path: "/a" }]);
  const { send, ended } = sender(w);
  equal(send("/a", "x").outcome, "answered");
  deepEqual(ended, [["x", "answered", 0]]);
});

Deno.test("A client that leaves frees its place for the next; leaving after the end has no effect", async () => {
  await using w = await world([{
    path: "/a",
    serviceTime: "20ms",
    limiter: { concurrency: 1, queue: 5 },
  }]);
  const { send, ended } = sender(w);
  const first = send("/a", "first");
  const second = send("/a", "second");
  send("/a", "third");
  w.run(5, 10);
  w.abandon(second);
  w.abandon(first);
  w.run(100, 10);
  w.abandon(first);
  deepEqual(ended, [
    ["second", "gone", 5],
    ["first", "gone", 5],
    ["third", "answered", 25],
  ]);
});

Deno.test("A hanging exchange is cut", async () => {
  await using w = await world([{
    path: "/a",
    faults: [{ share: 1, action: "hang" }],
  }]);
  const { send, ended } = sender(w);
  send("/a", "x");
  w.run(1e9, 100);
  equal(w.inFlight, 1);
  w.cut();
  deepEqual(ended, [["x", "cut", 1e9]]);
});

Deno.test("run() throws an error of the caller's code, once", async () => {
  await using w = await world([{ path: "/a", serviceTime: "20ms" }]);
  const target = w.target("GET", "/a");
  if (target === undefined) throw new Error("No route");
  const fail = () => {
    throw new Error("mine");
  };
  w.send(target, fail, undefined);
  w.send(target, fail, undefined);
  throws(() => w.run(100, 10), /^Error: mine$/);
  w.run(100, 10);
  equal(w.inFlight, 0);
});

Deno.test("A world has separate dials", async () => {
  await using w = await world([{ id: "a", path: "/a", serviceTime: "20ms" }]);
  const dial = w.dials.hold({ kind: "route", of: "a", dial: "delay" }, "test");
  dial.turn(30);
  const { send, ended } = sender(w);
  send("/a", "slow");
  w.run(100, 10);
  dial.release();
  send("/a", "quick");
  w.run(200, 10);
  deepEqual(ended.map(([tag, , at]) => [tag, at]), [["slow", 50], [
    "quick",
    120,
  ]]);
});

Deno.test("A world that cannot be created reports the reason", async () => {
  await rejects(world([{ path: "/a", serviceTime: "fast" }]), {
    code: "CONFIG_INVALID",
  });
});

Deno.test("A world chooses routes by headers and body, and gives turns by them", async () => {
  const graphql = (operation: string, serviceTime: string) => ({
    id: operation,
    method: "POST",
    path: "/graphql",
    when: { graphql: { operation } },
    serviceTime,
  });
  await using w = await world([
    graphql("Cart", "20ms"),
    graphql("Search", "80ms"),
    {
      id: "gold",
      path: "/a",
      when: { header: { level: "gold" } },
      serviceTime: "5ms",
    },
    {
      id: "retry",
      path: "/a",
      turns: { per: "header:key" },
      serviceTimes: ["10ms", "1s"],
    },
  ]);
  const ended: [string, number][] = [];
  const send = (
    method: string,
    path: string,
    headers: [string, string][],
    body?: string,
  ) => {
    const request = { path, headers, body };
    const found = w.target(method, path);
    if (found === undefined) throw new Error(`No route takes ${path}`);
    equal(found.looks, true);
    const target = w.choose(found, request);
    if (target === undefined) return ended.push(["none", w.clock.now()]);
    w.send(
      target,
      ({ end }, id: string) => ended.push([id, end]),
      target.route,
      request,
    );
  };
  const operation = (...names: string[]) => {
    const all = names.map((operationName) => ({ operationName }));
    return JSON.stringify(all.length === 1 ? all[0] : all);
  };
  send("POST", "/graphql", [], operation("Search"));
  send("POST", "/graphql", [], operation("Other"));
  send("POST", "/graphql", [], operation("Cart"));
  send("POST", "/graphql", [], operation("Cart", "Search", "Cart"));
  send("GET", "/a", [["level", "gold"]]);
  send("GET", "/a", [["key", "a"]]);
  send("GET", "/a", [["key", "b"]]);
  send("GET", "/a", [["key", "a"]]);
  w.run(Infinity, 100);
  deepEqual(ended, [
    ["none", 0],
    ["gold", 5],
    ["retry", 10],
    ["retry", 10],
    ["Cart", 20],
    ["Search", 80],
    // The batch ends with the slowest of its operations.
    ["Cart", 80],
    ["retry", 1000],
  ]);
  equal(w.inFlight, 0);
});
