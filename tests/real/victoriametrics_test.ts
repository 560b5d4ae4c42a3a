import { equal } from "node:assert/strict";
import { createPerfmock, type Perfmock } from "../../mod.ts";
import {
  debianProgram,
  npmInstall,
  Service,
  temporaryFolder,
} from "./_packages.ts";
import { freePort, required, until } from "./_software.ts";

/** A VictoriaMetrics with free ports and a temporary folder; it keeps its data when it is started again. */
async function install(folder: string, scrapes: string | undefined) {
  const program = await debianProgram(folder, "victoria-metrics");
  const port = freePort();
  const graphite = freePort();
  const args = [
    `-storageDataPath=${folder}/data`,
    `-httpListenAddr=127.0.0.1:${port}`,
    `-graphiteListenAddr=127.0.0.1:${graphite}`,
    // Received samples can be queried at once.
    "-search.latencyOffset=0s",
  ];
  if (scrapes !== undefined) {
    await Deno.writeTextFile(
      `${folder}/scrape.json`,
      JSON.stringify({
        scrape_configs: [{
          job_name: "perfmock",
          scrape_interval: "1s",
          static_configs: [{ targets: [scrapes] }],
        }],
      }),
    );
    args.push(`-promscrape.config=${folder}/scrape.json`);
  }
  const get = async (path: string, parameters: Record<string, string>) => {
    const url = new URL(path, `http://127.0.0.1:${port}`);
    for (const [name, value] of Object.entries(parameters)) {
      url.searchParams.set(name, value);
    }
    const response = await fetch(url);
    const text = await response.text();
    return response.ok ? text : undefined;
  };
  return {
    graphite,
    start: () => new Service(program, args),
    /** Present value of an expression; undefined if there is none. */
    async query(expression: string): Promise<number | undefined> {
      const answer = await get("/api/v1/query", {
        query: expression,
        nocache: "1",
      });
      if (answer === undefined) return undefined;
      const value = JSON.parse(answer).data.result[0]?.value[1];
      return value === undefined ? undefined : Number(value);
    },
    /** Sum of all raw samples of a series. */
    async sum(name: string): Promise<number> {
      const answer = await get("/api/v1/export", {
        "match[]": `{__name__="${name}"}`,
        reduce_mem_usage: "1",
      });
      return (answer ?? "").split("\n").filter((line) => line !== "")
        .flatMap((line) => JSON.parse(line).values as number[])
        .reduce((sum, value) => sum + value, 0);
    },
  };
}

async function visit(server: Perfmock, path: string, times: number) {
  for (let n = 0; n < times; n++) {
    await (await fetch(new URL(path, server.url))).body?.cancel();
  }
}

const ROUTES = [
  { id: "orders", path: "/api/orders", serviceTime: "2ms" },
  { id: "cart", path: "/api/cart/:id", response: { status: 503 } },
];

const pause = (milliseconds: number) =>
  new Promise((resolve) => setTimeout(resolve, milliseconds));

Deno.test(
  "VictoriaMetrics scrapes the server and counts what the client sent, before and after a pause of 10 s",
  {
    ignore: !required,
  },
  async () => {
    await using folder = await temporaryFolder();
    await using server = await createPerfmock({ routes: ROUTES }, {
      log: () => {},
    });
    const victoria = await install(folder.path, server.url.host);
    await using first = victoria.start();
    await visit(server, "/api/orders", 40);
    await visit(server, "/api/cart/1", 3);
    const counted = (expression: string, value: number) =>
      until(async () =>
        await victoria.query(expression) === value ? true : undefined
      );
    const orders = 'perfmock_arrivals_total{route="orders"}';
    await counted(orders, 40);
    await counted(
      'http_server_request_duration_seconds_count{http_route="/api/cart/:id",http_response_status_code="503"}',
      3,
    );
    // Of cumulative figures, only the values in between are lost.
    await first.kill();
    await visit(server, "/api/orders", 60);
    await pause(10_000);
    await using _second = victoria.start();
    await counted(orders, 100);
    await visit(server, "/api/orders", 5);
    await counted(orders, 105);
    equal(await victoria.query("max(perfmock_injected_delay_early_total)"), 0);
  },
);

Deno.test(
  "VictoriaMetrics receives the client's counts through a StatsD daemon",
  {
    ignore: !required,
  },
  async () => {
    await using folder = await temporaryFolder();
    const victoria = await install(folder.path, undefined);
    await using _victoria = victoria.start();
    await until(async () => await victoria.query("vector(1)"));
    const port = freePort();
    await npmInstall(folder.path, "statsd@0.9.0");
    await Deno.writeTextFile(
      `${folder.path}/config.js`,
      JSON.stringify({
        port,
        address: "127.0.0.1",
        mgmt_port: freePort(),
        mgmt_address: "127.0.0.1",
        graphiteHost: "127.0.0.1",
        graphitePort: victoria.graphite,
        // Graphite's times are whole seconds: two flushes within a second would be one sample.
        flushInterval: 2000,
        deleteIdleStats: true,
        graphite: { legacyNamespace: false },
        backends: ["./backends/graphite"],
      }),
    );
    await using _statsd = new Service("node", [
      `${folder.path}/node_modules/statsd/stats.js`,
      `${folder.path}/config.js`,
    ]);
    {
      await using server = await createPerfmock({
        plugins: {
          exporters: {
            statsd: {
              address: `127.0.0.1:${port}`,
              format: "plain",
              interval: "500ms",
              prefix: "shop",
            },
          },
        },
        routes: ROUTES,
      }, { log: () => {} });
      for (let round = 0; round < 5; round++) {
        await visit(server, "/api/orders", 20);
        await visit(server, "/api/cart/1", 2);
        await pause(1000);
      }
      equal(server.health().exporters?.statsd, "ok");
    }
    const count = (route: string) =>
      `stats.counters.shop.perfmock_arrivals_total.route.${route}.count`;
    await until(async () =>
      await victoria.sum(count("orders")) >= 100 ? true : undefined
    );
    equal(await victoria.sum(count("orders")), 100);
    equal(await victoria.sum(count("cart")), 10);
    equal(
      await victoria.sum(
        "stats.counters.shop.perfmock_service_milliseconds.route.orders.count.count",
      ),
      100,
    );
  },
);
