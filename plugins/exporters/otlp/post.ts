import { DeliveryError, messageOf } from "../push/mod.ts";

/** How much of an answer is read, in bytes. */
const MOST = 64 * 1024;

/** How much of a refusal is told, in characters. */
const TOLD = 200;

/** What the receiver did with a request. */
export interface Answer {
  /** How many data points it did not take. */
  readonly rejected: number;
  /** Why, or what it wants to say besides; empty where nothing. */
  readonly message: string;
}

/** What is posted. */
export interface Post {
  /** Where to. */
  readonly endpoint: string;
  /** Beyond Content-Type. */
  readonly headers: Readonly<Record<string, string>>;
  /** JSON. */
  readonly body: string;
  /** Ends it. */
  readonly signal: AbortSignal;
}

/** A request that would be refused again, as it is; others may not be. */
export class RefusedError extends DeliveryError {}

/**
 * Posts one request and reads the answer.
 *
 * @param post what is sent
 * @param now milliseconds since 1970, for a Retry-After that is a date
 * @throws RefusedError where the receiver does not want this request
 * @throws DeliveryError where it cannot take any now, with its Retry-After
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
  const told = messageIn(text);
  const message = `Cannot deliver: the receiver answered ${status}${
    told === "" ? "" : `: ${told}`
  }`;
  // The protocol names these as worth another try.
  if ([429, 502, 503, 504].includes(status)) {
    throw new DeliveryError(
      message,
      retryAfter(response.headers.get("Retry-After"), now),
    );
  }
  throw new RefusedError(message);
}

/** The beginning of a body; the rest is not waited for. */
async function readStart(response: Response): Promise<string> {
  const decoder = new TextDecoder();
  let text = "";
  let size = 0;
  for await (const chunk of response.body ?? []) {
    size += chunk.length;
    text += decoder.decode(chunk, { stream: true });
    // Leaving the loop cancels the body.
    if (size >= MOST) break;
  }
  return text;
}

/** ExportMetricsServiceResponse; an answer that is none says that all was taken. */
function answerOf(text: string): Answer {
  const partial = property(parse(text), "partialSuccess");
  const rejected = Number(property(partial, "rejectedDataPoints") ?? 0);
  const message = property(partial, "errorMessage");
  return {
    rejected: Number.isFinite(rejected) ? rejected : 0,
    message: typeof message === "string" ? message.slice(0, TOLD) : "",
  };
}

/** google.rpc.Status' message, or the text itself. */
function messageIn(text: string): string {
  const message = property(parse(text), "message");
  return (typeof message === "string" ? message : text).trim().slice(0, TOLD);
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // Not every receiver answers in JSON, and none has to say anything.
    return undefined;
  }
}

function property(value: unknown, name: string): unknown {
  return typeof value === "object" && value !== null
    ? Reflect.get(value, name)
    : undefined;
}

/** Seconds, or a date; in milliseconds, 0 where there is neither. */
function retryAfter(header: string | null, now: () => number): number {
  if (header === null) return 0;
  const milliseconds = /^\d+$/.test(header)
    ? Number(header) * 1000
    : Date.parse(header) - now();
  return Math.max(0, Number.isNaN(milliseconds) ? 0 : milliseconds);
}
