import { deepEqual } from "node:assert/strict";
import type { JournalEntry } from "../../../../core/plugin.ts";
import type { SeenRequest } from "../../../../plugins/bottleneck_finder/probes/probe.ts";
import type { MadeLoad } from "../../../../plugins/bottleneck_finder/runs/loads.ts";
import {
  pageNotes,
  queuedRequests,
  unmatchedRequests,
} from "../../../../plugins/bottleneck_finder/runs/page_notes.ts";

const SERVER = new URL("http://127.0.0.1:8080/");

function request(
  url: string,
  more: Partial<SeenRequest> = {},
): SeenRequest {
  return { url, method: "GET", startMs: 0, endMs: 10, type: "fetch", ...more };
}

function exchange(
  path: string,
  arrivalMs: number,
  totalMs: number,
  method = "GET",
): JournalEntry {
  return { path, method, arrivalMs, totalMs } as JournalEntry;
}

function load(
  requests: readonly SeenRequest[],
  entries: readonly JournalEntry[] = [],
): MadeLoad {
  return { figure: 1, requests, entries };
}

Deno.test("unmatchedRequests() has those that the server answered without a route, each once", () => {
  const loads = [
    load([
      request("http://localhost:8080/api/crat?x=1", { status: 404 }),
      request("http://127.0.0.1:8080/api/cart", { method: "PUT", status: 405 }),
      // Not ours: another port, another host, a page's own 404 behind a route, other statuses.
      request("http://localhost:5173/app.js", { status: 404 }),
      request("http://shop.example:8080/app.js", { status: 404 }),
      request("http://localhost:8080/known", { status: 404 }),
      request("http://localhost:8080/fine", { status: 200 }),
      request("http://localhost:8080/lost"),
      request("http://localhost:8080/favicon.ico", { status: 404 }),
      request("no url", { status: 404 }),
    ], [exchange("/known", 0, 1)]),
    load([request("http://[::1]:8080/api/crat?x=1", { status: 404 })]),
  ];
  deepEqual(unmatchedRequests(loads, SERVER), [
    "GET /api/crat?x=1 (404)",
    "PUT /api/cart (405)",
  ]);
  deepEqual(unmatchedRequests(loads, undefined), []);
  deepEqual(
    unmatchedRequests(
      [load([request("https://shop.example/a", { status: 404 })])],
      new URL("https://shop.example/"),
    ),
    ["GET /a (404)"],
  );
});

/** A load that asks for a path at once, whose exchanges have these spans. */
function parallel(...spans: [arrival: number, total: number][]): MadeLoad {
  return load(
    spans.map((_, i) =>
      request("http://localhost:8080/item", { startMs: i, endMs: 500 })
    ),
    spans.map(([arrival, total]) => exchange("/item", arrival, total)),
  );
}

Deno.test("queuedRequests() has what a page asks for at once and gets one after the other", () => {
  const queued = parallel([0, 100], [100.2, 100], [200.5, 100]);
  const atOnce = parallel([0, 100], [1, 100], [2, 100]);
  // One pair at once is enough: the cache did not hold them back.
  const partly = parallel([0, 100], [50, 100], [200, 100]);
  const once = parallel([0, 100]);
  const inTurn = load(
    [
      request("http://localhost:8080/item", { startMs: 0, endMs: 100 }),
      request("http://localhost:8080/item", { startMs: 101, endMs: 200 }),
    ],
    [exchange("/item", 0, 100), exchange("/item", 101, 100)],
  );
  const posts = load(
    [1, 2].map((startMs) =>
      request("http://localhost:8080/item", {
        method: "POST",
        startMs,
        endMs: 300,
      })
    ),
    [
      exchange("/item", 0, 100, "POST"),
      exchange("/item", 101, 100, "POST"),
    ],
  );
  const cases: [readonly MadeLoad[], readonly string[]][] = [
    [[queued], ["GET /item"]],
    [[queued, atOnce], ["GET /item"]],
    [[queued, atOnce, atOnce], []],
    [[atOnce, partly, once, inTurn, posts], []],
    [[], []],
  ];
  for (const [loads, expected] of cases) {
    deepEqual(queuedRequests(loads, SERVER), expected);
  }
});

Deno.test("pageNotes() names at most five requests, and is empty where there is nothing to say", () => {
  deepEqual(
    pageNotes([load([request("http://localhost:8080/a")])], SERVER),
    [],
  );
  const lost = Array.from(
    { length: 7 },
    (_, i) => request(`http://localhost:8080/${i}`, { status: 404 }),
  );
  deepEqual(pageNotes([load(lost), parallel([0, 9], [9, 9])], SERVER), [
    "Requests of the page that reached perfmock and no route: GET /0 (404), GET /1 (404), GET /2 (404), GET /3 (404), GET /4 (404) and 2 more",
    'Equal requests that the page makes at once reached perfmock one after the other, since the browser\'s cache lets one at a time through: GET /item. So it is for users, too: time on the route counts once for each, unless the page asks once, or with cache: "no-store"',
  ]);
});
