/**
 * Figures of a test as text, to be attached to its result.
 *
 * @module
 */
import { alignedLines } from "../core/lib/terminal_text.ts";
import type { Stats } from "../mod.ts";

/** Columns of the table. */
const TITLES = [
  "route",
  "requests",
  "refused",
  "failed",
  "gone",
  "drawn p50",
  "time p50",
  "time p95",
  "time max",
  "late p99",
];

/** Writes a table: a line for each route that was asked, then the requests that matched none. */
export function describeStats(
  { routes, unmatched, unmatchedRequests, inFlight }: Stats,
): string {
  const asked = Object.entries(routes).filter(([, { arrivals }]) =>
    arrivals > 0
  );
  const rows = asked.map(([id, figures]) => {
    const { arrivals, rejected, failed, gone, reset } = figures;
    const { target, responseTime, lateness } = figures;
    return [
      id,
      ...[arrivals, rejected, failed + reset, gone].map(String),
      ...[
        target.p50,
        responseTime.p50,
        responseTime.p95,
        responseTime.max,
        lateness.p99,
      ].map((value) => value?.toFixed(1) ?? "–"),
    ];
  });
  return [
    ...rows.length === 0
      ? ["No request reached a route"]
      : ["Times in ms", "", ...alignedLines([TITLES, ...rows])],
    ...unmatched === 0 ? [] : [
      "",
      `${unmatched} ${
        unmatched === 1 ? "request" : "requests"
      } matched no route:`,
      ...unmatchedRequests.map(({ method, path, count }) =>
        `  ${method} ${path}${count === 1 ? "" : ` (${count} times)`}`
      ),
    ],
    ...inFlight === 0 ? [] : ["", `${inFlight} in flight at the end`],
    "",
  ].join("\n");
}
