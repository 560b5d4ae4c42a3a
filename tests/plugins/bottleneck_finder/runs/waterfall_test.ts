import { deepEqual } from "node:assert/strict";
import type { JournalEntry } from "../../../../core/plugin.ts";
import { waterfallOf } from "../../../../plugins/bottleneck_finder/runs/waterfall.ts";

/** An exchange with the fields that waterfalls read. */
function entry(
  route: string,
  path: string | null,
  arrivalMs: number,
  totalMs: number,
): JournalEntry {
  return {
    route,
    path,
    pattern: "/pattern",
    method: "GET",
    arrivalMs,
    totalMs,
  } as JournalEntry;
}

Deno.test("waterfallOf() takes the load whose figure is nearest to the median", () => {
  const load = (figure: number, route: string) => ({
    figure,
    requests: [],
    entries: [entry(route, "/x", 5, 7)],
  });
  const loads = [load(10, "a"), load(21, "b"), load(40, "c")];
  deepEqual(waterfallOf(loads, 20), [
    { url: "GET /x", route: "b", start: 0, end: 7 },
  ]);
  deepEqual(waterfallOf([], 20), []);
});

Deno.test("waterfallOf() shows the journal's exchanges where the page's requests are not seen", () => {
  const entries = [entry("b", null, 130, 20), entry("a", "/a?q=1", 100, 60)];
  deepEqual(waterfallOf([{ figure: 1, requests: [], entries }], 1), [
    { url: "GET /a?q=1", route: "a", start: 0, end: 60 },
    { url: "GET /pattern", route: "b", start: 30, end: 50 },
  ]);
});

Deno.test("waterfallOf() finds the routes of the page's requests", () => {
  const request = (url: string, startMs: number) => ({
    url,
    method: "GET",
    startMs,
    endMs: startMs + 10,
    type: "fetch",
  });
  const requests = [
    request("http://localhost:8080/a?q=1", 0),
    request("https://cdn.example.com/x.js", 5),
  ];
  const entries = [entry("a", "/a?q=1", 100, 60)];
  deepEqual(waterfallOf([{ figure: 1, requests, entries }], 1), [
    { url: "http://localhost:8080/a?q=1", route: "a", start: 0, end: 10 },
    { url: "https://cdn.example.com/x.js", route: null, start: 5, end: 15 },
  ]);
});
