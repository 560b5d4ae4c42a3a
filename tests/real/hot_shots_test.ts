import { deepEqual, equal } from "node:assert/strict";
import { MetricRegistry } from "../../core/observe/metric_registry.ts";
import { DeliveredCounts } from "../../plugins/exporters/delivered_counts.ts";
import { createStatsdExporter } from "../../plugins/exporters/statsd.ts";
import { VirtualClock } from "../../core/lib/time/mod.ts";
import { npmInstall, temporaryFolder } from "./_packages.ts";
import { required, run } from "./_software.ts";

/** Script in which hot-shots, the most used StatsD client of Node, prints what it would send. */
const CLIENT = `
const { StatsD } = require("hot-shots");
const client = new StatsD({ mock: true, prefix: "shop." });
client.increment("c_total", 7, { route: "orders", why: "queue_full" });
client.increment("t.count", 2, { route: "/api/orders" });
client.increment("t.sum", 0.3, { route: "/api/orders" });
client.gauge("t.p50", 0.1, { route: "/api/orders" });
client.gauge("g", -1.5, ["route:ü"]);
process.stdout.write(client.mockBuffer.join("\\n"));
`;

Deno.test("The StatsD exporter writes the same DogStatsD lines as hot-shots", {
  ignore: !required,
}, async () => {
  await using folder = await temporaryFolder();
  await npmInstall(folder.path, "hot-shots@17.1.1");
  const script = `${folder.path}/client.cjs`;
  await Deno.writeTextFile(script, CLIENT);
  const { code, output } = await run("node", [script], "");
  equal(code, 0, output);

  const metrics = new MetricRegistry();
  metrics.counter({ name: "c_total", help: "T", labels: ["route", "why"] })
    .series("orders", "queue_full").add(7);
  const timing = metrics.timing(
    { name: "t", help: "T", labels: ["route"] },
    [100, 200],
  ).series("/api/orders");
  timing.record(100);
  timing.record(200);
  metrics.gauge({ name: "g", help: "T", labels: ["route"] }).series("ü")
    .set(-1.5);
  const sent: string[] = [];
  const clock = new VirtualClock();
  const exporter = createStatsdExporter(
    { clock, metrics, log: () => {} },
    {
      options: {
        address: { host: "127.0.0.1", port: 8125 },
        format: "dogstatsd",
        interval: 1000,
        prefix: "shop",
        unit: "ms",
        distributions: false,
      },
      delivered: new DeliveredCounts(),
      open: () =>
        Promise.resolve({
          target: "",
          send: (datagram) => {
            sent.push(new TextDecoder().decode(datagram));
            return Promise.resolve();
          },
          receiver: () => Promise.resolve(undefined),
          close: () => {},
        }),
    },
  );
  exporter.start();
  clock.advance(1);
  await exporter[Symbol.asyncDispose]();
  const lines = sent.join("\n").split("\n").filter((line) =>
    !line.includes("perfmock_series") && !/\.p9/.test(line)
  );
  // The second delivery repeats the gauges.
  deepEqual([...new Set(lines)].toSorted(), output.split("\n").toSorted());
});
