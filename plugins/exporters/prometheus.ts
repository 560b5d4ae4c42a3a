/**
 * The endpoint that Prometheus scrapes.
 *
 * @module
 */
import type { Endpoint, Host } from "../../core/plugin.ts";
import { PROMETHEUS_CONTENT_TYPE, PrometheusText } from "./prometheus_text.ts";

/**
 * Makes the endpoint. Each scrape takes as many turns of the event loop as its text has slices, so that it does not delay
 * the responses that fall due meanwhile; how long it took is recorded in `perfmock_scrape_seconds`.
 *
 * @param host gives the metrics and the clock
 * @param path where the endpoint lies
 */
export function prometheusEndpoint(
  { clock, metrics }: Pick<Host, "clock" | "metrics">,
  path: string,
): Endpoint {
  const writer = new PrometheusText();
  const encoder = new TextEncoder();
  const duration = metrics.timing({
    name: "perfmock_scrape_seconds",
    help: "Time it took to write the text for one scrape",
  }).series();
  return {
    method: "GET",
    path,
    summary: "All metrics in Prometheus' text format",
    type: PROMETHEUS_CONTENT_TYPE,
    async handle() {
      const start = clock.now();
      const slices: Uint8Array[] = [];
      for (const slice of writer.slices(metrics.all())) {
        slices.push(encoder.encode(slice));
        await nextTurn();
      }
      duration.record(clock.now() - start);
      // A stream goes out slice by slice, too; one large body would be copied at once.
      return new Response(ReadableStream.from(slices), {
        headers: { "Content-Type": PROMETHEUS_CONTENT_TYPE },
      });
    },
  };
}

/** Lets the event loop handle what is due: sockets, timers, other requests. */
function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
