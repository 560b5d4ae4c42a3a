import { deepEqual, equal } from "node:assert/strict";
import { createPerfmock } from "../../mod.ts";
import { freePort, required, run, until } from "./_software.ts";

const ROUTES = [
  { id: "orders", path: "/api/orders", serviceTime: "2ms" },
  { id: "cart", path: "/api/cart/:id", response: { status: 503 } },
];

async function visit(url: URL): Promise<void> {
  for (const path of ["/api/orders", "/api/orders", "/api/cart/1", "/none"]) {
    await (await fetch(new URL(path, url))).body?.cancel();
  }
}

Deno.test("promtool finds nothing to correct in a live scrape", {
  ignore: !required,
}, async () => {
  await using server = await createPerfmock({ routes: ROUTES });
  await visit(server.url);
  const scrape = await (await fetch(new URL("/metrics", server.url))).text();
  deepEqual(await run("promtool", ["check", "metrics"], scrape), {
    code: 0,
    output: "",
  });
});

Deno.test("A Prometheus scrapes the server and counts what it was sent", {
  ignore: !required,
}, async () => {
  await using server = await createPerfmock({ routes: ROUTES });
  await visit(server.url);
  const folder = await Deno.makeTempDir({ prefix: "perfmock-prometheus-" });
  const port = freePort();
  await Deno.writeTextFile(
    `${folder}/prometheus.yml`,
    JSON.stringify({
      scrape_configs: [{
        job_name: "perfmock",
        scrape_interval: "1s",
        static_configs: [{ targets: [server.url.host] }],
      }],
    }),
  );
  const prometheus = new Deno.Command("prometheus", {
    args: [
      `--config.file=${folder}/prometheus.yml`,
      `--storage.tsdb.path=${folder}/data`,
      `--web.listen-address=127.0.0.1:${port}`,
    ],
    stdout: "null",
    stderr: "null",
  }).spawn();
  try {
    const query = (expression: string) =>
      until(async () => {
        const url = new URL(`http://127.0.0.1:${port}/api/v1/query`);
        url.searchParams.set("query", expression);
        const response = await fetch(url);
        const answer = await response.text();
        // 503 until its storage is open, then an empty result until the first scrape.
        if (!response.ok) return undefined;
        return JSON.parse(answer).data.result[0]?.value[1];
      });
    equal(await query('perfmock_arrivals_total{route="orders"}'), "2");
    equal(
      await query(
        'http_server_request_duration_seconds_count{http_route="/api/cart/:id",http_response_status_code="503"}',
      ),
      "1",
    );
    equal(await query('up{job="perfmock"}'), "1");
  } finally {
    prometheus.kill("SIGTERM");
    await prometheus.status;
    await Deno.remove(folder, { recursive: true });
  }
});
