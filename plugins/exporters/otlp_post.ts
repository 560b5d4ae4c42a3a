/**
 * One request of OpenTelemetry's protocol over HTTP, and the receiver's answer.
 *
 * @see https://opentelemetry.io/docs/specs/otlp/#otlphttp
 * @module
 */
import { DeliveryError, messageOf } from "./push.ts";

/** Number of bytes of an answer that are read. */
const MAX_ANSWER = 64 * 1024;

/** Number of characters of the receiver's message that are reported. */
const MAX_MESSAGE = 200;

/** The receiver's answer to a request that it accepted. */
export interface Answer {
  /** Number of data points or spans that it rejected. */
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

/** Reads an ExportMetricsServiceResponse or ExportTraceServiceResponse; any other answer means that all was accepted. */
function answerOf(text: string): Answer {
  const partial = property(parse(text), "partialSuccess");
  const rejected = Number(
    property(partial, "rejectedDataPoints") ??
      property(partial, "rejectedSpans") ?? 0,
  );
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
