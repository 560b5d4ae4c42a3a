import { deepEqual, equal, ok, rejects } from "node:assert/strict";
import { Counter, Gauge, type Registry } from "prom-client";
import { createPerfmock, type Perfmock } from "../../../mod.ts";
import type { Host, Key, Plugin } from "../../../core/plugin.ts";

const REGISTRY: Key<Registry> = { name: "exporters.promClient" };

/** A plugin of an author's own that counts what it observes. */
const shop: Plugin = {
  name: "shop",
  version: "1.0.0",
  requires: ["exporters"],
  setup(host) {
    const orders = host.keep(
      "orders",
      () => new Counter({ name: "shop_total", help: "Orders", registers: [] }),
    );
    host.find(REGISTRY)?.registerMetric(orders);
    return { route: () => ({ observe: () => orders.inc() }) };
  },
};

/** A plugin that does nothing but register something. */
function other(setup: (host: Host) => void): Plugin {
  return {
    name: "other",
    version: "1.0.0",
    requires: ["exporters", "shop"],
    setup(host) {
      setup(host);
      return {};
    },
  };
}

function shopServer(more: readonly Plugin[] = []): Promise<Perfmock> {
  return createPerfmock(
    { routes: [{ path: "/orders" }] },
    { listen: false, plugins: [shop, ...more], log: () => {} },
  );
}

async function call(
  server: Perfmock,
  path: string,
  init?: RequestInit,
): Promise<Response> {
  return await server.fetch(new Request(new URL(path, server.url), init));
}

async function shopLines(server: Perfmock): Promise<string[]> {
  const text = await (await call(server, "/metrics")).text();
  return text.split("\n").filter((line) => line.startsWith("shop_total"));
}

Deno.test("A plugin's prom-client metric is part of /metrics, and counts on when the configuration changes", async () => {
  await using server = await shopServer();
  await call(server, "/orders");
  deepEqual(await shopLines(server), ["shop_total 1"]);
  const changed = await call(server, "/_perfmock/config", {
    method: "PATCH",
    headers: { "content-type": "application/merge-patch+json" },
    body: JSON.stringify({ plugins: { shop: {}, limiter: {} } }),
  });
  equal(changed.status, 200);
  await changed.body?.cancel();
  await call(server, "/orders");
  deepEqual(await shopLines(server), ["shop_total 2"]);
});

Deno.test("A plugin that takes another's metric name cannot be set up: plugin and metric are named", async () => {
  await rejects(
    shopServer([
      other((host) =>
        new Gauge({
          name: "shop_total",
          help: "Mine",
          registers: [host.use(REGISTRY)],
        })
      ),
    ]),
    {
      code: "PLUGIN_SETUP_FAILED",
      message:
        'Cannot set up plugin "other": Cannot register metric "shop_total": the name is taken by another plugin\'s metric, "Orders"',
    },
  );
});

Deno.test("A metric of host.metrics goes before one of prom-client that had its name first, and health says so", async () => {
  await using server = await shopServer([
    other((host) => {
      host.metrics.counter({ name: "shop_total", help: "Late" }).series();
    }),
  ]);
  deepEqual(await shopLines(server), ["shop_total 0"]);
  ok(
    server.health().reasons.some((reason) =>
      reason.startsWith("Metric shop_total is left out of scrapes: ")
    ),
  );
});
