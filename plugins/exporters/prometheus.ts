/**
 * The endpoint that Prometheus scrapes.
 *
 * @module
 */
import {
  type Endpoint,
  type Host,
  isPart,
  PerfmockError,
  type ReplicaAnswer,
  type ReplicaState,
  type Timing,
} from "../../core/plugin.ts";
import { formatFor, type ScrapeFormat } from "./accept.ts";
import {
  type ExpositionFormat,
  openMetrics,
  PROMETHEUS_TEXT,
  type ReadableMetric,
  SampleNames,
} from "./exposition.ts";
import {
  mergeMetrics,
  metricParts,
  type MetricsPart,
} from "./merged_metrics.ts";
import { AuthorRegistry, mergeAuthors } from "./prom_client.ts";
import {
  PrometheusProtobuf,
  PROTOBUF_CONTENT_TYPE,
} from "./prometheus_protobuf.ts";
import { PrometheusText } from "./prometheus_text.ts";

/** Maximum number of different log lines: a metric that always fails must not fill the log at the rate of scrapes. */
const MAX_LOGGED = 100;

/** Number of bytes that are sent before other work goes first; takes less than 0.1 ms. */
const BLOCK = 64 * 1024;

/** The part of the host that scrapes need. */
type ScrapeHost = Pick<Host, "clock" | "metrics" | "log">;

/** Format of an answer. */
interface Format {
  /** Content type of the answer. */
  readonly contentType: string;
  /** The text format; undefined for protocol buffers. */
  readonly text: ExpositionFormat | undefined;
  /** Parts of perfmock's own metrics; undefined where only other work should go first. */
  slices(
    metrics: Iterable<ReadableMetric>,
    omit: (metric: string, reason: string) => void,
  ): Iterable<string | Uint8Array | undefined>;
}

/** Source of a scrape: this server, or the merged metrics of several replicas. */
interface Source {
  /** perfmock's own metrics. */
  readonly metrics: Iterable<ReadableMetric>;
  /** Metrics of plugin authors. */
  readonly authors: Pick<AuthorRegistry, "scrape">;
}

/**
 * Answers scrapes. Other work goes first after each slice, so that a scrape does not delay responses that fall due meanwhile. The
 * time it took is recorded in `perfmock_scrape_seconds`.
 */
export class Prometheus {
  /** Registry for plugin authors' metrics of prom-client. */
  readonly registry: AuthorRegistry;
  readonly #host: ScrapeHost;
  readonly #encoder = new TextEncoder();
  readonly #formats: Readonly<Record<ScrapeFormat, Format>>;
  readonly #logged = new Set<string>();
  readonly #origin: number;
  #omitted: ReadonlyMap<string, string> = new Map();

  /**
   * @param host gives the metrics, the clock and the log
   * @param origin wall-clock time at which the clock was 0, in milliseconds since 1970
   */
  constructor(host: ScrapeHost, origin: number = performance.timeOrigin) {
    this.#host = host;
    this.#origin = origin;
    this.registry = new AuthorRegistry(() => this.#names());
    const writer = new PrometheusText();
    const messages = new PrometheusProtobuf(origin);
    const inText = (text: ExpositionFormat): Format => ({
      contentType: text.contentType,
      text,
      slices: (metrics, omit) => writer.slices(metrics, text, omit),
    });
    this.#formats = {
      text: inText(PROMETHEUS_TEXT),
      openmetrics: inText(openMetrics(origin)),
      protobuf: {
        contentType: PROTOBUF_CONTENT_TYPE,
        text: undefined,
        slices: (metrics, omit) => messages.slices(metrics, omit),
      },
    };
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
      help: "Time it took to write the answer to one scrape",
    }).series();
    const { text, openmetrics, protobuf } = this.#formats;
    return {
      method: "GET",
      path,
      // A Prometheus that scrapes each replica adds the figures up by itself, and would count merged ones several times.
      replicas: "own",
      summary:
        "All metrics in Prometheus' text format, or in OpenMetrics or protocol buffers where Accept asks for them",
      type: text.contentType,
      answer: { type: "string" },
      types: {
        [openmetrics.contentType]: { type: "string" },
        [protobuf.contentType]: { type: "string", format: "binary" },
      },
      headers: {
        Accept:
          `application/openmetrics-text for OpenMetrics; ${PROTOBUF_CONTENT_TYPE} for protocol buffers with native histograms`,
      },
      access: token ? "control" : "public",
      handle: ({ request }) =>
        isPart(request) ? this.#part() : this.#answer(request, {
          duration,
          source: { metrics: this.#host.metrics.all(), authors: this.registry },
        }),
      merge: (answers, { request }, replicas) => {
        checkComplete(replicas);
        return this.#merged(answers, request, duration);
      },
    };
  }

  /** The metrics of this server for another replica. */
  async #part(): Promise<MetricsPart> {
    return {
      origin: this.#origin,
      metrics: metricParts(
        this.#host.metrics.all(),
        (metric, reason) => this.#log(metric, reason),
      ),
      authors: await this.registry.getMetricsAsJSON(),
    };
  }

  async #merged(
    answers: readonly ReplicaAnswer[],
    request: Request,
    duration: Timing,
  ): Promise<Response> {
    const parts = answers.map(({ answer }) => answer as MetricsPart);
    const authors = new AuthorRegistry(() => this.#names());
    await mergeAuthors(authors, parts.map(({ authors }) => authors));
    return await this.#answer(request, {
      duration,
      source: { metrics: mergeMetrics(parts, this.#origin), authors },
    });
  }

  async #answer(
    request: Request,
    { duration, source }: {
      readonly duration: Timing;
      readonly source: Source;
    },
  ): Promise<Response> {
    const { clock } = this.#host;
    const start = clock.now();
    const format = this.#formats[formatFor(request.headers.get("accept"))];
    const slices: Uint8Array[] = [];
    for await (const slice of this.#slices(format, source)) {
      slices.push(
        typeof slice === "string" ? this.#encoder.encode(slice) : slice,
      );
    }
    duration.record(clock.now() - start);
    return new Response(ReadableStream.from(this.#sending(slices)), {
      headers: { "Content-Type": format.contentType, "Vary": "Accept" },
    });
  }

  /** The slices, between which other work goes first: a large body would be copied to the kernel at once. */
  async *#sending(slices: Iterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    let sent = 0;
    for (const slice of slices) {
      yield slice;
      sent += slice.length;
      if (sent < BLOCK) continue;
      await this.#host.clock.yield();
      sent = 0;
    }
  }

  async *#slices(
    format: Format,
    { authors, metrics }: Source,
  ): AsyncGenerator<string | Uint8Array> {
    const { clock } = this.#host;
    const omitted = new Map<string, string>();
    const omit = (metric: string, reason: string) => {
      omitted.set(metric, reason);
      this.#log(metric, reason);
    };
    for (const slice of format.slices(metrics, omit)) {
      if (slice !== undefined) yield slice;
      await clock.yield();
    }
    yield* authors.scrape({
      contentType: format.text?.contentType,
      names: this.#names(),
      clock,
      omit,
    });
    const end = format.text?.end ?? "";
    if (end !== "") yield end;
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

/**
 * Refuses a scrape where a replica is missing: its counters would seem to have fallen, which Prometheus takes for a restart.
 *
 * @throws PerfmockError `REPLICA_UNREACHABLE`
 */
function checkComplete(replicas: readonly ReplicaState[]): void {
  const missing = replicas.filter(({ answered }) => !answered);
  if (missing.length === 0) return;
  throw new PerfmockError(
    "REPLICA_UNREACHABLE",
    `Cannot merge the metrics: ${
      missing.map(({ error, name }) => `replica ${name}: ${error}`).join(", ")
    }`,
    [],
    { status: 503 },
  );
}

function sentence(metric: string, reason: string): string {
  return `Metric ${metric} is left out of scrapes: ${reason}`;
}
