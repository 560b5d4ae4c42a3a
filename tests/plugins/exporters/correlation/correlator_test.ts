import { deepEqual, equal, ok } from "node:assert/strict";
import { MetricRegistry } from "../../../../core/observe/metric_registry.ts";
import type { JournalEntry } from "../../../../core/plugin.ts";
import { VirtualClock } from "../../../../core/lib/time/mod.ts";
import type {
  Beacon,
  BrowserRequest,
} from "../../../../plugins/exporters/correlation/beacon.ts";
import { Correlator } from "../../../../plugins/exporters/correlation/correlator.ts";
import {
  MOST_REQUESTS,
  type Unjoined,
} from "../../../../plugins/exporters/correlation/page_loads.ts";

const TRACE = "4bf92f3577b34da6a3ce929d0e0e4736";

function span(n: number): string {
  // An id of zeros is not valid.
  return (n + 1).toString(16).padStart(16, "0");
}

function entry(n: number, more: Partial<JournalEntry> = {}): JournalEntry {
  return {
    number: n,
    route: "a",
    pattern: "/a",
    session: null,
    sequence: n,
    key: null,
    method: "GET",
    path: "/a",
    arrivalMs: 0,
    time: "2026-01-01T00:00:00.000Z",
    outcome: "answered",
    status: 200,
    queueMs: 10,
    drawnMs: 20,
    degradationMs: 5,
    achievedMs: 20,
    totalMs: 35,
    latenessMs: 0,
    traceId: TRACE,
    spanId: span(n),
    parentSpanId: null,
    sampled: true,
    webSocket: null,
    ...more,
  };
}

function request(
  n: number,
  more: Partial<BrowserRequest> = {},
): BrowserRequest {
  return {
    url: "http://127.0.0.1:8080/a",
    initiator: "fetch",
    protocol: "http/1.1",
    startTime: 100,
    redirectEnd: 0,
    workerStart: 0,
    fetchStart: 100,
    domainLookupStart: 100,
    domainLookupEnd: 100,
    connectStart: 100,
    connectEnd: 100,
    requestStart: 160,
    responseStart: 197,
    responseEnd: 200,
    transferSize: 300,
    decodedBodySize: 10,
    status: 200,
    delivery: "",
    traceparent: `00-${TRACE}-${span(n)}-01`,
    ...more,
  };
}

function beacon(
  requests: readonly BrowserRequest[],
  more: Partial<Beacon> = {},
): Beacon {
  return {
    page: "page-0001",
    url: "http://127.0.0.1:8080/",
    requests,
    figures: {},
    dropped: 0,
    ...more,
  };
}

function correlatorOf(entries: readonly JournalEntry[]) {
  const metrics = new MetricRegistry();
  const bySpan = new Map(entries.map((entry) => [entry.spanId, entry]));
  const correlator = new Correlator({
    clock: new VirtualClock(),
    metrics,
    url: new URL("http://127.0.0.1:8080/"),
    journal: {
      capacity: 10_000,
      bySpan: (span) => bySpan.get(span),
      read: () => ({ entries: [], missed: 0, place: {} }),
    },
  });
  return { correlator, metrics };
}

Deno.test("a request is joined by the span id of its response, and taken apart", () => {
  const { correlator } = correlatorOf([entry(1)]);
  deepEqual(correlator.take(beacon([request(1)])), { joined: 1, unjoined: {} });
  const { joined, routes, notes } = correlator.answer();
  deepEqual([joined, notes], [1, []]);
  const [{ route, total, phases }] = routes;
  deepEqual([route, total.count, total.mean], ["a", 1, 100]);
  deepEqual(
    Object.fromEntries(
      Object.entries(phases).map(([name, { mean, share }]) => [
        name,
        [mean, share],
      ]),
    ),
    {
      redirect: [0, 0],
      stall: [60, 0.6],
      dns: [0, 0],
      connect: [0, 0],
      queue: [10, 0.1],
      service: [20, 0.2],
      degrade: [5, 0.05],
      gap: [2, 0.02],
      download: [3, 0.03],
    },
  );
});

Deno.test("a request that a service worker left to the network is joined", () => {
  const { correlator } = correlatorOf([entry(1)]);
  equal(correlator.take(beacon([request(1, { workerStart: 101 })])).joined, 1);
});

Deno.test("a coarse clock leaves differences below 0, and the means still add up", () => {
  const { correlator } = correlatorOf([entry(1)]);
  // The server measured 35 ms; the browser's clock has steps of 20 ms.
  correlator.take(
    beacon([request(1, {
      requestStart: 160,
      responseStart: 180,
      responseEnd: 200,
    })]),
  );
  const [{ total, phases }] = correlator.answer().routes;
  deepEqual([phases.gap.mean, phases.gap.p50, phases.gap.share], [
    -15,
    0,
    -0.15,
  ]);
  const sum = Object.values(phases).reduce(
    (sum, { mean }) => sum + (mean ?? NaN),
    0,
  );
  equal(sum, total.mean);
});

Deno.test("the largest times that a beacon may have are recorded", () => {
  const { correlator } = correlatorOf([entry(1)]);
  correlator.take(beacon([request(1, { responseEnd: 1e12 })]));
  const [{ total }] = correlator.answer().routes;
  ok((total.mean ?? 0) > 9e11 && Number.isFinite(total.p99), `${total.mean}`);
});

Deno.test("a rejected request has queue time and no degradation", () => {
  const rejected = entry(1, {
    outcome: "rejected",
    status: 503,
    queueMs: 30,
    totalMs: 30,
  });
  const { correlator } = correlatorOf([rejected]);
  correlator.take(beacon([request(1, { status: 503 })]));
  const [{ phases }] = correlator.answer().routes;
  deepEqual(
    [phases.queue.mean, phases.service.mean, phases.degrade.mean],
    [30, 0, 0],
  );
});

const hidden = {
  requestStart: 0,
  responseStart: 0,
  transferSize: 0,
  decodedBodySize: 0,
  traceparent: "",
};
const CASES: readonly (readonly [Unjoined, Partial<BrowserRequest>])[] = [
  ["cached", { delivery: "cache" }],
  ["cached", { transferSize: 0 }],
  ["service_worker", { workerStart: 101, traceparent: "" }],
  // As Chromium reports all that a service worker answers, with the trace of the worker's own request.
  ["service_worker", { workerStart: 101, transferSize: 0, delivery: "cache" }],
  [
    "service_worker",
    { workerStart: 101, transferSize: 0, delivery: "cache-storage" },
  ],
  ["no_timing_allowed", {
    ...hidden,
    url: "http://localhost:8080/a",
    status: 0,
  }],
  ["no_timing_allowed", { ...hidden, url: "http://localhost:8080/a" }],
  ["no_response", { ...hidden, status: 0 }],
  ["elsewhere", { traceparent: "", url: "http://127.0.0.1:3000/x.js" }],
  ["elsewhere", { traceparent: "", url: "data:text/plain,x" }],
  ["no_trace", { traceparent: "" }],
  ["no_trace", { traceparent: "00-broken" }],
  ["unknown_trace", { traceparent: `00-${TRACE}-${span(77)}-01` }],
  ["clock_jumped", { responseEnd: 1 }],
  ["clock_jumped", { startTime: 1e12 }],
  ["clock_jumped", { domainLookupEnd: 90_000 }],
  ["clock_jumped", { responseStart: 60, requestStart: 160 }],
];

for (const [index, [reason, more]] of CASES.entries()) {
  Deno.test(`a request that cannot be joined is counted as ${reason} (${index})`, () => {
    const { correlator, metrics } = correlatorOf([entry(1)]);
    deepEqual(correlator.take(beacon([request(1, more)])), {
      joined: 0,
      unjoined: { [reason]: 1 },
    });
    const { joined, notes, routes, unjoined } = correlator.answer();
    deepEqual([joined, routes, unjoined[reason]], [0, [], 1]);
    ok(notes[0].startsWith(`${reason}: `));
    const { requests } = correlator.page("latest") ?? { requests: [] };
    deepEqual([requests[0].unjoined, requests[0].phases], [reason, null]);
    const counted = metrics.counter({
      name: "perfmock_correlation_unjoined_total",
      help: "Requests of pages that could not be joined with an exchange",
      labels: ["reason"],
    }).series(reason);
    equal(counted.value, 1);
  });
}

Deno.test("the same trace in several requests is told apart by the span", () => {
  const { correlator } = correlatorOf([entry(1), entry(2, { route: "b" })]);
  correlator.take(beacon([request(1), request(2)]));
  deepEqual(correlator.answer().routes.map(({ route }) => route).sort(), [
    "a",
    "b",
  ]);
});

Deno.test("a session is answered for alone", () => {
  const { correlator } = correlatorOf([entry(1), entry(2, { session: "w1" })]);
  correlator.take(beacon([request(1), request(2)]));
  const routesOf = (session?: string | null) =>
    correlator.answer(session).routes.map(({ session }) => session);
  deepEqual([routesOf("w1"), routesOf(null), routesOf().length], [
    ["w1"],
    [null],
    2,
  ]);
});

Deno.test("a session has the page loads whose requests went to it", () => {
  const { correlator } = correlatorOf([entry(1), entry(2, { session: "w1" })]);
  correlator.take(beacon([request(1)], { page: "page-0001" }));
  correlator.take(beacon([request(2), request(9)], { page: "page-0002" }));
  correlator.take(beacon([request(9)], { page: "page-0003" }));
  const found = (session?: string | null) => {
    const { joined, pages } = correlator.answer(session);
    const loads = pages.reduce((sum, { loads }) => sum + loads, 0);
    return [joined, loads, correlator.page("latest", session)?.page];
  };
  deepEqual([found(), found("w1"), found(null), found("w2")], [
    [2, 3, "page-0003"],
    [1, 1, "page-0002"],
    [1, 1, "page-0001"],
    [0, 0, undefined],
  ]);
  equal("sessions" in (correlator.page("latest") ?? {}), false);
});

Deno.test("page figures are the latest of each load, and spread over loads", () => {
  const { correlator } = correlatorOf([]);
  const LCP = (value: number) => ({
    LCP: { value, rating: "good", attribution: {} },
    CLS: { value: 0.05, rating: "good", attribution: {} },
  });
  for (let n = 1; n <= 4; n++) {
    const page = `page-000${n}`;
    correlator.take(beacon([], { page, figures: LCP(1) }));
    correlator.take(beacon([], { page, figures: LCP(100 * n) }));
  }
  const [{ loads, latest, figures }] = correlator.answer().pages;
  deepEqual([loads, latest], [4, "page-0004"]);
  deepEqual([figures.LCP.count, figures.LCP.mean], [4, 250]);
  ok(Math.abs((figures.LCP.p75 ?? NaN) - 300) < 2);
  ok(Math.abs((figures.CLS.p50 ?? NaN) - 0.05) < 0.001);
  equal(correlator.page("page-0002")?.figures.LCP.value, 200);
});

Deno.test("page loads and their requests are bounded", () => {
  const { correlator } = correlatorOf([]);
  correlator.pages.capacity = 3;
  for (let n = 1; n <= 5; n++) {
    correlator.take(beacon([], { page: `page-000${n}` }));
  }
  equal(correlator.page("page-0002"), undefined);
  equal(correlator.page("latest")?.page, "page-0005");
  const many = Array.from({ length: MOST_REQUESTS + 7 }, (_, n) => request(n));
  correlator.take(beacon(many, { page: "page-0005", dropped: 2 }));
  const load = correlator.page("page-0005");
  deepEqual([load?.requests.length, load?.dropped], [MOST_REQUESTS, 9]);
});

Deno.test("routes beyond the limit are counted together", () => {
  const entries = Array.from(
    { length: 250 },
    (_, n) => entry(n, { route: `r${n}` }),
  );
  const { correlator } = correlatorOf(entries);
  for (const { sequence } of entries) {
    correlator.take(beacon([request(sequence)]));
  }
  const { routes } = correlator.answer();
  equal(routes.length, 201);
  equal(
    routes.find(({ route }) => route === "__overflow__")?.total.count,
    50,
  );
});

Deno.test("a reset removes figures, counts and page loads", () => {
  const { correlator } = correlatorOf([entry(1)]);
  correlator.take(beacon([request(1), request(9)]));
  correlator.refuse("malformed");
  correlator.reset();
  const { beacons, joined, pages, refused, routes, unjoined } = correlator
    .answer();
  deepEqual([beacons, joined, pages, routes], [0, 0, [], []]);
  deepEqual(
    [...Object.values(refused), ...Object.values(unjoined)]
      .filter((count) => count > 0),
    [],
  );
});
