/**
 * Punctuality of scheduled bodies, and the time that a proxying route adds.
 *
 * @module
 */
import type { Benchmark, Context, Row } from "./benchmark.ts";
import { LoadDriver } from "./load_driver.ts";
import { startPerfmock, startScript } from "./servers.ts";
import { quantiles } from "./statistics.ts";
import { MARK, WireClient, type WireOrder } from "./wire_client.ts";

/** Bandwidth of each download, in bytes per second. */
const RATE = 1024 * 1024;

/** Size of a piece of a download, in bytes. */
const CHUNK = 16 * 1024;

/** Time between two events, in ms. */
const GAP = 10;

/** Number of pieces of a body that warms up client and server. */
const WARM = 32;

/** Requests per second to each of the compared routes. */
const ASKED = 200;

/** Measures downloads and events in real time, then answers with and without a proxy. */
export const wire: Benchmark = {
  name: "wire",
  measures:
    "Bodies on a schedule: the share of the scheduled rate that a client received, the deviation of each piece from its scheduled time as seen by the client (counted from the headers) and by the server (only pieces that the client was waiting for), and the time that a proxying route adds to a request; in milliseconds",
  async run(context) {
    const seconds = context.quick ? 1 : 6;
    const rows = await pieces(context, seconds);
    return [...rows, ...await proxied(context, seconds)];
  },
};

function textOf(pieces: number): string {
  return ("x".repeat(CHUNK - MARK.length) + MARK).repeat(pieces);
}

async function pieces(context: Context, seconds: number): Promise<Row[]> {
  const { children, quick } = context;
  const size = seconds * RATE;
  const events = (seconds * 1000) / GAP;
  const { url, child } = await startPerfmock(children, {
    config: {
      routes: [{
        id: "download",
        path: "/download",
        response: { text: textOf(size / CHUNK) },
        wire: { bandwidth: `${RATE}B/s`, chunk: CHUNK },
      }, {
        id: "events",
        path: "/events",
        response: { events: { count: events, data: `token${MARK}` } },
        wire: { gap: GAP },
      }, {
        path: "/warm",
        response: { text: textOf(WARM) },
        wire: { bandwidth: `${RATE}B/s`, chunk: CHUNK },
      }],
    },
  });
  const client = new WireClient(children);
  const download: WireOrder = {
    url: `${url}/download`,
    connections: quick ? 10 : 100,
    count: size / CHUNK,
    first: (CHUNK / RATE) * 1000,
    interval: (CHUNK / RATE) * 1000,
    apart: 3,
  };
  const stream: WireOrder = {
    url: `${url}/events`,
    connections: quick ? 2 : 20,
    count: events,
    first: 0,
    interval: GAP,
    apart: 3,
  };
  // A cold client would read the headers late, and all times are counted from them.
  await client.receive({ ...download, url: `${url}/warm`, count: WARM });
  const rows: Row[] = [];
  for (
    const { what, route, order } of [
      { what: "1 MiB/s each", route: "download", order: download },
      { what: "one event each 10 ms", route: "events", order: stream },
    ]
  ) {
    const before = await lateness(url, route);
    const { errors, durations } = await client.receive(order);
    const server = minus(await lateness(url, route), before);
    const [p50, p99] = quantiles(errors.map(Math.abs), [0.5, 0.99]);
    const scheduled = order.first + (order.count - 1) * order.interval;
    const [median] = quantiles(durations, [0.5]);
    rows.push({
      what: `${order.connections} × ${what}`,
      values: {
        "pieces": errors.length,
        "rate %": (100 * scheduled) / median,
        "client p50": p50,
        "client p99": p99,
        "server p50": quantileOf(server, 0.5),
        "server p99": quantileOf(server, 0.99),
        "stalled": server.stalls,
      },
      targets: [{ column: "server p99", atMost: 1 }],
    });
  }
  await child.stop();
  return rows;
}

/** A server's metrics of a route's pieces: cumulative counts by lateness in seconds, and pieces that the client was not waiting for. */
interface Lateness {
  readonly buckets: ReadonlyMap<number, number>;
  readonly stalls: number;
}

async function lateness(url: string, route: string): Promise<Lateness> {
  const response = await fetch(`${url}/metrics`);
  const buckets = new Map<number, number>();
  let stalls = 0;
  for (const line of (await response.text()).split("\n")) {
    if (!line.includes(`{route="${route}"`)) continue;
    const value = Number(line.slice(line.lastIndexOf(" ")));
    if (line.startsWith("perfmock_wire_stalls_total")) stalls = value;
    if (!line.startsWith("perfmock_wire_lateness_seconds_bucket")) continue;
    const bound = line.match(/le="(.+?)"/)?.[1] ?? "";
    buckets.set(bound === "+Inf" ? Infinity : Number(bound), value);
  }
  return { buckets, stalls };
}

function minus(after: Lateness, before: Lateness): Lateness {
  return {
    buckets: new Map(
      [...after.buckets].map(([bound, count]) => [
        bound,
        count - (before.buckets.get(bound) ?? 0),
      ]),
    ),
    stalls: after.stalls - before.stalls,
  };
}

/** Returns a quantile in ms, by linear interpolation within its bucket, as Prometheus does. */
function quantileOf({ buckets }: Lateness, p: number): number {
  const total = Math.max(...buckets.values());
  let [lower, below] = [0, 0];
  for (const [bound, count] of buckets) {
    if (count >= p * total && total > 0) {
      if (bound === Infinity) return lower * 1000;
      const share = (p * total - below) / (count - below);
      return (lower + share * (bound - lower)) * 1000;
    }
    [lower, below] = [bound, count];
  }
  return NaN;
}

async function proxied(context: Context, seconds: number): Promise<Row[]> {
  const { children, quick } = context;
  const upstream = await startScript(children, "bare_text");
  const { url } = await startPerfmock(children, {
    config: {
      routes: [
        { path: "/own", response: { text: "ok" } },
        { path: "/*", response: { proxy: upstream.url } },
      ],
    },
  });
  const driver = new LoadDriver(children);
  const rows: Row[] = [];
  for (
    const [what, address] of [
      ["the upstream itself", `${upstream.url}/`],
      ["a proxying route", `${url}/`],
      ["a route of its own", `${url}/own`],
    ]
  ) {
    const { waits } = await driver.drive({
      url: address,
      rate: ASKED,
      duration: seconds * 1000,
      warmup: quick ? 200 : 1000,
      totals: false,
    });
    const [p50, p99] = quantiles(waits, [0.5, 0.99]);
    rows.push({
      what,
      values: { "answers": waits.length, "answer p50": p50, "answer p99": p99 },
    });
  }
  return rows;
}
