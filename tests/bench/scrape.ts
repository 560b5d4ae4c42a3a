/**
 * Effect of a scrape on the scraped server.
 *
 * @module
 */
import type { Benchmark, Context, Row } from "./benchmark.ts";
import { LoadDriver } from "./load_driver.ts";
import { type Server, startScript } from "./servers.ts";
import { median, quantiles } from "./statistics.ts";

/** Request headers of Prometheus 2. */
const HEADERS = {
  "accept":
    "application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1",
  "accept-encoding": "gzip",
};

/** Number of series that each route adds. */
const SERIES_PER_ROUTE = 83;

/** Time between scrapes under load, in ms: much shorter than Prometheus' usual interval, so that the effect shows. */
const PAUSE = 100;

/** Lateness in milliseconds. */
interface Lateness {
  readonly p50: number;
  readonly p99: number;
}

/** Measures one server after the other, each with more series. */
export const scrape: Benchmark = {
  name: "scrape",
  measures:
    `A scrape over HTTP as Prometheus requests it: its duration and the longest time that it blocks the event loop, on an idle server (other work on the machine disturbed the least of several scrapes least); and the lateness of 300 requests/s to a route of 5 ms without scrapes and with continual scrapes, ${PAUSE} ms apart`,
  async run(context) {
    const rows: Row[] = [];
    for (const series of [1_000, 10_000]) {
      rows.push(await measure(context, series));
    }
    return rows;
  },
};

async function measure(context: Context, series: number): Promise<Row> {
  const server = await startScript(context.children, "held_loop", {
    args: [configuration(series)],
  });
  await visitAll(server, series);
  const scrapes = [];
  for (let round = 0; round < (context.quick ? 3 : 15); round++) {
    scrapes.push(await scrapeOnce(server));
  }
  const [, ...later] = scrapes;
  const driver = new LoadDriver(context.children);
  const without = await lateness(server, driver, context.quick);
  const scraping = new Scraping(server.url);
  const scraped = await lateness(server, driver, context.quick);
  await scraping.stop();
  await server.child.stop();
  return {
    what: `${series} series`,
    values: {
      "series": scrapes[0].series,
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

function configuration(series: number): string {
  return JSON.stringify({
    routes: Array.from(
      { length: Math.ceil(series / SERIES_PER_ROUTE) },
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
async function visitAll({ url }: Server, series: number): Promise<void> {
  for (let n = 0; n < Math.ceil(series / SERIES_PER_ROUTE); n++) {
    const response = await fetch(`${url}/api/resource-${n}/1`);
    if (response.status !== 200) throw new Error(`Status ${response.status}`);
    await response.body?.cancel();
  }
}

/** Cost of one scrape of an idle server. Times are in ms. */
interface Cost {
  readonly series: number;
  readonly kibibytes: number;
  readonly total: number;
  readonly hold: number;
}

async function scrapeOnce({ child, url }: Server): Promise<Cost> {
  await child.send("watch");
  const start = performance.now();
  const response = await fetch(`${url}/metrics`, { headers: HEADERS });
  const bytes = await response.arrayBuffer();
  const total = performance.now() - start;
  await child.send("tell");
  const hold = JSON.parse(await child.line());
  const text = new TextDecoder().decode(bytes);
  return {
    series: text.match(/^[^#\n]/gm)?.length ?? 0,
    kibibytes: bytes.byteLength / 1024,
    total,
    hold,
  };
}

/** Scrapes a server repeatedly until stopped. */
class Scraping {
  #on = true;
  readonly #ended: Promise<void>;

  constructor(url: string) {
    this.#ended = this.#run(url);
  }

  /** Waits for the active scrape and ends. */
  async stop(): Promise<void> {
    this.#on = false;
    await this.#ended;
  }

  async #run(url: string): Promise<void> {
    while (this.#on) {
      const response = await fetch(`${url}/metrics`, { headers: HEADERS });
      await response.arrayBuffer();
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
