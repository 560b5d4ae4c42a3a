import { deepEqual, equal, match, ok } from "node:assert/strict";
import { PerfmockError } from "../../core/errors.ts";
import type {
  Counter,
  Dial,
  Endpoint,
  Gauge,
  HealthReport,
  Host,
  Instance,
  Lease,
  Plugin,
  Rejection,
  RouteHooks,
  Ticket,
  Waiter,
} from "../../core/plugin.ts";
import { createTestServer, type TestServer } from "../../core/testing.ts";
import { nextTurn } from "../../core/lib/turn.ts";
import { lines } from "../support/errors.ts";
import { call } from "../support/http.ts";

/** A member of the plugin contract that misbehaves: as a function, or as a property that is read. */
interface Member {
  /** Text that an error contains besides the plugin's name; undefined if the name itself cannot be read. */
  readonly named: string | undefined;
  /** Makes a plugin `bad` with the member. */
  readonly with: (bad: (...given: never[]) => unknown) => object;
  /** True for a function that misbehaves when it is called, false for a value that is read. */
  readonly called: boolean;
}

type Instanced = Readonly<Record<PropertyKey, unknown>>;

function bad(instance: Instanced | ((host: Host) => Instanced)): object {
  return {
    name: "bad",
    version: "1.0.0",
    setup: typeof instance === "function" ? instance : () => instance,
  };
}

/** A plugin with hooks for the route `bad` only. */
function hooked(hooks: Instanced): object {
  return bad({
    route: ({ id }: { id: string }) => id === "bad" ? hooks : undefined,
  });
}

/** Adds a getter. */
function read(
  name: PropertyKey,
  get: () => unknown,
  to: object = {},
): Instanced {
  return Object.defineProperty({ ...to }, name, {
    get,
    enumerable: true,
  }) as Instanced;
}

const called = (named: string | undefined, make: Member["with"]): Member => ({
  named,
  with: make,
  called: true,
});

const data = (named: string | undefined, make: Member["with"]): Member => ({
  named,
  with: make,
  called: false,
});

const ownData = (name: PropertyKey, named?: string) =>
  data(
    named,
    (get) =>
      read(name, get, { name: "bad", version: "1.0.0", setup: () => ({}) }),
  );

const endpoint = (of: string) => ({
  method: "GET",
  path: of === "control" ? "/x" : "/bad-x",
  summary: "x",
  handle: () => ({}),
});

const endpointData = (name: PropertyKey) =>
  data(
    '"control"',
    (get) => bad({ control: [read(name, get, endpoint("control"))] }),
  );

const rejection = (name: PropertyKey) =>
  data(
    "bad",
    (get) =>
      hooked({ admit: () => read(name, get, { reason: "x", status: 503 }) }),
  );

const inert = "belongs to perfmock";

/** Members that a server which stands alone never asks for; tests/core/fleet has their tests. */
const alone = "asked for in a fleet";

/** All members of the contract that plugins provide. The types make the compiler notice a missing one. */
const MEMBERS: {
  readonly Plugin: Readonly<Record<keyof Plugin, Member>>;
  readonly Instance: Readonly<
    Record<keyof Required<Instance>, Member | typeof alone>
  >;
  readonly RouteHooks: Readonly<Record<keyof Required<RouteHooks>, Member>>;
  readonly Lease: Readonly<Record<keyof Lease, Member>>;
  readonly Ticket: Readonly<Record<keyof Ticket, Member>>;
  readonly Waiter: Readonly<Record<keyof Waiter, Member | typeof inert>>;
  readonly Rejection: Readonly<Record<keyof Required<Rejection>, Member>>;
  readonly Dial: Readonly<Record<keyof Required<Dial>, Member>>;
  readonly Endpoint: Readonly<
    Record<keyof Required<Endpoint>, Member | typeof alone>
  >;
  readonly HealthReport: Readonly<Record<keyof Required<HealthReport>, Member>>;
  readonly Counter: Readonly<Record<keyof Counter, Member | typeof inert>>;
  readonly Gauge: Readonly<Record<keyof Gauge, Member | typeof inert>>;
  readonly Host: Readonly<Record<keyof Host, Member | typeof inert>>;
} = {
  Plugin: {
    name: ownData("name"),
    version: ownData("version", "bad"),
    summary: ownData("summary", "bad"),
    contract: ownData("contract", "bad"),
    scope: ownData("scope", "bad"),
    requires: ownData("requires", "bad"),
    options: called("options", (run) => ({ ...bad({}), options: run })),
    routeKeys: called("route keys", (run) => ({ ...bad({}), routeKeys: run })),
    contributes: called("contributions", (run) => ({
      ...bad({}),
      contributes: run,
    })),
    setup: called("set up", (run) => ({ ...bad({}), setup: run })),
  },
  Instance: {
    route: called("cannot take it", (run) => bad({ route: run })),
    control: data('"control"', (get) => bad(() => read("control", get))),
    endpoints: data('"endpoints"', (get) => bad(() => read("endpoints", get))),
    dials: called("dials", (run) => bad({ dials: run })),
    adopt: called("adopt", (run) => bad({ adopt: run })),
    reset: called("reset", (run) => bad({ reset: run })),
    snapshot: called("snapshot", (run) => bad({ snapshot: run })),
    merge: alone,
    warnings: called("warnings", (run) => bad({ warnings: run })),
    health: called("health", (run) => bad({ health: run })),
    [Symbol.asyncDispose]: called(
      "asyncDispose",
      (run) => bad({ [Symbol.asyncDispose]: run }),
    ),
  },
  RouteHooks: {
    summary: data('"summary"', (get) => hooked(read("summary", get))),
    replayedBy: data('"replayedBy"', (get) => hooked(read("replayedBy", get))),
    dials: data('"dials"', (get) => hooked(read("dials", get))),
    resets: data('"resets"', (get) => hooked(read("resets", get))),
    admit: called('"admit"', (run) => hooked({ admit: run })),
    serve: called('"serve"', (run) => hooked({ serve: run })),
    degrade: called('"degrade"', (run) => hooked({ degrade: run })),
    respond: called('"respond"', (run) => hooked({ respond: run })),
    observe: called('"observe"', (run) => hooked({ observe: run })),
  },
  Lease: {
    release: called(
      "Lease.release",
      (run) => hooked({ admit: () => ({ release: run }) }),
    ),
  },
  Ticket: {
    leave: called(
      "Ticket.leave",
      (run) => hooked({ admit: () => ({ leave: run }) }),
    ),
  },
  Waiter: {
    exchange: inert,
    settle: called("bad", (run) =>
      bad(({ clock }) => ({
        route({ id }: { id: string }) {
          if (id !== "bad") return undefined;
          return {
            admit(x: { arrival: number }, waiter: Waiter) {
              const settle = () => waiter.settle(run() as Lease);
              clock.at(x.arrival + 1, settle, undefined);
              return { leave() {} };
            },
          };
        },
      }))),
  },
  Rejection: {
    reason: rejection("reason"),
    status: rejection("status"),
    retryAfter: rejection("retryAfter"),
    retryAfterAs: rejection("retryAfterAs"),
    headers: rejection("headers"),
    body: rejection("body"),
    action: rejection("action"),
  },
  Dial: {
    type: data(
      "dials",
      (get) =>
        bad({
          dials: () => ({ a: { b: { c: read("type", get, { turn() {} }) } } }),
        }),
    ),
    configured: data(
      "dials",
      (get) =>
        bad(({ kit }) => ({
          dials: () => ({
            a: {
              b: {
                c: read("configured", get, { type: kit.share(), turn() {} }),
              },
            },
          }),
        })),
    ),
    summary: data(
      "dials",
      (get) =>
        bad(({ kit }) => ({
          dials: () => ({
            a: {
              b: { c: read("summary", get, { type: kit.share(), turn() {} }) },
            },
          }),
        })),
    ),
    turn: called("dials.turn", (run) =>
      bad((host) => ({
        dials: () => ({
          a: { b: { c: { type: host.kit.share(), turn: run } } },
        }),
        control: [{
          ...endpoint("control"),
          handle() {
            host.dials.hold({ kind: "a", of: "b", dial: "c" }, "test").turn(1);
            return {};
          },
        }],
      }))),
  },
  Endpoint: {
    method: endpointData("method"),
    path: endpointData("path"),
    summary: endpointData("summary"),
    body: endpointData("body"),
    query: endpointData("query"),
    status: endpointData("status"),
    answer: endpointData("answer"),
    type: endpointData("type"),
    types: endpointData("types"),
    accepts: endpointData("accepts"),
    headers: endpointData("headers"),
    access: endpointData("access"),
    replicas: endpointData("replicas"),
    merge: alone,
    handle: called(
      "GET /bad-x",
      (run) => bad({ endpoints: [{ ...endpoint("endpoints"), handle: run }] }),
    ),
  },
  HealthReport: {
    reasons: data(
      "health",
      (get) => bad({ health: () => read("reasons", get) }),
    ),
    active: data(
      "health",
      (get) => bad({ health: () => read("active", get, { reasons: [] }) }),
    ),
    exporters: data(
      "health",
      (get) => bad({ health: () => read("exporters", get, { reasons: [] }) }),
    ),
  },
  Counter: {
    add: inert,
    value: inert,
    follow: called("metric.follow", (run) =>
      bad(({ metrics }) => {
        metrics.counter({ name: "bad_total", help: "Bad" }).series()
          .follow(run as () => number);
        return {};
      })),
  },
  Gauge: {
    add: inert,
    set: inert,
    value: inert,
    follow: called("metric.follow", (run) =>
      bad(({ metrics }) => {
        metrics.gauge({ name: "bad", help: "Bad" }).series()
          .follow(run as () => number);
        return {};
      })),
  },
  Host: {
    shared: inert,
    serves: inert,
    segment: inert,
    clock: called("host.clock.at", (run) =>
      bad(({ clock }) => {
        clock.at(clock.now() + 1, run as () => void, undefined);
        return {};
      })),
    keep: data(
      "set up",
      (run) =>
        bad((host) => {
          host.keep("x", run);
          return {};
        }),
    ),
    metrics: inert,
    version: inert,
    seed: inert,
    distribution: inert,
    families: inert,
    kit: inert,
    stream: inert,
    session: inert,
    url: inert,
    inFlight: inert,
    journal: inert,
    dials: inert,
    update: inert,
    provide: inert,
    use: inert,
    find: inert,
    suggest: inert,
    log: inert,
  },
};

/** Ways to misbehave. */
const WAYS: Readonly<Record<string, () => unknown>> = {
  throws() {
    throw new Error("misbehaves");
  },
  "throws what cannot be shown"() {
    throw Object.create(null);
  },
  rejects: () => Promise.reject(new Error("misbehaves")),
  hangs: () => new Promise(() => {}),
  "returns undefined": () => undefined,
  "returns null": () => null,
  "returns NaN": () => NaN,
  "returns a text": () => "nonsense",
  "returns a symbol": () => Symbol("nonsense"),
  "returns a number beyond JSON": () => 1n,
  "returns an object with getters that throw": () =>
    new Proxy({}, {
      get() {
        throw new Error("misbehaves");
      },
      ownKeys() {
        throw new Error("misbehaves");
      },
      has() {
        throw new Error("misbehaves");
      },
    }),
};

/** Runs with real time limits of at most 20 ms. Only limits use setTimeout here: the server is on virtual time. */
async function withShortLimits(run: () => Promise<void>): Promise<void> {
  const { setTimeout } = globalThis;
  const short = (wake: () => void, ms: number) =>
    setTimeout(wake, Math.min(ms, 20));
  Reflect.set(globalThis, "setTimeout", short);
  try {
    await run();
  } finally {
    Reflect.set(globalThis, "setTimeout", setTimeout);
  }
}

/** Makes a server with the bad plugin and a good one; undefined if it is refused, with the reason in `said`. */
async function start(
  plugin: object,
  said: string[],
  good: Plugin,
): Promise<TestServer | undefined> {
  try {
    return await createTestServer({
      routes: [
        { id: "bad", path: "/bad" },
        { id: "good", path: "/good", serviceTime: "5ms" },
      ],
    }, {
      plugins: [plugin as Plugin, good],
      log: (_, line) => said.push(line),
    });
  } catch (error) {
    ok(error instanceof PerfmockError, `refused with ${error}`);
    said.push(error.message, ...lines(error));
    return undefined;
  }
}

/** Calls every member of the bad plugin that a server calls, without waiting for what never ends. */
async function exercise({ clock, server }: TestServer): Promise<void> {
  const leaving = new AbortController();
  const { signal } = leaving;
  const pending = [
    call(server, "/bad", { signal }),
    call(server, "/_perfmock/bad/x"),
    call(server, "/bad-x"),
    call(server, "/metrics"),
  ].map((answer) =>
    answer.then((response) => response.body?.cancel()).catch(() => {})
  );
  for (let turn = 0; turn < 5; turn++) {
    await nextTurn();
    clock.advance(1);
  }
  leaving.abort();
  await nextTurn();
  void pending;
  server.stats();
  server.health();
  // Before the reset, which forgets them.
  server.reset();
  server.health();
}

async function survives(member: Member, way: string): Promise<void> {
  const said: string[] = [];
  const unhandled: unknown[] = [];
  const onRejection = (event: PromiseRejectionEvent) => {
    event.preventDefault();
    unhandled.push(event.reason);
  };
  addEventListener("unhandledrejection", onRejection);
  let observed = 0;
  let disposed = 0;
  const good: Plugin = {
    name: "good",
    version: "1.0.0",
    setup: () => ({
      route: ({ id }) =>
        id === "good" ? { observe: () => void observed++ } : undefined,
      [Symbol.asyncDispose]: () => Promise.resolve(void disposed++),
    }),
  };
  try {
    const server = await start(member.with(WAYS[way]), said, good);
    if (server !== undefined) {
      await exercise(server);
      const { duration, response } = await server.request("/good");
      deepEqual([response.status, duration, observed], [200, 5, 1]);
      await server[Symbol.asyncDispose]();
      equal(disposed, 1);
    }
    await nextTurn();
    // A promise that is read, and not returned by a call, is the plugin's own.
    if (way === "rejects" && !member.called) return;
    deepEqual(unhandled, []);
    if (!/^(throws|rejects)/.test(way) || member.named === undefined) return;
    const all = said.join("\n");
    match(all, /"bad"/);
    ok(
      all.includes(member.named) || all.includes("cannot be read"),
      `${member.named} is named in:\n${all}`,
    );
  } finally {
    removeEventListener("unhandledrejection", onRejection);
  }
}

for (const [type, members] of Object.entries(MEMBERS)) {
  Deno.test(`${type}: whatever a member does costs its own call, is named, and leaves server and other plugins as they are`, () =>
    withShortLimits(async () => {
      const failures: string[] = [];
      for (
        const name of Reflect.ownKeys(members)
      ) {
        const member: Member | string = Reflect.get(members, name);
        if (typeof member === "string") continue;
        for (const way of Object.keys(WAYS)) {
          try {
            await survives(member, way);
          } catch (error) {
            failures.push(
              `${type}.${String(name)} ${way}: ${
                error instanceof Error ? error.message : error
              }`,
            );
          }
        }
      }
      equal(failures.join("\n"), "");
    }));
}
