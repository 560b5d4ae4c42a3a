import { deepEqual, equal, ok } from "node:assert/strict";
import { MetricRegistry } from "../../core/observe/metric_registry.ts";
import { PreciseClock } from "../../core/lib/time/mod.ts";
import { createPerfmock, type Perfmock } from "../../mod.ts";
import { DeliveredCounts } from "../../plugins/exporters/delivered_counts.ts";
import { createStatsdExporter } from "../../plugins/exporters/statsd.ts";
import { openUdp } from "../../plugins/exporters/statsd_udp.ts";
import { npmInstall, Service, temporaryFolder } from "./_packages.ts";
import { freePort, required, until } from "./_software.ts";

/** One flush of the daemon. */
interface Flush {
  /** Time in milliseconds since 1970. */
  readonly at: number;
  readonly counters: Readonly<Record<string, number>>;
  readonly gauges: Readonly<Record<string, number>>;
}

/** Backend that writes each flush of the daemon as a line of a file: counters that are not 0, and gauges if there are few. */
const BACKEND = `const { appendFileSync } = require("node:fs");
exports.init = (_, { file }, events) => {
  events.on("flush", (_, { counters, gauges }) => {
    const some = Object.fromEntries(Object.entries(counters).filter(([, n]) => n !== 0));
    const few = Object.keys(gauges).length < 1000 ? gauges : {};
    appendFileSync(file, JSON.stringify({ at: Date.now(), counters: some, gauges: few }) + "\\n");
  });
  return true;
};
`;

/** Interval of the daemon's flushes, in milliseconds. */
const DAEMON_INTERVAL = 100;

/** Etsy's daemon, from npm, on a free port, with a file for its flushes; it can be killed and started again. */
async function install(folder: string) {
  await npmInstall(folder, "statsd@0.9.0");
  const port = freePort();
  const file = `${folder}/flushes.jsonl`;
  await Deno.writeTextFile(`${folder}/backend.js`, BACKEND);
  await Deno.writeTextFile(
    `${folder}/config.js`,
    JSON.stringify({
      port,
      address: "127.0.0.1",
      mgmt_port: freePort(),
      mgmt_address: "127.0.0.1",
      flushInterval: DAEMON_INTERVAL,
      backends: [`${folder}/backend.js`],
      file,
    }),
  );
  const flushes = async (): Promise<Flush[]> =>
    (await Deno.readTextFile(file).catch(() => "")).split("\n")
      .filter((line) => line !== "").map((line) => JSON.parse(line));
  return {
    address: `127.0.0.1:${port}`,
    flushes,
    /** Starts the daemon, and waits for its first flush. */
    async start(): Promise<Service> {
      const { length } = await flushes();
      const service = new Service("node", [
        `${folder}/node_modules/statsd/stats.js`,
        `${folder}/config.js`,
      ]);
      await until(async () =>
        (await flushes()).length > length ? true : undefined
      );
      return service;
    },
    /** Sum received of a counter, over all runs of the daemon. */
    async sum(name: string): Promise<number> {
      return (await flushes()).reduce(
        (sum, { counters }) => sum + (counters[name] ?? 0),
        0,
      );
    },
  };
}

function serve(address: string, interval: string): Promise<Perfmock> {
  return createPerfmock({
    plugins: {
      exporters: { statsd: { address, format: "plain", interval } },
    },
    routes: [
      { id: "orders", path: "/api/orders", serviceTime: "2ms" },
      { id: "cart", path: "/api/cart/:id", response: { status: 503 } },
    ],
  }, { log: () => {} });
}

async function visit(server: Perfmock, path: string, times = 1): Promise<void> {
  for (let n = 0; n < times; n++) {
    await (await fetch(new URL(path, server.url))).body?.cancel();
  }
}

const ORDERS = "perfmock_arrivals_total.route.orders";
const pause = (milliseconds: number) =>
  new Promise((resolve) => setTimeout(resolve, milliseconds));

Deno.test(
  "A StatsD daemon receives the client's counts, and matching durations",
  {
    ignore: !required,
  },
  async () => {
    await using folder = await temporaryFolder();
    const daemon = await install(folder.path);
    await using _service = await daemon.start();
    {
      await using server = await serve(daemon.address, "100ms");
      for (let round = 0; round < 10; round++) {
        await visit(server, "/api/orders", 30);
        await visit(server, "/api/cart/1", 3);
        await pause(50);
      }
      equal(server.health().exporters?.statsd, "ok");
    }
    await until(async () => await daemon.sum(ORDERS) >= 300 ? true : undefined);
    // A duplicate would arrive with one of the next flushes.
    await pause(3 * DAEMON_INTERVAL);
    equal(await daemon.sum(ORDERS), 300);
    equal(await daemon.sum("perfmock_arrivals_total.route.cart"), 30);
    const duration = (id: string, route: string, status: number) =>
      `http_server_request_duration_milliseconds.route.${id}.http_request_method.GET.http_route.${route}.http_response_status_code.${status}`;
    equal(
      await daemon.sum(
        `${duration("cart", "_2fapi_2fcart_2f_3aid", 503)}.count`,
      ),
      30,
    );
    const last = (await daemon.flushes()).at(-1)?.gauges ?? {};
    equal(last["perfmock_requests_in_flight.route.orders"], 0);
    const p99 = last[`${duration("orders", "_2fapi_2forders", 200)}.p99`];
    ok(p99 >= 2 && p99 < 1000, `${p99} ms`);
  },
);

Deno.test("A StatsD daemon receives 10 000 series at once, each exactly", {
  ignore: !required,
}, async () => {
  await using folder = await temporaryFolder();
  const daemon = await install(folder.path);
  await using _service = await daemon.start();
  const metrics = new MetricRegistry({ seriesLimit: 10_000 });
  const timing = metrics.timing({ name: "t", help: "T", labels: ["n"] });
  for (let n = 0; n < 10_000; n++) timing.series(`${n}`).record(n);
  await using clock = new PreciseClock({ worker: false });
  const [host, port] = daemon.address.split(":");
  const exporter = createStatsdExporter(
    { clock, metrics, log: () => {} },
    {
      options: {
        address: { host, port: Number(port) },
        format: "plain",
        interval: 60_000,
        prefix: "",
        unit: "ms",
        distributions: false,
      },
      delivered: new DeliveredCounts(),
      open: openUdp,
    },
  );
  exporter.start();
  await until(async () =>
    await daemon.sum("t.n.9999.count") > 0 ? true : undefined
  );
  await exporter[Symbol.asyncDispose]();
  await pause(5 * DAEMON_INTERVAL);
  const counts = new Map<string, number>();
  for (const { counters } of await daemon.flushes()) {
    for (const [name, value] of Object.entries(counters)) {
      if (!name.endsWith(".count")) continue;
      counts.set(name, (counts.get(name) ?? 0) + value);
    }
  }
  equal(counts.size, 10_000);
  deepEqual(new Set(counts.values()), new Set([1]));
  deepEqual(
    [exporter.figures.dropped, exporter.figures.overflowed],
    [0, 0],
  );
});

Deno.test(
  "A StatsD daemon that is down for 10 s receives all counts from that time afterwards",
  {
    ignore: !required,
  },
  async () => {
    await using folder = await temporaryFolder();
    const daemon = await install(folder.path);
    await using first = await daemon.start();
    await using server = await serve(daemon.address, "1s");
    await visit(server, "/api/orders", 50);
    await until(async () => await daemon.sum(ORDERS) === 50 ? true : undefined);
    await first.kill();
    for (let second = 0; second < 10; second++) {
      await visit(server, "/api/orders", 7);
      await pause(1000);
    }
    deepEqual(
      server.health().exporters,
      {
        statsd:
          `failing: Cannot deliver: nobody listens on UDP ${daemon.address}`,
      },
    );
    await using _second = await daemon.start();
    await until(async () => await daemon.sum(ORDERS) >= 120 ? true : undefined);
    await visit(server, "/api/orders", 5);
    await until(async () => await daemon.sum(ORDERS) >= 125 ? true : undefined);
    await pause(3 * DAEMON_INTERVAL);
    equal(await daemon.sum(ORDERS), 125);
    equal(server.health().exporters?.statsd, "ok");
    const { statsd } = server.stats().plugins.exporters as {
      statsd: { dropped: number; overflowed: number };
    };
    deepEqual([statsd.dropped, statsd.overflowed], [0, 0]);
  },
);

/**
 * Under load, killing the daemon can lose counts that it had received but not flushed, and counts that were sent at that
 * moment. All of them are from after the time one exporter interval before the daemon's last flush, and before the daemon was
 * gone.
 */
Deno.test(
  "A StatsD daemon that is killed under load loses counts that it had not flushed, and no others",
  {
    ignore: !required,
  },
  async () => {
    const interval = 100;
    await using folder = await temporaryFolder();
    const daemon = await install(folder.path);
    await using first = await daemon.start();
    const times: number[] = [];
    const load = { isOn: true };
    let gone = 0;
    {
      await using server = await serve(daemon.address, `${interval}ms`);
      const loading = (async () => {
        while (load.isOn) {
          times.push(Date.now());
          await visit(server, "/api/orders");
          await pause(1);
        }
      })();
      await pause(2000);
      await first.kill();
      gone = Date.now();
      await pause(1000);
      await using second = await daemon.start();
      await pause(2000);
      load.isOn = false;
      await loading;
      await server[Symbol.asyncDispose]();
      await pause(5 * DAEMON_INTERVAL);
      await second.kill();
    }
    const flushes = await daemon.flushes();
    const lastFlush = Math.max(
      ...flushes.map(({ at }) => at).filter((at) => at < gone),
    );
    const mayBeLost =
      times.filter((time) =>
        time >= lastFlush - interval - DAEMON_INTERVAL && time <= gone
      ).length;
    const received = await daemon.sum(ORDERS);
    ok(received <= times.length, `${received} of ${times.length}: duplicates`);
    ok(
      times.length - received <= mayBeLost,
      `${received} of ${times.length}, ${mayBeLost} may be lost`,
    );
    ok(mayBeLost < times.length / 3);
  },
);
