import { deepEqual, equal, ok } from "node:assert/strict";
import { createPerfmock } from "../../mod.ts";
import { eachEngine } from "../support/each_engine.ts";

eachEngine.test("a run tells what was served, refused at once, timed out and cut off, as the server has counted it", async () => {
  await using server = await createPerfmock({
    routes: [
      { id: "slow", path: "/slow", serviceTime: "40ms" },
      {
        id: "full",
        path: "/full",
        response: { status: 503, text: "full" },
      },
      { id: "late", path: "/late", serviceTime: "10s" },
    ],
  }, { log: () => {} });
  const closed = { executor: "shared-iterations", users: 1 };
  const { scenarios: { mixed, cut, late }, thresholds } = await server.load({
    scenarios: {
      mixed: {
        ...closed,
        iterations: 5,
        pick: "in-order",
        requests: [
          { path: "/slow" },
          { path: "/full" },
          { path: "/full?again", name: "again" },
        ],
      },
      cut: {
        ...closed,
        iterations: 9,
        duration: "200ms",
        gracefulStop: "50ms",
        requests: [{ path: "/late" }],
      },
      late: {
        ...closed,
        iterations: 2,
        requests: [{ path: "/late", timeout: "60ms" }],
      },
    },
    thresholds: {
      "mixed.responseTime": ["min>=40ms", "count==5"],
      "mixed.refused": ["rate>0.6", "count==10"],
      "mixed.again.refused": ["count==5"],
      cut: ["count==1"],
      failed: ["count==12"],
    },
  });
  deepEqual(
    [mixed.started, mixed.served.count, mixed.refused.count, mixed.failed],
    [15, 5, 10, 10],
  );
  ok((mixed.served.responseTime.min ?? 0) >= 40);
  deepEqual([cut.started, cut.cut, cut.completed, cut.failed], [1, 1, 0, 0]);
  deepEqual([late.failures, late.served.count], [{ timeout: 2 }, 0]);
  ok((late.responseTime.min ?? 0) >= 60);
  deepEqual(thresholds.filter((threshold) => !threshold.ok), []);
  deepEqual(
    thresholds.map(({ unit }) => unit),
    ["ms", "count", "share", "count", "count", "count", "count"],
  );
  equal(server.stats().routes.full.arrivals, 10);
  const metrics = await (await fetch(new URL("metrics", server.url))).text();
  const ended = [...metrics.matchAll(
    /^perfmock_load_requests_ended_total\{scenario="(\w+)",outcome="(\w+)"\} (\d+)$/gm,
  )].filter(([, , , count]) => count !== "0").map(([, ...rest]) => rest);
  deepEqual(ended, [
    ["mixed", "served", "5"],
    ["mixed", "refused", "10"],
    ["cut", "cut", "1"],
    ["late", "failed", "2"],
  ]);
});
