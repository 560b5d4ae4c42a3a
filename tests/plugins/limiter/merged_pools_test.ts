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

Deno.test("mergePools() makes one pool of those that replicas share: places of the whole once, and what is taken as the sum", () => {
  const part = (busy: number, whole: number, replicas = 3) => [
    report({
      concurrency: 4,
      busy,
      queued: busy,
      shared: {
        mode: "shared",
        busy: whole,
        queued: whole,
        replicas,
        share: 1,
      },
    }),
  ];
  const levels = (parts: readonly (readonly PoolReport[])[]) => {
    const [{ busy, concurrency, queue, queued, shared }] = mergePools(parts);
    return [concurrency, queue, busy, queued, shared?.busy, shared?.queued];
  };
  // Each replica knows its own levels better than those of the whole.
  deepEqual(levels([part(2, 3), part(1, 1), part(1, 4)]), [4, 4, 4, 4, 4, 4]);
  deepEqual(levels([part(2, 4), part(0, 4), part(1, 4)]), [4, 4, 3, 3, 3, 3]);
  // One has not answered: Redis counts it.
  deepEqual(levels([part(2, 4), part(1, 3)]), [4, 4, 3, 3, 4, 4]);
  deepEqual(levels([part(2, 1), part(1, 2)]), [4, 4, 3, 3, 3, 3]);
});

Deno.test("mergePools() takes the word of no replica for the whole that decides by itself", () => {
  const [{ shared }] = mergePools([[
    report({
      busy: 1,
      shared: { mode: "alone", busy: 9, queued: 9, replicas: 3, share: 1 },
    }),
  ], [
    report({
      busy: 1,
      shared: { mode: "shared", busy: 3, queued: 1, replicas: 3, share: 0 },
    }),
  ]]);
  deepEqual(shared, {
    mode: "alone",
    busy: 3,
    queued: 1,
    replicas: 3,
    share: 1,
  });
});
