import { deepEqual } from "node:assert/strict";
import {
  busyServer,
  dashboard,
  expressions,
  rules,
  visit,
} from "../support/monitoring.ts";
import { RealPrometheus } from "./_prometheus.ts";
import { required } from "./_software.ts";

/** Expressions that have no data in normal operation. */
const SILENT = /^ALERTS/;

for (
  const [kind, ...more] of [
    ["classic"],
    ["native", "--enable-feature=native-histograms"],
  ]
) {
  Deno.test(
    `A Prometheus with ${kind} histograms understands every expression of the dashboard and the rules, and has data for each panel`,
    {
      ignore: !required,
    },
    async () => {
      await using server = await busyServer();
      await using prometheus = await RealPrometheus.start(server.url, ...more);
      await prometheus.first("route:http_server_requests:rate1m");
      await visit(server.url);
      // A rate needs two scrapes, with events in between.
      await prometheus.first(
        "sum(rate(perfmock_client_disconnects_total[30s]))",
        (rate) => rate > 0,
      );
      const empty: string[] = [];
      for (const expression of expressions(await dashboard())) {
        const samples = await prometheus.query(expression);
        if (samples.length === 0 && !SILENT.test(expression)) {
          empty.push(expression);
        }
      }
      deepEqual(empty, []);
      for (const { expr } of await rules()) await prometheus.query(expr);
    },
  );
}
