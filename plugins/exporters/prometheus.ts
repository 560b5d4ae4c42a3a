/**
 * The endpoint that Prometheus scrapes.
 *
 * @module
 */
import type { Endpoint, Host, Timing } from "../../core/plugin.ts";
import { openMetrics } from "./open_metrics.ts";
import { OwnRegistry } from "./prom_client.ts";
import { foreignSlices } from "./prom_client_scrape.ts";
import { wantsOpenMetrics } from "./prometheus_accept.ts";
import { type ExpositionFormat, PROMETHEUS_TEXT } from "./prometheus_format.ts";
import { Names } from "./prometheus_names.ts";
import { PrometheusText } from "./prometheus_text.ts";
import { nextTurn } from "./prometheus_turn.ts";

/** A metric that always fails must not fill the log at the rate of scrapes. */
const LOGGED = 100;

/**
 * Answers scrapes. Each takes as many turns of the event loop as its text has slices, so that it does not delay the responses
 * that fall due meanwhile; how long it took is recorded in `perfmock_scrape_seconds`.
 */
export class Prometheus {
  /** Where plugin authors register metrics of prom-client. */
  readonly registry: OwnRegistry;
  readonly #host: Pick<Host, "clock" | "metrics" | "log">;
  readonly #writer: PrometheusText;
  readonly #encoder = new TextEncoder();
  readonly #openMetrics: ExpositionFormat;
  readonly #logged = new Set<string>();
  #omitted: ReadonlyMap<string, string> = new Map();

  /**
   * @param host gives the metrics, the clock and the log
   * @param origin the wall-clock time at which the clock was 0, in milliseconds since 1970
   */
  constructor(
    host: Pick<Host, "clock" | "metrics" | "log">,
    origin: number = performance.timeOrigin,
  ) {
    this.#host = host;
    this.registry = new OwnRegistry(() => this.#names());
    this.#writer = new PrometheusText();
    this.#openMetrics = openMetrics(origin);
  }

  /** Which metrics the last scrape left out and why, one sentence each. */
  get reasons(): readonly string[] {
    return [...this.#omitted].map(([metric, reason]) =>
      sentence(metric, reason)
    );
  }

  /**
   * Makes the endpoint.
   *
   * @param path where it lies
   */
  endpoint(path: string): Endpoint {
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
    // A stream goes out slice by slice, too; one large body would be copied at once.
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
    yield* foreignSlices({
      registry: this.registry,
      names: this.#names(),
      format,
      clock,
      omit,
    });
    if (format.end !== "") yield format.end;
    this.#omitted = omitted;
  }

  /** The names of all that is recorded in `host.metrics`. */
  #names(): Names {
    const names = new Names();
    names.addAll(this.#host.metrics.all());
    return names;
  }

  #log(metric: string, reason: string): void {
    const line = sentence(metric, reason);
    if (this.#logged.size >= LOGGED || this.#logged.has(line)) return;
    this.#logged.add(line);
    this.#host.log("warn", line);
  }
}

function sentence(metric: string, reason: string): string {
  return `Metric ${metric} is left out of scrapes: ${reason}`;
}
