import { deepEqual, equal, ok } from "node:assert/strict";
import { createServer } from "../../core/app.ts";
import {
  busyServer,
  dashboard,
  expressions,
  type Panel,
  readShipped,
  rules,
} from "../support/monitoring.ts";

/** Names of metrics in an expression: those with a prefix of ours, those recorded by a rule, and those of Prometheus itself. */
function metricNames(expression: string): string[] {
  const bare = expression.replace(/"(?:[^"\\]|\\.)*"/g, "").replace(
    /\b(by|without)\s*\([^)]*\)|\{[^}]*\}/g,
    " ",
  );
  return [...bare.matchAll(/[a-zA-Z_:][a-zA-Z0-9_:]*/g)].map(([name]) => name)
    .filter((name) => /_|:|^up$|^[A-Z]+$/.test(name) && !WORDS.has(name));
}

const WORDS = new Set([
  "histogram_quantile",
  "histogram_count",
  "histogram_sum",
  "avg_over_time",
]);

/** Names of all samples that a scrape declares, with or without values. */
async function exposed(url: URL): Promise<Set<string>> {
  const text = await (await fetch(new URL("/metrics", url))).text();
  const names = [...text.matchAll(/^# TYPE (\S+) (\S+)$/gm)].flatMap(
    ([, name, type]) =>
      type === "histogram"
        // Without a suffix it is the native histogram.
        ? [name, `${name}_bucket`, `${name}_sum`, `${name}_count`]
        : [name],
  );
  return new Set([...names, "up", "ALERTS"]);
}

Deno.test("monitoring: every metric in the dashboard and the rules is in a live scrape or recorded by a rule", async () => {
  await using server = await busyServer();
  const shipped = await rules();
  const known = await exposed(server.url);
  for (const { record } of shipped) if (record !== undefined) known.add(record);
  const all = [
    ...expressions(await dashboard()),
    ...shipped.map(({ expr }) => expr),
  ];
  const named = new Set(all.flatMap(metricNames));
  deepEqual([...named].filter((name) => !known.has(name)), []);
  ok(named.size > 25, `Only ${named.size} names were found`);
  for (const expression of all) {
    ok(metricNames(expression).length > 0, expression);
  }
});

Deno.test("monitoring: the dashboard has a fixed uid, uses the data source of its variable, and computes rates over $__rate_interval", async () => {
  const { uid, panels, templating } = await dashboard();
  equal(uid, "perfmock");
  const [source] = templating.list;
  deepEqual([source.name, source.type, source.query], [
    "datasource",
    "datasource",
    "prometheus",
  ]);
  for (const { title, type, description, targets = [] } of panels) {
    ok(
      ["row", "text"].includes(type) || (targets.length > 0 && description),
      title,
    );
    for (const { datasource, expr } of targets) {
      equal(datasource.uid, "${datasource}", title);
      deepEqual(
        [...expr.matchAll(/\[[^\]]*\]/g)].filter(([range]) =>
          range !== "[$__rate_interval]"
        ),
        [],
        title,
      );
    }
  }
});

Deno.test("monitoring: no two panels of the dashboard have the same id or position", async () => {
  const { panels } = await dashboard();
  equal(new Set(panels.map(({ id }) => id)).size, panels.length);
  const overlap = ({ gridPos: a }: Panel, { gridPos: b }: Panel) =>
    a.x < b.x + b.w && b.x < a.x + a.w && a.y < b.y + b.h && b.y < a.y + a.h;
  for (const [index, panel] of panels.entries()) {
    ok(panel.gridPos.x + panel.gridPos.w <= 24, panel.title);
    for (const other of panels.slice(index + 1)) {
      ok(!overlap(panel, other), `${panel.title} lies over ${other.title}`);
    }
  }
});

Deno.test("monitoring: every alert has a test and a kind", async () => {
  const tested = await readShipped("rules_test.yml");
  const written = await readShipped("rules.yml");
  const alerts = (await rules()).flatMap(({ alert }) => alert ?? []);
  ok(alerts.length >= 10);
  for (const alert of alerts) ok(tested.includes(`alertname: ${alert}`), alert);
  equal(
    written.match(/about: (measurement|backend)/g)?.length,
    alerts.length,
  );
});

Deno.test("docs/reference/metrics.md lists each metric with its type and labels, and no other", async () => {
  await using server = await createServer({
    plugins: {
      limiter: { pools: { db: { concurrency: 1 } } },
      exporters: {
        otlp: { traces: { endpoint: "http://127.0.0.1:9/v1/traces" } },
      },
    },
    routes: [
      { path: "/limited", limiter: "db" },
      { path: "/faulty", faults: [{ share: 0.5, status: 500 }] },
      { path: "/paced", response: { text: "abc" }, wire: { gap: "1ms" } },
      { path: "/proxied", response: { proxy: "http://127.0.0.1:9/" } },
      { path: "/socket", websocket: { echo: true } },
    ],
  }, { listen: false, log: () => {} });
  const made = [...server.world.metrics.all()].map(({ definition, type }) =>
    [definition.name, type, ...definition.labels ?? []].join(" ")
  );
  const page = await Deno.readTextFile(
    new URL("../../docs/reference/metrics.md", import.meta.url),
  );
  const listed = Array.from(
    page.matchAll(/^\| `(\w+)` \| (counter|gauge|histogram) \| (.*?)\|/gm),
    ([, name, type, labels]) =>
      [name, type, ...labels.match(/\w+/g) ?? []].join(" "),
  );
  // Figures of the process that the system does not tell have no metric.
  const unknown = listed.filter((one) =>
    !made.includes(one) && !one.startsWith("process_")
  );
  const unlisted = made.filter((one) => !listed.includes(one));
  deepEqual({ unlisted, unknown }, { unlisted: [], unknown: [] });
});

Deno.test("Each metric of routes names the route by the label `route`", async () => {
  await using server = await busyServer();
  const text = await (await fetch(new URL("/metrics", server.url))).text();
  const ids = new Set(["slow", "faulty", "hour", "__unmatched__"]);
  for (const [line, labels] of text.matchAll(/^http_server.*\{(.*)\} /gm)) {
    ok(ids.has(/(?:^|,)route="([^"]*)"/.exec(labels)?.[1] ?? ""), line);
  }
  for (const [, label, value] of text.matchAll(/(\w+)="([^"]*)"/g)) {
    // A route's id is never the value of another label.
    ok(label === "route" || !ids.has(value) || value === "__unmatched__");
  }
});
