/**
 * Runs wrk, a native HTTP client in C, in a closed loop: each connection sends its next request after the last answer.
 *
 * @module
 */
import type { Children } from "./processes.ts";

/** Figures of a run. Times are in ms. */
export interface WrkFigures {
  /** Number of answers. */
  readonly requests: number;
  /** Answers per second. */
  readonly rate: number;
  /** Bytes read for each answer, head included. */
  readonly bytes: number;
  /** Median of the time from a request to its answer. */
  readonly p50: number;
  /** 99th percentile of the time from a request to its answer. */
  readonly p99: number;
  /** Quantile at 99.9 %. */
  readonly p999: number;
  /** Longest time. */
  readonly max: number;
}

/** A closed loop of wrk. */
export interface WrkOrder {
  /** URL that is fetched with GET. */
  readonly url: string;
  /** Number of connections. */
  readonly connections: number;
  /** Duration, in whole seconds. */
  readonly seconds: number;
}

/** Reports of the script wrk_report.lua. Times are in µs. */
interface Report extends Omit<WrkFigures, "rate"> {
  readonly duration: number;
  /** Number of requests without an answer. */
  readonly lost: number;
  /** Number of answers with a status of 400 or more. */
  readonly refused: number;
}

/** Time beyond the duration of a run after which wrk is given up, in ms. */
const PATIENCE = 20_000;

/** Returns true if wrk is installed. */
export async function hasWrk(): Promise<boolean> {
  try {
    await new Deno.Command("wrk", {
      args: ["--version"],
      stdout: "null",
      stderr: "null",
    }).output();
    return true;
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    return false;
  }
}

/**
 * Runs wrk with one thread on the client's processor.
 *
 * @throws Error if a request got no answer or one with a status of 400 or more, because the figures would mean nothing
 */
export async function runWrk(
  children: Children,
  { url, connections, seconds }: WrkOrder,
): Promise<WrkFigures> {
  const script = new URL("wrk_report.lua", import.meta.url).pathname;
  const child = children.spawn("wrk", [
    "-t1",
    `-c${connections}`,
    `-d${seconds}s`,
    ...["-s", script],
    url,
  ], { side: "client" });
  try {
    for (;;) {
      const line = await child.line(seconds * 1000 + PATIENCE);
      if (line.startsWith("{")) return readWrkReport(line);
    }
  } finally {
    await child.stop();
  }
}

/**
 * Reads the line that wrk_report.lua prints.
 *
 * @throws Error if requests were lost or refused, or none was answered
 */
export function readWrkReport(line: string): WrkFigures {
  const { duration, requests, bytes, p50, p99, p999, max, lost, refused } = JSON
    .parse(line) as Report;
  if (lost > 0 || refused > 0 || requests === 0) {
    throw new Error(
      `Cannot measure with wrk: ${requests} answers, ${refused} of them with a status of 400 or more, ${lost} requests without an answer`,
    );
  }
  return {
    requests,
    rate: requests / duration * 1e6,
    bytes: bytes / requests,
    p50: p50 / 1000,
    p99: p99 / 1000,
    p999: p999 / 1000,
    max: max / 1000,
  };
}
