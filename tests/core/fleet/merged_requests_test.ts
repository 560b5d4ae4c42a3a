import { deepEqual } from "node:assert/strict";
import { mergeRequests } from "../../../core/fleet/merged_requests.ts";
import type { JournalEntry } from "../../../core/plugin.ts";

function entry(time: string, totalMs: number, number = 0): JournalEntry {
  return {
    number,
    route: "r",
    pattern: "/r",
    session: null,
    sequence: number,
    key: null,
    method: "GET",
    path: "/r",
    arrivalMs: 0,
    time: `2026-01-01T00:00:${time}Z`,
    outcome: "answered",
    status: 200,
    queueMs: 0,
    drawnMs: totalMs,
    degradationMs: 0,
    achievedMs: totalMs,
    totalMs,
    latenessMs: 0,
    traceId: "",
    spanId: "",
    parentSpanId: null,
    sampled: true,
    webSocket: null,
  };
}

/** Replica and number of each entry, in their order. */
function order(
  parts: Readonly<Record<string, readonly JournalEntry[]>>,
  limit = 10,
): string[] {
  return mergeRequests(
    Object.entries(parts).map(([name, requests]) => ({ name, requests })),
    limit,
  ).map(({ number, replica }) => `${replica}:${number}`);
}

Deno.test("mergeRequests() orders exchanges by the time at which their headers left, to the microsecond", () => {
  deepEqual(
    order({
      a: [entry("01.000000", 5, 0), entry("01.000003", 9, 1)],
      b: [entry("01.004000", 2, 0), entry("01.000002", 9, 1)],
    }),
    ["a:0", "b:0", "b:1", "a:1"],
  );
});

Deno.test("mergeRequests() returns the latest ones within the limit", () => {
  deepEqual(
    order({
      a: [entry("01.000000", 1, 0), entry("03.000000", 1, 1)],
      b: [entry("02.000000", 1, 0)],
    }, 2),
    ["b:0", "a:1"],
  );
});

Deno.test("mergeRequests() keeps the order of a replica whose clock was set back", () => {
  deepEqual(
    order({
      a: [entry("09.000000", 1, 0), entry("01.000000", 1, 1)],
      b: [entry("05.000000", 1, 0)],
    }),
    ["b:0", "a:0", "a:1"],
  );
});
