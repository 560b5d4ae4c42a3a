/**
 * The OpenTelemetry exporter of traces: sends exchanges that have ended as spans over OTLP/HTTP in JSON. otlp_spans.ts describes the
 * spans.
 *
 * The exchanges come from the journals of the server and its sessions, which keep the last `journal.capacity` of each; those that are
 * gone before their delivery are counted as `missed`. A delivery sends at most 10 000 exchanges. Exchanges whose client does not
 * record the trace are left out. While the receiver is down only one request is kept, the one that failed, and sent again unchanged.
 * Spans that the receiver rejects are counted as `dropped`.
 *
 * @see https://opentelemetry.io/docs/specs/otlp/#otlphttp
 * @module
 */
import type { Counter, Host, Issue, JournalPlace } from "../../core/plugin.ts";
import { type Answer, post, RejectedError } from "./otlp_post.ts";
import { SpanWriter } from "./otlp_spans.ts";
import {
  DeliveryError,
  PushExporter,
  type PushOptions,
  wallTime,
} from "./push.ts";

/** Name of the exporter in `health`, `stats` and the log. */
const NAME = "otlpTraces";

/** Maximum number of exchanges of a delivery. */
const MOST_EXCHANGES = 10_000;

/** Maximum number of exchanges of a request. */
const EXCHANGES_PER_REQUEST = 500;

/** Number of characters from which a request is complete. */
const REQUEST_LENGTH = 256 * 1024;

/** Number of exchanges that are written before other work goes first; takes less than 0.3 ms. */
const EXCHANGES_PER_TURN = 20;

/** End of the path that receivers take metrics at, and the one that they take traces at. */
const [METRICS_PATH, TRACES_PATH] = ["/v1/metrics", "/v1/traces"];

/** Settings of the exporter of traces. */
export interface TracesOptions {
  /** URL that spans are posted to, including its path. */
  readonly endpoint: string;
  /** Time from one delivery to the next, in milliseconds. */
  readonly interval: number;
  /** Time limit for the requests of a delivery, in milliseconds. */
  readonly timeout: number;
  /** Additional request headers. */
  readonly headers: Readonly<Record<string, string>>;
}

/** URL for traces beside a URL for metrics; undefined where it cannot be told. */
export function besideMetrics(endpoint: string): string | undefined {
  const url = URL.parse(endpoint);
  if (url === null || !url.pathname.endsWith(METRICS_PATH)) return undefined;
  url.pathname = url.pathname.slice(0, -METRICS_PATH.length) + TRACES_PATH;
  return url.href;
}

/**
 * Warning about traces without a journal.
 *
 * @param capacity number of exchanges that the journal keeps
 */
export function journalWarnings(capacity: number): Issue[] {
  return capacity > 0 ? [] : [{
    path: "/otlp/traces",
    message: "No spans are sent: they are made from the journal, which is off",
    value: true,
    suggestion: "set journal.capacity, such as to 10000, or traces to false",
  }];
}

/** A request that has not been accepted yet. */
interface Unsent {
  readonly body: string;
  readonly spans: number;
}

interface Counts {
  /** Number of requests that the receiver accepted. */
  requests: number;
  /** Number of spans that it accepted. */
  spans: number;
  /** Number of spans that it rejected. */
  dropped: number;
  /** Number of exchanges that the journal no longer had. */
  missed: number;
}

/** Figures of the exporter of traces. */
export interface TracesFigures extends Readonly<Counts> {
  /** `starting`, `ok`, or `failing: ` and the reason. */
  readonly state: string;
  /** Number of deliveries tried. */
  readonly flushes: number;
  /** Number of deliveries that failed. */
  readonly failed: number;
}

/** Services of the host that traces use. */
export type TracesHost = Pick<
  Host,
  "clock" | "journal" | "log" | "metrics" | "url" | "version"
>;

/** State that outlives the settings: what was read of the journal, and what was not accepted yet. */
export class TracesProgress {
  /** Place in the journal up to which exchanges were read; undefined before the first. */
  place: JournalPlace | undefined = undefined;
  /** Request that failed and is sent again. */
  unsent: Unsent | undefined = undefined;
  /** Series of spans, which exist from the start, since a rate over a counter needs its 0. */
  #spans: { readonly sent: Counter; readonly dropped: Counter } | undefined;
  #missed: Counter | undefined;

  /** Begins with the exchanges that end from now on. */
  begin({ journal, metrics }: Pick<Host, "journal" | "metrics">): void {
    this.place = journal.read(undefined, 0).place;
    this.unsent = undefined;
    const spans = metrics.counter({
      name: "perfmock_otlp_spans_total",
      help: "Spans for OpenTelemetry",
      labels: ["outcome"],
    });
    this.#spans ??= {
      sent: spans.series("sent"),
      dropped: spans.series("dropped"),
    };
    this.#missed ??= metrics.counter({
      name: "perfmock_otlp_exchanges_missed_total",
      help:
        "Exchanges without spans in OpenTelemetry, since the journal no longer had them",
    }).series();
  }

  /** Counts spans that were `sent` or `dropped`. */
  count(outcome: "sent" | "dropped", spans: number): void {
    if (spans > 0) this.#spans?.[outcome].add(spans);
  }

  /** Counts exchanges that were missed. */
  miss(exchanges: number): void {
    if (exchanges > 0) this.#missed?.add(exchanges);
  }
}

/** An exporter of traces. */
export class TracesExporter extends PushExporter {
  readonly #counts: Readonly<Counts>;
  readonly #missedLast: () => number;

  /**
   * Use {@linkcode createTracesExporter}, whose `deliver` updates the counts.
   *
   * @param missedLast returns the number of exchanges that the last delivery missed
   */
  constructor(
    options: PushOptions,
    counts: Readonly<Counts>,
    missedLast: () => number,
  ) {
    super(options);
    this.#counts = counts;
    this.#missedLast = missedLast;
  }

  /** Reason why the last delivery was not complete; undefined if it was. */
  override get reason(): string | undefined {
    const missed = this.#missedLast();
    return super.reason ?? (missed === 0 ? undefined : missedText(missed));
  }

  /** Figures of this exporter. */
  get figures(): TracesFigures {
    return {
      state: this.state,
      flushes: this.deliveries,
      failed: this.failures,
      ...this.#counts,
    };
  }
}

function missedText(missed: number): string {
  return `${missed} exchanges were no longer in the journal; raise journal.capacity or shorten the interval, and reset after a delivery`;
}

/**
 * Creates an exporter of traces that has not started.
 *
 * @param host journal, clock and metrics
 * @param options settings
 * @param state progress, which the exporter continues, and the resource's `service.instance.id`
 */
export function createTracesExporter(
  host: TracesHost,
  options: TracesOptions,
  { progress, id }: { readonly progress: TracesProgress; readonly id: string },
): TracesExporter {
  const { clock, journal, log, version } = host;
  const counts: Counts = { requests: 0, spans: 0, dropped: 0, missed: 0 };
  const writer = new SpanWriter({
    version,
    instance: id,
    scheme: () => host.url?.protocol.slice(0, -1) ?? "http",
  });
  let isReached = false;
  let missedLast = 0;
  let lastNotice = "";

  /**
   * Writes the next request; undefined if there is nothing to send.
   *
   * @param most maximum number of exchanges
   */
  async function write(
    most: number,
  ): Promise<{ readonly request: Unsent | undefined; readonly read: number }> {
    let json = "";
    let spans = 0;
    let read = 0;
    while (read < most && json.length < REQUEST_LENGTH) {
      const reading = journal.read(
        progress.place,
        Math.min(EXCHANGES_PER_TURN, most - read),
      );
      progress.place = reading.place;
      counts.missed += reading.missed;
      missedLast += reading.missed;
      progress.miss(reading.missed);
      const { entries } = reading;
      if (entries.length === 0) break;
      read += entries.length;
      for (const entry of entries) {
        if (!entry.sampled || entry.traceId === "") continue;
        const own = writer.spans(entry);
        json += json === "" ? own.json : `,${own.json}`;
        spans += own.count;
      }
      await clock.yield();
    }
    const request = spans === 0
      ? undefined
      : { body: writer.request(json), spans };
    return { request, read };
  }

  /** Sends one request. Returns the error if the receiver rejects a part of it or all. */
  async function send(
    { body, spans }: Unsent,
    signal: AbortSignal,
  ): Promise<DeliveryError | undefined> {
    let answer: Answer;
    try {
      answer = await post(
        { ...options, body, signal },
        () => wallTime(clock.now()),
      );
    } catch (error) {
      if (!(error instanceof RejectedError)) throw error;
      counts.dropped += spans;
      progress.count("dropped", spans);
      return error;
    }
    const rejected = Math.min(answer.rejected, spans);
    const { message } = answer;
    counts.requests++;
    counts.spans += spans - rejected;
    counts.dropped += rejected;
    progress.count("sent", spans - rejected);
    progress.count("dropped", rejected);
    if (rejected > 0) {
      return new DeliveryError(
        `Cannot deliver all: the receiver rejected ${rejected} spans${
          message === "" ? "" : `: ${message}`
        }`,
      );
    }
    if (message !== "" && message !== lastNotice) {
      lastNotice = message;
      log("warn", `Exporter ${NAME} was told by its receiver: ${message}`);
    }
    return undefined;
  }

  /** Sends all requests even if one is rejected. */
  async function deliver(signal: AbortSignal): Promise<void> {
    const missedBefore = missedLast;
    missedLast = 0;
    let rejection: DeliveryError | undefined;
    let left = MOST_EXCHANGES;
    do {
      if (progress.unsent === undefined) {
        const { request, read } = await write(
          Math.min(EXCHANGES_PER_REQUEST, left),
        );
        left -= read;
        // The first delivery reaches the receiver in any case, so that a wrong address is known at once.
        const empty = isReached || read > 0
          ? undefined
          : { body: writer.request(""), spans: 0 };
        progress.unsent = request ?? empty;
        if (progress.unsent === undefined && read === 0) break;
      }
      signal.throwIfAborted();
      if (progress.unsent === undefined) continue;
      rejection = await send(progress.unsent, signal) ?? rejection;
      isReached = true;
      progress.unsent = undefined;
    } while (left > 0);
    if (missedLast > 0 && missedBefore === 0) {
      log(
        "warn",
        `Exporter ${NAME} is not complete: ${missedText(missedLast)}`,
      );
    }
    if (rejection !== undefined) throw rejection;
  }

  const { interval, timeout } = options;
  return new TracesExporter(
    { name: NAME, interval, timeout, clock, log, deliver },
    counts,
    () => missedLast,
  );
}
