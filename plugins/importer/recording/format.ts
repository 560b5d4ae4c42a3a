/**
 * Form of a recording: lines of JSON. The first line says what was recorded; then come exchanges, each after the answer that it refers
 * to if that was not written before, and a line at each stop.
 *
 * @module
 */
import type { RemovedSecret } from "../../../core/import.ts";

/** Version of the form. */
export const VERSION = 1;

/** First line. */
export interface HeadLine {
  readonly kind: "recording";
  readonly version: number;
  /** Version of perfmock. */
  readonly perfmock: string;
  /** URL of the upstream without name and password. */
  readonly upstream: string;
  /** Time at which the recording began, in ISO 8601. */
  readonly started: string;
}

/** Line before the exchanges of another process. */
export interface ContinuedLine {
  readonly kind: "continued";
  readonly at: string;
}

/** Example of an answer. */
export interface AnswerLine {
  readonly kind: "answer";
  /** Number that exchanges refer to. */
  readonly id: number;
  readonly status: number;
  /** Headers in their order, without those of the connection. */
  readonly headers: readonly (readonly [name: string, value: string])[];
  /** Body, if it is text, and was recorded. */
  readonly text?: string;
  /** Size of the body as the client decodes it. */
  readonly size: number;
  /** Coding in which it was sent, `gzip` or `br`; absent for others and for none. */
  readonly coding?: string;
}

/** An exchange. Times are those of the upstream, in ms. */
export interface ExchangeLine {
  readonly kind: "exchange";
  /** Arrival, in ms since 1970. */
  readonly at: number;
  readonly method: string;
  /** Path and query. */
  readonly target: string;
  /** Content type of the request. */
  readonly type?: string;
  /** Name of the GraphQL operation; empty for one without. */
  readonly operation?: string;
  /** True for several operations at once. */
  readonly batch?: true;
  readonly status: number;
  /** Time from the end of the request until the first byte of the answer. */
  readonly wait: number;
  /** Time from the end of the request until the last byte of the answer. */
  readonly total: number;
  /** Time for a connection, if there was none. */
  readonly connect?: number;
  /** Number of requests that were under way at the arrival, without this one. */
  readonly inFlight: number;
  /** Size of the body as it was sent. */
  readonly bytes: number;
  /** Number of pieces of a body that came in more than one. */
  readonly pieces?: number;
  /** Times between the pieces of a stream, the first ones. */
  readonly gaps?: readonly number[];
  /** Number of the answer; absent if it was not recorded. */
  readonly answer?: number;
  /** True if the body was another one than that of the answer that was recorded for the same request. */
  readonly differs?: true;
}

/** Line at a stop: sums since the last start of a process. */
export interface StopLine {
  readonly kind: "stopped";
  readonly at: string;
  readonly exchanges: number;
  readonly removed: readonly RemovedSecret[];
  readonly leftOut: readonly string[];
}

/** A line. */
export type RecordingLine =
  | AnswerLine
  | ContinuedLine
  | ExchangeLine
  | HeadLine
  | StopLine;

/** Returns whether a text is the beginning of a recording. */
export function isRecording(beginning: string): boolean {
  return /^\uFEFF?\s*\{"kind":"recording",/.test(beginning);
}

/** Reads a line; undefined where it is none. */
export function lineOf(text: string): RecordingLine | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (typeof value !== "object" || value === null) return undefined;
  const line = value as Record<string, unknown>;
  switch (line.kind) {
    case "recording":
      return typeof line.version === "number"
        ? line as unknown as HeadLine
        : undefined;
    case "exchange":
      return isExchange(line) ? line as unknown as ExchangeLine : undefined;
    case "answer":
      return isAnswer(line) ? line as unknown as AnswerLine : undefined;
    case "continued":
      return line as unknown as ContinuedLine;
    case "stopped":
      return Array.isArray(line.removed) && Array.isArray(line.leftOut)
        ? line as unknown as StopLine
        : undefined;
    default:
      return undefined;
  }
}

function isExchange(line: Record<string, unknown>): boolean {
  const isTime = (value: unknown) =>
    typeof value === "number" && value >= 0 && value < Infinity;
  return typeof line.method === "string" && typeof line.target === "string" &&
    line.target.startsWith("/") && Number.isInteger(line.status) &&
    isTime(line.at) && isTime(line.wait) && isTime(line.total) &&
    isTime(line.inFlight) && isTime(line.bytes) &&
    (line.gaps === undefined ||
      Array.isArray(line.gaps) && line.gaps.every(isTime));
}

function isAnswer(line: Record<string, unknown>): boolean {
  return Number.isInteger(line.id) && Number.isInteger(line.status) &&
    Number.isInteger(line.size) && Array.isArray(line.headers) &&
    line.headers.every((pair) =>
      Array.isArray(pair) && pair.length === 2 &&
      pair.every((part) => typeof part === "string")
    ) && (line.text === undefined || typeof line.text === "string");
}
