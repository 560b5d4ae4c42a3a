/**
 * The OpenTelemetry exporter: sends all metrics over OTLP/HTTP in JSON, with cumulative temporality.
 *
 * Names, labels and units are those of Prometheus. Counters are monotonic sums; histograms have explicit bounds in seconds and
 * the latest exemplars. Figures count from the moment when the exporter was turned on. The resource is
 * `service.name: perfmock`, with its version and an instance id of this run.
 *
 * Cumulative figures cannot be lost or counted twice: nothing is queued while the receiver is down, and the first request that
 * succeeds contains all counts. Only the values in between are missing. After an answer of 429 or 503, the exporter waits as
 * long as Retry-After says, at most 10 min. Data points that the receiver rejects are counted as `dropped`.
 *
 * @see https://opentelemetry.io/docs/specs/otlp/#otlphttp
 * @module
 */
import type { Host, Kit, KitType } from "../../core/plugin.ts";
import { PayloadWriter } from "./otlp_payload.ts";
import { post, RejectedError } from "./otlp_post.ts";
import { besideMetrics, type TracesOptions } from "./otlp_traces.ts";
import type { DeliveredCounts } from "./delivered_counts.ts";
import {
  DeliveryError,
  PushExporter,
  type PushOptions,
  wallTime,
} from "./push.ts";

/** Settings for OpenTelemetry. */
export interface OtlpSettings extends Omit<OtlpOptions, "endpoint"> {
  /** URL that metrics are posted to, including its path; undefined to send none. */
  readonly endpoint?: string | undefined;
  /**
   * False to send no traces, true to send them to the endpoint of metrics with `/v1/traces` in place of `/v1/metrics`, or the URL
   * that they are posted to.
   */
  readonly traces: boolean | { readonly endpoint: string };
}

/** Options of the OpenTelemetry exporter. */
export interface OtlpOptions {
  /** URL that metrics are posted to, including its path. */
  readonly endpoint: string;
  /** Time from one delivery to the next, in milliseconds. */
  readonly interval: number;
  /** Time limit for the requests of a delivery, in milliseconds. */
  readonly timeout: number;
  /** Additional request headers, such as an access key. */
  readonly headers: Readonly<Record<string, string>>;
  /** Figures count from the exporter's start; no other temporality is supported. */
  readonly temporality: "cumulative";
}

/** Schema of {@linkcode OtlpSettings}. */
export function otlpSchema(kit: Kit): KitType<OtlpSettings> {
  const { z, worded } = kit;
  const endpoint = (example: string) =>
    z.string().refine(
      isEndpoint,
      `The endpoint must be a URL such as "${example}", http or https, without name and password`,
    ).superRefine(
      kit.beyond("targets", (endpoint) => URL.parse(endpoint)?.hostname),
    );
  const traces = z.strictObject(worded({
    endpoint: endpoint("http://127.0.0.1:4318/v1/traces"),
  }, {
    endpoint: "URL that traces are posted to, including its path",
  }));
  return z.strictObject(worded({
    endpoint: endpoint("http://127.0.0.1:4318/v1/metrics").optional(),
    traces: z.union([z.boolean(), traces]).default(false),
    interval: kit.duration({ min: 100, max: 3_600_000 }).default(10_000),
    timeout: kit.duration({ min: 10, max: 3_600_000 }).default(10_000),
    headers: z.record(
      z.string().refine(isHeaderName, "The name of a header is not valid"),
      z.string().refine(
        isHeaderValue,
        "The value of a header must be text of one line in Latin-1",
      ),
    ).default({}),
    temporality: z.literal("cumulative").default("cumulative"),
  }, {
    endpoint:
      "URL that metrics are posted to, such as http://127.0.0.1:4318/v1/metrics. Default: none are sent",
    traces:
      "True to send each request as a trace to the endpoint, with /v1/traces in place of /v1/metrics, or the URL for them",
    interval: "Time from one delivery to the next",
    timeout: "Time limit for the requests of a delivery",
    headers: "Additional request headers, such as an access key",
    temporality: "Time from which figures count: the exporter's start",
  })).superRefine((settings, context) => {
    const { endpoint, traces } = settings;
    if (typeof traces === "object") return;
    if (endpoint === undefined) {
      context.addIssue({
        code: "custom",
        path: ["endpoint"],
        message:
          'An endpoint is missing: a URL for metrics such as "http://127.0.0.1:4318/v1/metrics", or one for traces alone in traces.endpoint',
      });
    } else if (traces && besideMetrics(endpoint) === undefined) {
      context.addIssue({
        code: "custom",
        path: ["traces"],
        input: traces,
        message:
          "The endpoint of traces is missing: that of metrics does not end in /v1/metrics, so that the one beside it is not known. Give traces.endpoint",
      });
    }
  });
}

/** Settings of the exporter of metrics; undefined if none are sent. */
export function metricsOptions(
  { traces: _, endpoint, ...common }: OtlpSettings,
): OtlpOptions | undefined {
  return endpoint === undefined ? undefined : { endpoint, ...common };
}

/** Settings of the exporter of traces; undefined if none are sent. */
export function tracesOptions(
  { traces, endpoint, interval, timeout, headers }: OtlpSettings,
): TracesOptions | undefined {
  if (traces === false) return undefined;
  const own = typeof traces === "object"
    ? traces.endpoint
    : besideMetrics(endpoint ?? "");
  return own === undefined
    ? undefined
    : { endpoint: own, interval, timeout, headers };
}

function isEndpoint(written: string): boolean {
  if (!URL.canParse(written)) return false;
  const { protocol, username, password } = new URL(written);
  return /^https?:$/.test(protocol) && username === "" && password === "";
}

function isHeaderName(name: string): boolean {
  return /^[\w!#$%&'*+.^`|~-]+$/.test(name);
}

function isHeaderValue(value: string): boolean {
  return /^[\t\x20-\x7e\x80-\xff]*$/.test(value);
}

interface Counts {
  /** Number of requests that the receiver accepted. */
  requests: number;
  /** Number of data points that it rejected. */
  dropped: number;
}

/** Figures of the OpenTelemetry exporter. */
export interface OtlpFigures extends Readonly<Counts> {
  /** `starting`, `ok`, or `failing: ` and the reason. */
  readonly state: string;
  /** Number of deliveries tried. */
  readonly flushes: number;
  /** Number of deliveries that failed. */
  readonly failed: number;
}

/** An OpenTelemetry exporter. */
export class OtlpExporter extends PushExporter {
  readonly #counts: Readonly<Counts>;

  /** Use {@linkcode createOtlpExporter}, whose `deliver` updates the counts. */
  constructor(options: PushOptions, counts: Readonly<Counts>) {
    super(options);
    this.#counts = counts;
  }

  /** Figures of this exporter. */
  get figures(): OtlpFigures {
    return {
      state: this.state,
      flushes: this.deliveries,
      failed: this.failures,
      ...this.#counts,
    };
  }
}

/** Start and identity of the counts. They stay when the settings change, or a sum would decrease. */
export interface OtlpOrigin {
  /** Counts from before the start. */
  readonly delivered: DeliveredCounts;
  /** Time at which counting began, in milliseconds of the server's clock. */
  readonly start: number;
  /** The instance id. */
  readonly id: string;
}

/** Creates an OpenTelemetry exporter that has not started. */
export function createOtlpExporter(
  host: Pick<Host, "clock" | "metrics" | "log" | "version">,
  options: OtlpOptions,
  { delivered, start, id }: OtlpOrigin,
): OtlpExporter {
  const counts: Counts = { requests: 0, dropped: 0 };
  const { clock, log, version } = host;
  const now = () => clock.now();
  const writer = new PayloadWriter({ version, instance: id, delivered, start });
  let exemplarsSentUntil = -Infinity;
  let lastNotice = "";

  /** Sends all requests even if one is rejected, whose data points are counted as dropped. */
  async function deliver(signal: AbortSignal): Promise<void> {
    const begun = now();
    let rejection: DeliveryError | undefined;
    const all = writer.payloads(host.metrics.all(), now, exemplarsSentUntil);
    for (const payload of all) {
      if (payload === undefined) {
        await clock.yield();
        continue;
      }
      signal.throwIfAborted();
      const { body, points } = payload;
      try {
        const { rejected, message } = await post(
          { ...options, body, signal },
          () => wallTime(now()),
        );
        counts.requests++;
        if (rejected > 0) {
          counts.dropped += rejected;
          rejection = new DeliveryError(
            `Cannot deliver all: the receiver rejected ${rejected} data points${
              message === "" ? "" : `: ${message}`
            }`,
          );
        } else if (message !== "" && message !== lastNotice) {
          lastNotice = message;
          log("warn", `Exporter otlp was told by its receiver: ${message}`);
        }
      } catch (error) {
        if (!(error instanceof RejectedError)) throw error;
        counts.dropped += points;
        rejection = error;
      }
    }
    exemplarsSentUntil = begun;
    if (rejection !== undefined) throw rejection;
  }

  return new OtlpExporter({
    name: "otlp",
    interval: options.interval,
    timeout: options.timeout,
    clock,
    log,
    deliver,
  }, counts);
}
