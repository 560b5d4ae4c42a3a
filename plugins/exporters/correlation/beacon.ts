/**
 * Beacons: what the script of a page sends of the page's timings.
 *
 * @module
 */
import {
  type Issue,
  type Kit,
  PerfmockError,
  type Schema,
  validate,
} from "../../../core/plugin.ts";
import type { BrowserTimes } from "./phases.ts";

/** Maximum size of a beacon, in bytes. Browsers send 64 KiB at most. */
export const BEACON_LIMIT: number = 128 * 1024;

/** Maximum length of a URL, in characters. */
const LONGEST_URL = 2048;

/** Maximum number of requests of a beacon. */
const MOST_REQUESTS = 250;

/** Maximum number of parts that a figure is attributed to. The library names up to 20. */
const MOST_PARTS = 64;

/** A request as the page's browser measured it. */
export interface BrowserRequest extends BrowserTimes {
  /** URL without fragment. */
  readonly url: string;
  /** Cause of the request: `fetch`, `img`, `script`, `navigation` … */
  readonly initiator: string;
  /** Protocol, such as `http/1.1` or `h2`; empty where the browser does not tell. */
  readonly protocol: string;
  /** Time at which a service worker started to handle it; 0 without one. */
  readonly workerStart: number;
  /** Number of bytes received, headers included; 0 from the cache. */
  readonly transferSize: number;
  /** Number of bytes of the body after decoding. */
  readonly decodedBodySize: number;
  /** Status; 0 where the browser does not tell. */
  readonly status: number;
  /** `cache` if the response came from the cache; empty otherwise. */
  readonly delivery: string;
  /** Value of `traceparent` in Server-Timing; empty if there is none. */
  readonly traceparent: string;
}

/** A figure of a page. */
export interface PageFigure {
  /** Value, in ms; without unit for CLS. */
  readonly value: number;
  /** `good`, `needs-improvement` or `poor`, by the thresholds of the library web-vitals. */
  readonly rating: string;
  /** Parts and causes, as the library attributes them. */
  readonly attribution: Readonly<Record<string, number | string>>;
}

/** A beacon. */
export interface Beacon {
  /** Id of the page load, made up by the page. */
  readonly page: string;
  /** URL of the page, without query and fragment. */
  readonly url: string;
  /** Requests that ended since the last beacon. */
  readonly requests: readonly BrowserRequest[];
  /** Figures so far, by name: `LCP`, `INP`, `FCP`, `TTFB`, `CLS`. */
  readonly figures: Readonly<Record<string, PageFigure>>;
  /** Number of requests that the browser did not keep, because its buffer was full. */
  readonly dropped: number;
}

/** Names of the figures of a page. */
export const FIGURES = ["TTFB", "FCP", "LCP", "INP", "CLS"] as const;

/** Creates the schema of a {@linkcode Beacon}. */
export function beaconSchema({ z }: Kit): Schema<Beacon> {
  const time = z.number().min(0).max(1e12).default(0);
  const count = z.number().min(0).max(1e15).default(0);
  const word = z.string().max(64).default("");
  const url = z.string().min(1).max(LONGEST_URL);
  // Counted first: a beacon may have 10 000, and to judge each takes a second.
  const attribution = z.record(z.string(), z.unknown()).refine(
    (parts) => Object.keys(parts).length <= MOST_PARTS,
    { error: `Must have at most ${MOST_PARTS} keys` },
  ).pipe(z.record(
    z.string().max(64),
    z.union([z.number(), z.string().max(LONGEST_URL)]),
  )).default({});
  return z.object({
    page: z.string().regex(/^[\w-]{8,64}$/, {
      error: "A page id has 8 to 64 letters, digits, _ and -",
    }),
    url,
    requests: z.array(z.object({
      url,
      initiator: word,
      protocol: word,
      startTime: time,
      redirectEnd: time,
      workerStart: time,
      fetchStart: time,
      domainLookupStart: time,
      domainLookupEnd: time,
      connectStart: time,
      connectEnd: time,
      requestStart: time,
      responseStart: time,
      responseEnd: time,
      transferSize: count,
      decodedBodySize: count,
      status: z.number().int().min(0).max(999).default(0),
      delivery: word,
      traceparent: z.string().max(128).default(""),
    })).max(MOST_REQUESTS).default([]),
    figures: z.partialRecord(
      z.enum(FIGURES),
      z.object({
        value: z.number().min(0).max(1e12),
        rating: word,
        attribution,
      }),
    ).default({}),
    dropped: z.number().int().min(0).max(1e9).default(0),
  }) as unknown as Schema<Beacon>;
}

/** Reasons why a beacon is refused, as labels in metrics. */
export const REFUSALS = ["malformed", "too_large", "rate_limited"] as const;

/** Reason why a beacon was refused. */
export type Refusal = typeof REFUSALS[number];

/** A beacon that was refused. */
export interface RefusedBeacon {
  /** Reason. */
  readonly reason: Refusal;
  /** Error that answers it. */
  readonly error: PerfmockError;
}

/** Reads a beacon, whatever its content type: `sendBeacon()` sends `text/plain` where it may not ask first. */
export async function readBeacon(
  request: Request,
  schema: Schema<Beacon>,
): Promise<{ readonly beacon: Beacon } | RefusedBeacon> {
  const text = await textOf(request);
  if (text === undefined) {
    const error = new PerfmockError(
      "ARGUMENT_INVALID",
      `Cannot use a beacon of more than ${BEACON_LIMIT} bytes`,
      [],
      { status: 413 },
    );
    return { reason: "too_large", error };
  }
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    return malformed([{
      path: "",
      message: error instanceof Error ? error.message : String(error),
      allowed: "a JSON document",
    }]);
  }
  const read = validate(schema, value);
  return read.issues === undefined
    ? { beacon: read.value }
    : malformed(read.issues);
}

function malformed(issues: readonly Issue[]): RefusedBeacon {
  return {
    reason: "malformed",
    error: new PerfmockError(
      "ARGUMENT_INVALID",
      "Cannot use this beacon",
      issues,
    ),
  };
}

/** Reads a body; undefined if it is too large. */
async function textOf(request: Request): Promise<string | undefined> {
  const decoder = new TextDecoder();
  let text = "";
  let size = 0;
  for await (const chunk of request.body ?? []) {
    size += chunk.length;
    // Leaving the loop cancels the body.
    if (size > BEACON_LIMIT) return undefined;
    text += decoder.decode(chunk, { stream: true });
  }
  return text + decoder.decode();
}
