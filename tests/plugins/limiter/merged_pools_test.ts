import { deepEqual, equal } from "node:assert/strict";
import {
  mergePools,
  type PoolReport,
} from "../../../plugins/limiter/merged_pools.ts";

function report(of: Partial<PoolReport>): PoolReport {
  return {
    name: "db",
    concurrency: 2,
    busy: 0,
    peakBusy: 0,
    queue: 4,
    queued: 0,
    arrivals: 0,
    admitted: 0,
    rejected: {},
    utilisation: 0,
    last10s: { seconds: 9, utilisation: 0, meanQueued: 0 },
    last1m: { seconds: 59, utilisation: 0, meanQueued: 0 },
    meanQueued: 0,
    meanWait: 0,
    waited: 0,
    ...of,
  };
}

Deno.test("mergePools() adds places and requests, weighs utilisation by places and the mean wait by admitted requests", () => {
  const [merged] = mergePools([
    [report({
      concurrency: 3,
      busy: 3,
      peakBusy: 3,
      queued: 1,
      arrivals: 10,
      admitted: 8,
      rejected: { queue_full: 2 },
      utilisation: 0.9,
      last10s: { seconds: 9.5, utilisation: 1, meanQueued: 2 },
      meanQueued: 1.5,
      meanWait: 10,
      waited: 80,
    })],
    [report({
      concurrency: 1,
      busy: 0,
      peakBusy: 1,
      arrivals: 3,
      admitted: 2,
      rejected: { queue_full: 1, client_gone: 1 },
      utilisation: 0.5,
      last10s: { seconds: 8, utilisation: 0.2, meanQueued: 0.25 },
      meanQueued: 0.25,
      meanWait: 5,
      waited: 10,
    })],
  ]);
  deepEqual(merged, {
    name: "db",
    concurrency: 4,
    busy: 3,
    peakBusy: 4,
    queue: 8,
    queued: 1,
    arrivals: 13,
    admitted: 10,
    rejected: { queue_full: 3, client_gone: 1 },
    utilisation: (3 * 0.9 + 0.5) / 4,
    last10s: { seconds: 9.5, utilisation: (3 + 0.2) / 4, meanQueued: 2.25 },
    last1m: { seconds: 59, utilisation: 0, meanQueued: 0 },
    meanQueued: 1.75,
    meanWait: 9,
    waited: 90,
  });
});

Deno.test("mergePools() keeps pools without a limit, and their utilisation is 0", () => {
  const [merged] = mergePools([
    [report({ concurrency: "unbounded", queue: "unbounded", utilisation: 0 })],
    [report({ concurrency: "unbounded", queue: "unbounded", utilisation: 0 })],
  ]);
  deepEqual(
    [merged.concurrency, merged.queue, merged.utilisation, merged.meanWait],
    ["unbounded", "unbounded", 0, 0],
  );
});

Deno.test("mergePools() keeps the longest Retry-After, adds phantoms, and keeps pools apart", () => {
  const merged = mergePools([
    [
      report({
        retryAfter: { seconds: 2, from: "fallback" },
        background: { arrivals: 5, refused: 1 },
      }),
      report({ name: "other" }),
    ],
    [report({
      retryAfter: { seconds: 7, from: "throughput" },
      background: { arrivals: 4, refused: 2 },
    })],
  ]);
  equal(merged.length, 2);
  deepEqual(merged[0].retryAfter, { seconds: 7, from: "throughput" });
  deepEqual(merged[0].background, { arrivals: 9, refused: 3 });
  equal(merged[1].concurrency, 2);
});
