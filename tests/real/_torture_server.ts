/**
 * The server of the torture suite: its configuration, its failing plugins, its upstream, and the receivers of its metrics.
 *
 * @module
 */
import { createSocket, type Socket } from "node:dgram";
import type { EngineName } from "../../mod.ts";

/** Things that an engine cannot do. */
export interface Exceptions {
  /** Reason why no connection is reset. */
  readonly resets?: string;
  /** Reason why the flood does not reach the limit of connections. */
  readonly limits?: string;
}

/** Parts that are left out on an engine, each with the reason. */
export const EXCEPTIONS: Readonly<Partial<Record<EngineName, Exceptions>>> = {
  deno: {
    resets: "Deno's server has no call that resets a connection",
    limits:
      "Deno's server has no limit of connections: the flood is held by descriptors only",
  },
  node: {
    limits:
      "server.limits is native's: Node's server takes a third of the process's descriptors, more than the flood opens",
  },
};

/** Number of connections that the engine `native` accepts; the flood goes beyond. */
export const CONNECTIONS = 400;

/**
 * Plugin that fails in each hook, in timers and in promises, on the routes whose ids start with `bad-`. `/torture` collects garbage and
 * answers the memory in use; from its first call on it watches the turns of the server's thread, for how long each has run.
 */
export const BAD_PLUGIN = `
const times = () =>
  Deno.readTextFileSync("/proc/self/task/" + Deno.pid + "/schedstat")
    .split(" ").slice(0, 2).map((time) => Number(time) / 1e6);
let watch;
let turns = [];
let begin = [0, 0];
let last = 0;
function turn() {
  const [ran] = times();
  turns.push(ran - last);
  last = ran;
}
const HOOKS = {
  "bad-throw": { serve() { throw new Error("throws"); } },
  "bad-reject": { respond: () => Promise.reject(new Error("rejects")) },
  "bad-nonsense": { serve: () => "nonsense", degrade: () => ({}) },
  "bad-hang": { respond: () => new Promise(() => {}) },
  "bad-ticket": {
    admit: () => ({ leave() { throw new Error("cannot leave"); } }),
  },
  "bad-release": {
    admit: () => ({ release() { throw new Error("cannot release"); } }),
    observe() { throw new Error("cannot observe"); },
  },
  "bad-stray": {
    observe() {
      setTimeout(() => { throw new Error("in a timer"); });
      Promise.reject(new Error("in a promise"));
    },
  },
};
// The 99th percentile of a moment's turn: longer turns are met more often.
function figures(turns) {
  const [ran, waited] = times().map((time, i) => time - begin[i]);
  turns.sort((a, b) => b - a);
  const all = turns.reduce((sum, turn) => sum + turn, 0);
  let met = 0;
  const p99 = turns.find((turn) => (met += turn) > all / 100) ?? 0;
  return { turns: { p99, max: turns[0] ?? 0 }, ran, waited };
}
export default {
  name: "bad",
  version: "1.0.0",
  setup: ({ clock }) => ({
    route({ id }) {
      if (id === "bad-clock") {
        return {
          observe(x) {
            clock.at(x.arrival + 1, () => { throw new Error("at its time"); });
          },
        };
      }
      return HOOKS[id];
    },
    reset() {
      turns = [];
      begin = times();
    },
    health() { throw new Error("has no health"); },
    endpoints: [{
      method: "GET",
      path: "/torture",
      summary: "Memory in use after a collection, and turns",
      async handle() {
        const taken = figures(turns);
        for (let i = 0; i < 4; i++) {
          await new Promise((resolve) => setTimeout(resolve, 10));
          globalThis.gc();
        }
        const { heapUsed, external } = Deno.memoryUsage();
        turns = [];
        last = times()[0];
        watch ??= setInterval(turn, 5);
        return { bytes: heapUsed + external, ...taken };
      },
    }],
  }),
};`;

/** Ports of what the server talks to. */
export interface Peers {
  readonly upstream: number;
  readonly statsd: number;
  readonly otlp: number;
}

/** Configuration with a route of each kind. */
export function configuration(engine: EngineName, peers: Peers) {
  const text = (
    path: string,
    more: Readonly<Record<string, unknown>> = {},
  ) => ({
    path,
    response: { text: "ok" },
    ...more,
  });
  const bad = [
    "throw",
    "reject",
    "nonsense",
    "hang",
    "ticket",
    "release",
    "stray",
    "clock",
  ].map((kind) =>
    text(`/bad/${kind}`, {
      id: `bad-${kind}`,
    })
  );
  return {
    seed: 1,
    server: {
      host: "127.0.0.1",
      port: 0,
      engine,
      ...engine === "native" && {
        limits: {
          connections: CONNECTIONS,
          headTimeout: "2s",
          idleTimeout: "5s",
          body: "1MiB",
        },
      },
    },
    journal: { capacity: 200 },
    sessions: { limit: 8, expiry: "5s" },
    overrides: { delay: true, profile: true, fault: true },
    plugins: {
      "./bad.js": {},
      limiter: {
        pools: {
          db: {
            concurrency: 4,
            queue: 10,
            queueTimeout: "200ms",
            onFull: { status: 503, retryAfter: "estimate" },
          },
          rated: {
            concurrency: 10,
            rateLimit: { rate: "20/s", burst: 5, per: "header:x-key" },
          },
        },
      },
      exporters: {
        statsd: {
          address: `127.0.0.1:${peers.statsd}`,
          format: "dogstatsd",
          interval: "250ms",
        },
        otlp: {
          endpoint: `http://127.0.0.1:${peers.otlp}/v1/metrics`,
          interval: "250ms",
        },
      },
      load_engine: { simulations: { time: "10s", memory: "128MiB" } },
      resource_stress: { maxMemory: 0.05, maxCpu: 0.5 },
    },
    routes: [
      text("/quiet", { id: "quiet", serviceTime: "20ms" }),
      text("/fixed"),
      {
        path: "/template/:id",
        serviceTime: "exponential(mean=3ms)",
        response: { json: { id: "{{path.id}}", q: "{{query.q}}" } },
      },
      { path: "/file/:name", response: { file: "files/{{path.name}}" } },
      {
        path: "/events",
        response: { events: { count: 20, data: { n: "{{index}}" } } },
        wire: { gap: "exponential(mean=5ms)" },
      },
      {
        path: "/paced",
        response: { text: "x".repeat(65_536) },
        wire: { bandwidth: { rate: "1MiB/s" }, chunk: "4KiB" },
      },
      { path: "/large", response: { text: "x".repeat(700_000) } },
      {
        path: "/upstream/*",
        method: "*",
        response: {
          proxy: {
            url: `http://127.0.0.1:${peers.upstream}`,
            timeout: "500ms",
          },
        },
      },
      text("/faulty", {
        id: "faulty",
        serviceTime: "1ms",
        faults: [
          { share: 0.2, status: 500 },
          { share: 0.2, action: "cut-body" },
          { share: 0.1, action: "hang" },
          ...EXCEPTIONS[engine]?.resets === undefined
            ? [{ share: 0.2, action: "connection-reset" }]
            : [],
        ],
      }),
      text("/limited", {
        limiter: "db",
        serviceTime: "exponential(mean=20ms)",
      }),
      text("/rated", { limiter: "rated" }),
      text("/degraded", {
        serviceTime: "2ms",
        degrade: {
          model: "leak",
          backend: "b",
          perRequest: "4MiB",
          limit: "512MiB",
          // A crash resets connections.
          exhaustion: EXCEPTIONS[engine]?.resets === undefined
            ? { at: 1, action: "crash", restart: "500ms" }
            : { at: 1, action: "refuse" },
        },
      }),
      text("/upload", { method: "POST" }),
      text("/changing", { id: "changing", serviceTime: "2ms" }),
      ...bad,
    ],
  };
}

/** Upstream that answers, is late, breaks off, or sends much. */
export class Upstream implements AsyncDisposable {
  #server: Deno.HttpServer<Deno.NetAddr> = serveUpstream(0);

  get port(): number {
    return this.#server.addr.port;
  }

  /** Ends all connections to it, which clients keep for the next request otherwise. */
  async restart(): Promise<void> {
    const { port } = this;
    await this.#server.shutdown();
    this.#server = serveUpstream(port);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server.shutdown();
  }
}

function serveUpstream(port: number): Deno.HttpServer<Deno.NetAddr> {
  return Deno.serve(
    {
      hostname: "127.0.0.1",
      port,
      onListen() {},
      // Of an answer that breaks off on purpose.
      onError: () => new Response(null, { status: 500 }),
    },
    async (request) => {
      const { pathname } = new URL(request.url);
      await request.body?.cancel();
      switch (pathname.split("/").at(-1)) {
        case "late":
          await new Promise((resolve) => setTimeout(resolve, 700));
          return new Response("late");
        case "broken":
          return new Response(
            new ReadableStream({
              pull(controller) {
                controller.error(new Error("Broken off on purpose"));
              },
            }),
          );
        case "large":
          return new Response("y".repeat(1024 * 1024));
        default:
          return new Response("ok");
      }
    },
  );
}

/** Receivers of StatsD and OTLP, which come and go. */
export class Receivers implements AsyncDisposable {
  readonly #statsd: number;
  readonly #otlp: number;
  #datagrams: Socket | undefined;
  #http: Deno.HttpServer | undefined;

  constructor({ statsd, otlp }: Pick<Peers, "statsd" | "otlp">) {
    this.#statsd = statsd;
    this.#otlp = otlp;
  }

  /** Starts both where they are gone, and ends them where they are there. */
  async turn(): Promise<void> {
    if (this.#datagrams !== undefined) return await this[Symbol.asyncDispose]();
    const hostname = "127.0.0.1";
    const datagrams = createSocket("udp4");
    this.#datagrams = datagrams;
    await new Promise<void>((resolve, reject) => {
      datagrams.once("error", reject);
      datagrams.bind(this.#statsd, hostname, resolve);
    });
    this.#http = Deno.serve(
      { hostname, port: this.#otlp, onListen() {} },
      async (request) => {
        // An exporter that is reloaded leaves in the middle of a body.
        await request.arrayBuffer().catch(() => {});
        return Response.json({});
      },
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const datagrams = this.#datagrams;
    this.#datagrams = undefined;
    if (datagrams !== undefined) {
      await new Promise<void>((resolve) => datagrams.close(resolve));
    }
    await this.#http?.shutdown();
    this.#http = undefined;
  }
}
