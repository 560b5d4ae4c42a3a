import { deepEqual, equal, match, ok } from "node:assert/strict";
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { createPerfmock, type Perfmock } from "../../../mod.ts";
import { cli } from "../../support/cli.ts";
import { folderWith } from "../../support/plugins.ts";
import { request } from "./_otlp_schema.ts";
import { Daemon } from "./_daemon.ts";
import { attributesOf, type Span, spansIn } from "./_otlp_trace_schema.ts";

/** A StatsD daemon on a free port. */
async function listen() {
  const daemon = new Daemon();
  const socket = createSocket("udp4");
  socket.on("message", (datagram: Uint8Array) => daemon.take(datagram));
  socket.bind(0, "127.0.0.1");
  await once(socket, "listening");
  return {
    daemon,
    address: `127.0.0.1:${socket.address().port}`,
    close: () => new Promise<void>((resolve) => socket.close(resolve)),
  };
}

/** An OTLP receiver that stores the last sum of arrivals. */
function collect() {
  const told = { arrivals: 0, requests: 0 };
  const server = Deno.serve(
    { port: 0, hostname: "127.0.0.1", onListen() {} },
    async (call) => {
      const { resourceMetrics: [{ scopeMetrics: [{ metrics }] }] } = request
        .parse(await call.json());
      told.requests++;
      for (const metric of metrics) {
        if (metric.name !== "perfmock_arrivals_total") continue;
        ok("sum" in metric);
        told.arrivals = metric.sum.dataPoints[0].asDouble;
      }
      return Response.json({});
    },
  );
  const endpoint = `http://127.0.0.1:${server.addr.port}/v1/metrics`;
  return { told, endpoint, close: () => server.shutdown() };
}

/** Waits until the daemon has received this number of arrivals; at most 1000 turns of the event loop. */
async function read(daemon: Daemon, arrivals: number): Promise<void> {
  for (let turn = 0; turn < 1000; turn++) {
    if (daemon.counters.get(ARRIVALS) === arrivals) return;
    await new Promise((resolve) => setImmediate(resolve));
  }
}

async function visit(server: Perfmock, times: number): Promise<void> {
  for (let n = 0; n < times; n++) {
    await (await server.fetch(new Request(new URL("/a", server.url)))).text();
  }
}

const ROUTES = [{ id: "a", path: "/a" }];
const ARRIVALS = "perfmock_arrivals_total.route.a";

Deno.test("Exporters deliver all counts until the end, across all revisions, once", async () => {
  const statsd = await listen();
  const otlp = collect();
  const settings = {
    statsd: { address: statsd.address, format: "plain", interval: "100ms" },
    otlp: { endpoint: otlp.endpoint, interval: "100ms" },
  };
  const server = await createPerfmock({
    plugins: { exporters: settings },
    routes: ROUTES,
  }, { log: () => {} });
  await visit(server, 30);
  // First the same settings, then different ones.
  await server.update({ server: { drainTimeout: "3s" } });
  await visit(server, 20);
  await server.update({
    plugins: { exporters: { statsd: { interval: "150ms" } } },
  });
  await visit(server, 10);
  const { exporters } = server.stats().plugins;
  deepEqual(Object.keys(exporters as object), ["statsd", "otlp"]);
  await server[Symbol.asyncDispose]();
  await read(statsd.daemon, 60);
  equal(statsd.daemon.counters.get(ARRIVALS), 60);
  equal(otlp.told.arrivals, 60);
  ok(otlp.told.requests >= 2);
  await statsd.close();
  await otlp.close();
});

Deno.test("Exporters that are turned on later count from then", async () => {
  const statsd = await listen();
  const otlp = collect();
  const server = await createPerfmock({ routes: ROUTES }, { log: () => {} });
  await visit(server, 5);
  await server.update({
    plugins: {
      exporters: {
        statsd: { address: statsd.address, format: "plain" },
        otlp: { endpoint: otlp.endpoint },
      },
    },
  });
  await visit(server, 7);
  await server[Symbol.asyncDispose]();
  await read(statsd.daemon, 7);
  equal(statsd.daemon.counters.get(ARRIVALS), 7);
  equal(otlp.told.arrivals, 7);
  await statsd.close();
  await otlp.close();
});

Deno.test("A server continues while its exporters fail, and its health reports them", async () => {
  const lines: string[] = [];
  await using server = await createPerfmock({
    plugins: {
      exporters: {
        statsd: { address: "no-such-host.invalid:8125" },
        otlp: { endpoint: "http://no-such-host.invalid:4318/v1/metrics" },
      },
    },
    routes: ROUTES,
  }, { log: (_, message) => lines.push(message) });
  while (lines.length < 2) {
    await new Promise((resolve) => setImmediate(resolve));
  }
  await visit(server, 1);
  const { status, reasons, exporters } = server.health();
  equal(status, "degraded");
  equal(reasons.filter((reason) => reason.startsWith("Exporter")).length, 2);
  match(
    exporters?.statsd ?? "",
    /^failing: Cannot resolve no-such-host\.invalid: /,
  );
  match(exporters?.otlp ?? "", /^failing: Cannot deliver: /);
  ok(lines.every((line) => /Exporter (statsd|otlp) fails: /.test(line)));
});

Deno.test("Exporters are off if no address is given", async () => {
  await using server = await createPerfmock({
    plugins: { exporters: { statsd: false, otlp: false } },
    routes: ROUTES,
  });
  deepEqual(server.health().exporters, {});
  deepEqual(server.stats().plugins.exporters, {});
});

Deno.test("Commands that only look at a configuration deliver nothing, and load runs do", async () => {
  const otlp = collect();
  const settings = { otlp: { endpoint: otlp.endpoint, interval: "100ms" } };
  await using folder = await folderWith({
    "c.json": JSON.stringify({
      plugins: { exporters: settings },
      routes: [{ id: "a", path: "/a", serviceTime: "1ms" }],
    }),
    "script.json": JSON.stringify({
      scenarios: {
        s: {
          executor: "arrival-rate",
          rate: "100/s",
          duration: "50ms",
          requests: [{ path: "/a" }],
        },
      },
    }),
  });
  const config = ["--config", `${folder.path}/c.json`];
  const script = `${folder.path}/script.json`;
  for (
    const args of [
      ["check", ...config],
      ["schema", ...config],
      ["explain", "10ms", ...config],
      ["draw", "--route", "a", "--sequence", "0", ...config],
      ["simulate", script, ...config],
    ]
  ) {
    const { status, err } = await cli(...args);
    equal(status, 0, `${args[0]}: ${err}`);
    equal(otlp.told.requests, 0, args[0]);
  }
  equal((await cli("load", script, ...config)).status, 0);
  ok(otlp.told.requests > 0);
  await otlp.close();
});

/** A receiver that keeps the server spans of all requests. */
function collectSpans() {
  const spans: Span[] = [];
  const server = Deno.serve(
    { port: 0, hostname: "127.0.0.1", onListen() {} },
    async (call) => {
      const body = await call.text();
      if (!body.includes('"spans":[]')) {
        spans.push(...spansIn(body).filter(({ kind }) => kind === 2));
      }
      return Response.json({});
    },
  );
  const endpoint = `http://127.0.0.1:${server.addr.port}/v1/traces`;
  return { spans, endpoint, close: () => server.shutdown() };
}

Deno.test("Traces begin when they are turned on, go on across revisions and in sessions that end, and end with the server", async () => {
  const receiver = collectSpans();
  const server = await createPerfmock({ routes: ROUTES }, { log: () => {} });
  await visit(server, 5);
  await server.update({
    plugins: {
      exporters: {
        otlp: { traces: { endpoint: receiver.endpoint }, interval: "1h" },
      },
    },
  });
  await visit(server, 4);
  // The same settings, then different ones.
  await server.update({ server: { drainTimeout: "3s" } });
  await visit(server, 3);
  await server.update({
    plugins: { exporters: { otlp: { interval: "30m" } } },
  });
  const sessions = new URL("/_perfmock/sessions", server.url);
  const call = async (url: URL | string, init: RequestInit) =>
    await (await server.fetch(new Request(url, init))).body?.cancel();
  await call(sessions, { method: "POST", body: '{"name":"w1"}' });
  await call(new URL("/a", server.url), {
    headers: { "Perfmock-Session": "w1" },
  });
  await call(`${sessions}/w1`, { method: "DELETE" });
  await visit(server, 2);
  const { exporters } = server.stats().plugins;
  deepEqual(Object.keys(exporters as object), ["otlpTraces"]);
  deepEqual(Object.keys(server.health().exporters ?? {}), ["otlpTraces"]);
  await server[Symbol.asyncDispose]();
  const sent = receiver.spans.map((span) => {
    const attributes = attributesOf(span);
    return [
      attributes["perfmock.session"] ?? "",
      attributes["perfmock.sequence"],
    ]
      .join(" ");
  });
  deepEqual(
    sent.toSorted(),
    [
      ...Array.from({ length: 9 }, (_, n) => ` ${n + 5}`),
      "w1 0",
    ].toSorted(),
  );
  await receiver.close();
});

Deno.test("Traces without a journal are warned of, and send nothing", async () => {
  const receiver = collectSpans();
  const server = await createPerfmock({
    journal: { capacity: 0 },
    plugins: {
      exporters: { otlp: { traces: { endpoint: receiver.endpoint } } },
    },
    routes: ROUTES,
  }, { log: () => {} });
  await visit(server, 3);
  deepEqual(server.warnings.map(({ path }) => path), [
    "/plugins/exporters/otlp/traces",
  ]);
  await server.update({ journal: { capacity: 5 } });
  deepEqual(server.warnings, []);
  await visit(server, 3);
  await server[Symbol.asyncDispose]();
  equal(receiver.spans.length, 3);
  await receiver.close();
});
