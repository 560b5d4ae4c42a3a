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
import type { DeliveredCounts } from "./delivered_counts.ts";
import {
  DeliveryError,
  messageOf,
  PushExporter,
  type PushOptions,
  wallTime,
} from "./push.ts";

/** Number of bytes of an answer that are read. */
const MAX_ANSWER = 64 * 1024;

/** Number of characters of the receiver's message that are reported. */
const MAX_MESSAGE = 200;

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

/** Schema of {@linkcode OtlpOptions}. */
export function otlpSchema(kit: Kit): KitType<OtlpOptions> {
  const { z } = kit;
  return z.strictObject({
    endpoint: z.string().refine(
      isEndpoint,
      `The endpoint must be a URL such as "http://127.0.0.1:4318/v1/metrics", http or https, without name and password`,
    ).superRefine(
      kit.beyond("targets", (endpoint) => URL.parse(endpoint)?.hostname),
    ),
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
  });
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

/** The receiver's answer to a request that it accepted. */
export interface Answer {
  /** Number of data points that it rejected. */
  readonly rejected: number;
  /** The reason, or any other message; empty if there is none. */
  readonly message: string;
}

/** One request. */
export interface Post {
  /** URL of the receiver. */
  readonly endpoint: string;
  /** Headers besides Content-Type. */
  readonly headers: Readonly<Record<string, string>>;
  /** JSON. */
  readonly body: string;
  /** Ends the request. */
  readonly signal: AbortSignal;
}

/** A request that the receiver would reject again. Other requests may succeed. */
export class RejectedError extends DeliveryError {}

/**
 * Posts one request and reads the answer.
 *
 * @param request what to send
 * @param now returns milliseconds since 1970, for a Retry-After that is a date
 * @throws RejectedError if the receiver will not accept this request
 * @throws DeliveryError if it cannot accept any request now, with its Retry-After
 */
export async function post(
  { endpoint, headers, body, signal }: Post,
  now: () => number,
): Promise<Answer> {
  const response = await fetch(endpoint, {
    method: "POST",
    headers: { ...headers, "Content-Type": "application/json" },
    body,
    signal,
    redirect: "manual",
  }).catch((error: unknown) => {
    throw new DeliveryError(`Cannot deliver: ${messageOf(error)}`);
  });
  const text = await readStart(response);
  if (response.ok) return answerOf(text);
  const { status } = response;
  const reason = messageIn(text);
  const message = `Cannot deliver: the receiver answered ${status}${
    reason === "" ? "" : `: ${reason}`
  }`;
  // The statuses that the protocol declares as retryable.
  if ([429, 502, 503, 504].includes(status)) {
    throw new DeliveryError(
      message,
      retryAfter(response.headers.get("Retry-After"), now),
    );
  }
  throw new RejectedError(message);
}

/** Beginning of a body; does not wait for the rest. */
async function readStart(response: Response): Promise<string> {
  const decoder = new TextDecoder();
  let text = "";
  let size = 0;
  for await (const chunk of response.body ?? []) {
    size += chunk.length;
    text += decoder.decode(chunk, { stream: true });
    // Leaving the loop cancels the body.
    if (size >= MAX_ANSWER) break;
  }
  return text;
}

/** Reads an ExportMetricsServiceResponse; any other answer means that all data points were accepted. */
function answerOf(text: string): Answer {
  const partial = property(parse(text), "partialSuccess");
  const rejected = Number(property(partial, "rejectedDataPoints") ?? 0);
  const message = property(partial, "errorMessage");
  return {
    rejected: Number.isFinite(rejected) ? rejected : 0,
    message: typeof message === "string" ? message.slice(0, MAX_MESSAGE) : "",
  };
}

/** Message of a google.rpc.Status, or else the text itself. */
function messageIn(text: string): string {
  const message = property(parse(text), "message");
  return (typeof message === "string" ? message : text).trim()
    .slice(0, MAX_MESSAGE);
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // Not every receiver answers in JSON.
    return undefined;
  }
}

function property(value: unknown, name: string): unknown {
  return typeof value === "object" && value !== null
    ? Reflect.get(value, name)
    : undefined;
}

/** Retry-After, which is a number of seconds or a date, in milliseconds; 0 if it is neither. */
function retryAfter(header: string | null, now: () => number): number {
  if (header === null) return 0;
  const milliseconds = /^\d+$/.test(header)
    ? Number(header) * 1000
    : Date.parse(header) - now();
  return Math.max(0, Number.isNaN(milliseconds) ? 0 : milliseconds);
}
