/**
 * Effect of a scrape on the scraped server.
 *
 * @module
 */
import type { Benchmark, Context, Row } from "./benchmark.ts";
import { LoadDriver } from "./load_driver.ts";
import { type Server, startScript } from "./servers.ts";
import { median, quantiles } from "./statistics.ts";

/** Formats that Prometheus 2 asks for. */
const OPEN_METRICS =
  "application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1";

/** Formats that it asks for if it stores native histograms. */
const PROTOBUF =
  `application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited,${OPEN_METRICS}`;

/** Measured cases: a number of routes, and the formats that scrapes ask for. */
const CASES = [
  { what: "12 routes", routes: 12, accept: OPEN_METRICS },
  { what: "120 routes", routes: 120, accept: OPEN_METRICS },
  { what: "120, protobuf", routes: 120, accept: PROTOBUF },
];

/** Time between scrapes under load, in ms: much shorter than Prometheus' usual interval, so that the effect shows. */
const PAUSE = 100;

/** Lateness in milliseconds. */
interface Lateness {
  readonly p50: number;
  readonly p99: number;
}

/** Measures one server after the other. */
export const scrape: Benchmark = {
  name: "scrape",
  measures:
    `A scrape over HTTP as Prometheus requests it: its duration and the longest time that it blocks the event loop, on an idle server (other work on the machine disturbed the least of several scrapes least); and the lateness of 300 requests/s to a route of 5 ms without scrapes and with continual scrapes, ${PAUSE} ms apart`,
  async run(context) {
    const rows: Row[] = [];
    for (const each of CASES) rows.push(await measure(context, each));
    return rows;
  },
};

async function measure(
  context: Context,
  { what, routes, accept }: typeof CASES[number],
): Promise<Row> {
  const server = await startScript(context.children, "held_loop", {
    args: [configuration(routes)],
  });
  await visitAll(server, routes);
  const scrapes = [];
  for (let round = 0; round < (context.quick ? 3 : 15); round++) {
    scrapes.push(await scrapeOnce(server, accept));
  }
  const [, ...later] = scrapes;
  const driver = new LoadDriver(context.children);
  const without = await lateness(server, driver, context.quick);
  const scraping = new Scraping(server.url, accept);
  const scraped = await lateness(server, driver, context.quick);
  await scraping.stop();
  await server.child.stop();
  return {
    what,
    values: {
      "KiB": scrapes[0].kibibytes,
      "total ms": median(later.map(({ total }) => total)),
      "first hold ms": scrapes[0].hold,
      "least hold ms": Math.min(...later.map(({ hold }) => hold)),
      "median hold ms": median(later.map(({ hold }) => hold)),
      "longest hold ms": Math.max(...later.map(({ hold }) => hold)),
      "late p50 ms": without.p50,
      "scraped p50 ms": scraped.p50,
      "late p99 ms": without.p99,
      "scraped p99 ms": scraped.p99,
    },
    targets: [{ column: "least hold ms", atMost: 2 }],
  };
}

function configuration(routes: number): string {
  return JSON.stringify({
    routes: Array.from(
      { length: routes },
      (_, n) => ({
        id: `route-${n}`,
        path: `/api/resource-${n}/:id`,
        serviceTime: "5ms",
        response: { json: { n } },
      }),
    ),
  });
}

/** Sends one request to each route, so that its series exist. */
async function visitAll({ url }: Server, routes: number): Promise<void> {
  for (let n = 0; n < routes; n++) {
    const response = await fetch(`${url}/api/resource-${n}/1`);
    if (response.status !== 200) throw new Error(`Status ${response.status}`);
    await response.body?.cancel();
  }
}

/** Cost of one scrape of an idle server. Times are in ms. */
interface Cost {
  readonly kibibytes: number;
  readonly total: number;
  readonly hold: number;
}

async function scrapeOnce(
  { child, url }: Server,
  accept: string,
): Promise<Cost> {
  await child.send("watch");
  const start = performance.now();
  const bytes = await scrapeFrom(url, accept);
  const total = performance.now() - start;
  await child.send("tell");
  const hold = JSON.parse(await child.line());
  return { kibibytes: bytes.byteLength / 1024, total, hold };
}

async function scrapeFrom(url: string, accept: string): Promise<ArrayBuffer> {
  const headers = { accept, "accept-encoding": "gzip" };
  const response = await fetch(`${url}/metrics`, { headers });
  return await response.arrayBuffer();
}

/** Scrapes a server repeatedly until stopped. */
class Scraping {
  #on = true;
  readonly #ended: Promise<void>;

  constructor(url: string, accept: string) {
    this.#ended = this.#run(url, accept);
  }

  /** Waits for the active scrape and ends. */
  async stop(): Promise<void> {
    this.#on = false;
    await this.#ended;
  }

  async #run(url: string, accept: string): Promise<void> {
    while (this.#on) {
      await scrapeFrom(url, accept);
      await new Promise((resolve) => setTimeout(resolve, PAUSE));
    }
  }
}

/** Measures the lateness under an even load, as reported by the server itself. */
async function lateness(
  { url }: Server,
  driver: LoadDriver,
  quick: boolean,
): Promise<Lateness> {
  const { totals } = await driver.drive({
    url: `${url}/api/resource-0/1`,
    rate: 300,
    duration: quick ? 500 : 10_000,
    warmup: quick ? 0 : 1000,
    totals: true,
  });
  const [p50, p99] = quantiles(totals.map((total) => total - 5), [0.5, 0.99]);
  return { p50, p99 };
}
