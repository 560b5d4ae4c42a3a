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
client.increment("t_milliseconds.count", 2, { route: "/api/orders" });
client.increment("t_milliseconds.sum", 300, { route: "/api/orders" });
client.gauge("t_milliseconds.p50", 100, { route: "/api/orders" });
client.gauge("g", -1.5, ["route:ü"]);
client.distribution("t_milliseconds", 100, { route: "/api/orders" });
client.distribution("t_milliseconds", 200, { route: "/api/orders" });
process.stdout.write(client.mockBuffer.join("\\n"));
`;

/** Lines that the exporter sends of some metrics, without those about series and the upper percentiles. */
async function exported(distributions: boolean): Promise<string[]> {
  const metrics = new MetricRegistry();
  metrics.counter({ name: "c_total", help: "T", labels: ["route", "why"] })
    .series("orders", "queue_full").add(7);
  const timing = metrics.timing(
    { name: "t_seconds", help: "T", labels: ["route"] },
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
        distributions,
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
  return sent.join("\n").split("\n").filter((line) =>
    !line.includes("perfmock_series") && !/\.p9/.test(line)
  );
}

/** The same lines with one value each, as protocol 1.0 had them, and without what the recorder does not tell apart, 0.4 %. */
function oneByOne(lines: readonly string[]): string[] {
  return lines.flatMap((line) => {
    const [, name, values, rest] = /^([^:]+):([^|]+)(\|d.*)$/.exec(line) ?? [];
    return values === undefined
      ? [line]
      : values.split(":").map((value) =>
        `${name}:${Number(Number(value).toPrecision(2))}${rest}`
      );
  });
}

Deno.test("The StatsD exporter writes the same DogStatsD lines as hot-shots", {
  ignore: !required,
}, async () => {
  await using folder = await temporaryFolder();
  await npmInstall(folder.path, "hot-shots@17.1.1");
  const script = `${folder.path}/client.cjs`;
  await Deno.writeTextFile(script, CLIENT);
  const { code, output } = await run("node", [script], "");
  equal(code, 0, output);
  // The second delivery repeats the gauges.
  const lines = new Set([
    ...await exported(false),
    ...oneByOne(await exported(true)),
  ]);
  deepEqual([...lines].toSorted(), output.split("\n").toSorted());
});
