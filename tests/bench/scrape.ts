/**
 * How long a scrape holds the event loop at a stretch: 2000 series with all their buckets, the most a metric may have.
 * Run it with `deno run -A tests/bench/scrape.ts`. The target is 2 ms at most.
 *
 * @module
 */
import { MetricRegistry } from "../../core/metrics/mod.ts";
import { PrometheusText } from "../../plugins/exporters/prometheus_text.ts";

/** What one scrape cost. */
export interface ScrapeCost {
  /** The longest stretch without a turn of the event loop, in milliseconds. */
  readonly longest: number;
  /** All stretches together, in milliseconds. */
  readonly total: number;
  /** The size of the text in bytes. */
  readonly bytes: number;
}

/** Measures scrapes one after the other; the first one also makes the prefixes of all lines. */
export async function measureScrapes(
  scrapes = 8,
  series = 2000,
): Promise<readonly ScrapeCost[]> {
  const metrics = new MetricRegistry({ seriesLimit: 2000 });
  const timing = metrics.timing({
    name: "http_server_request_duration_seconds",
    help: "Benchmark",
    labels: ["http_request_method", "http_route", "http_response_status_code"],
  });
  for (let n = 0; n < series; n++) {
    const one = timing.series("GET", `/api/orders/${n}/items/:id`, "200");
    for (let ms = 0; ms < 50; ms++) one.record(ms * 7.3);
  }
  const writer = new PrometheusText();
  const costs: ScrapeCost[] = [];
  for (let scrape = 0; scrape < scrapes; scrape++) {
    costs.push(await measureScrape(writer, metrics));
  }
  return costs;
}

async function measureScrape(
  writer: PrometheusText,
  metrics: MetricRegistry,
): Promise<ScrapeCost> {
  const encoder = new TextEncoder();
  let longest = 0;
  let total = 0;
  let bytes = 0;
  let start = performance.now();
  for (const slice of writer.slices(metrics.all())) {
    bytes += encoder.encode(slice).length;
    const stretch = performance.now() - start;
    longest = Math.max(longest, stretch);
    total += stretch;
    await new Promise((resolve) => setImmediate(resolve));
    start = performance.now();
  }
  return { longest, total, bytes };
}

if (import.meta.main) {
  // deno-lint-ignore no-console
  console.table(await measureScrapes());
}
