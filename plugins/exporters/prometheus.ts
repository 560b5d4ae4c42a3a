/**
 * The endpoint that Prometheus scrapes.
 *
 * @module
 */
import { setImmediate as nextTurn } from "node:timers/promises";
import type { Endpoint, Host, Timing } from "../../core/plugin.ts";
import { wantsOpenMetrics } from "./accept.ts";
import {
  type ExpositionFormat,
  openMetrics,
  PROMETHEUS_TEXT,
  SampleNames,
} from "./exposition.ts";
import { AuthorRegistry } from "./prom_client.ts";
import { PrometheusText } from "./prometheus_text.ts";

/** Maximum number of different log lines: a metric that always fails must not fill the log at the rate of scrapes. */
const MAX_LOGGED = 100;

/** The part of the host that scrapes need. */
type ScrapeHost = Pick<Host, "clock" | "metrics" | "log">;

/**
 * Answers scrapes. The event loop turns after each slice of the text, so that a scrape does not delay responses that fall due
 * meanwhile. The time it took is recorded in `perfmock_scrape_seconds`.
 */
export class Prometheus {
  /** Registry for plugin authors' metrics of prom-client. */
  readonly registry: AuthorRegistry;
  readonly #host: ScrapeHost;
  readonly #writer: PrometheusText;
  readonly #encoder = new TextEncoder();
  readonly #openMetrics: ExpositionFormat;
  readonly #logged = new Set<string>();
  #omitted: ReadonlyMap<string, string> = new Map();

  /**
   * @param host gives the metrics, the clock and the log
   * @param origin wall-clock time at which the clock was 0, in milliseconds since 1970
   */
  constructor(host: ScrapeHost, origin: number = performance.timeOrigin) {
    this.#host = host;
    this.registry = new AuthorRegistry(() => this.#names());
    this.#writer = new PrometheusText();
    this.#openMetrics = openMetrics(origin);
  }

  /** One sentence for each metric that the last scrape left out, with the reason. */
  get reasons(): readonly string[] {
    return [...this.#omitted].map(([metric, reason]) =>
      sentence(metric, reason)
    );
  }

  /**
   * Makes the endpoint.
   *
   * @param path path of the endpoint, such as `/metrics`
   * @param token true to check callers as the control API does
   */
  endpoint(path: string, token = false): Endpoint {
    const duration = this.#host.metrics.timing({
      name: "perfmock_scrape_seconds",
      help: "Time it took to write the text for one scrape",
    }).series();
    return {
      method: "GET",
      path,
      summary:
        "All metrics in Prometheus' text format, or in OpenMetrics where Accept asks for it",
      type: PROMETHEUS_TEXT.contentType,
      answer: { type: "string" },
      types: { [this.#openMetrics.contentType]: { type: "string" } },
      headers: { Accept: "application/openmetrics-text for OpenMetrics" },
      access: token ? "control" : "public",
      handle: ({ request }) => this.#answer(request, duration),
    };
  }

  async #answer(request: Request, duration: Timing): Promise<Response> {
    const { clock } = this.#host;
    const start = clock.now();
    const format = wantsOpenMetrics(request.headers.get("accept"))
      ? this.#openMetrics
      : PROMETHEUS_TEXT;
    const slices: Uint8Array[] = [];
    for await (const slice of this.#slices(format)) {
      slices.push(this.#encoder.encode(slice));
    }
    duration.record(clock.now() - start);
    // A stream is sent slice by slice, too; one large body would be copied at once.
    return new Response(ReadableStream.from(slices), {
      headers: { "Content-Type": format.contentType, "Vary": "Accept" },
    });
  }

  async *#slices(format: ExpositionFormat): AsyncGenerator<string> {
    const { clock, metrics } = this.#host;
    const omitted = new Map<string, string>();
    const omit = (metric: string, reason: string) => {
      omitted.set(metric, reason);
      this.#log(metric, reason);
    };
    for (const slice of this.#writer.slices(metrics.all(), format, omit)) {
      yield slice;
      await nextTurn();
    }
    yield* this.registry.scrape({
      contentType: format.contentType,
      names: this.#names(),
      clock,
      omit,
    });
    if (format.end !== "") yield format.end;
    this.#omitted = omitted;
  }

  #names(): SampleNames {
    return new SampleNames(this.#host.metrics.all());
  }

  #log(metric: string, reason: string): void {
    const line = sentence(metric, reason);
    if (this.#logged.size >= MAX_LOGGED || this.#logged.has(line)) return;
    this.#logged.add(line);
    this.#host.log("warn", line);
  }
}

function sentence(metric: string, reason: string): string {
  return `Metric ${metric} is left out of scrapes: ${reason}`;
}
