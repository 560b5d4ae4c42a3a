/**
 * Files that commands of the documentation read and that no page shows: what other tools would have written.
 *
 * @module
 */

/** Service times of an exponential distribution with a mean of 100 ms, in ms, in no order. */
const TIMES: readonly number[] = Array.from({ length: 600 }, (_, index) => {
  const place = (index * 229) % 600;
  return Math.round(-100_000 * Math.log(1 - (place + 0.5) / 600)) / 1000;
});

/** Upper ends of buckets, in seconds. */
const ENDS: readonly number[] = [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1];

const countUpTo = (seconds: number) =>
  TIMES.filter((time) => time <= seconds * 1000).length;

const buckets = (handler: string) =>
  [...ENDS, Infinity].map((end) =>
    `http_request_duration_seconds_bucket{handler="${handler}",le="${
      end === Infinity ? "+Inf" : end
    }"} ${countUpTo(end)}\n`
  ).join("");

/** A recording of two routes, with times that are multiplied on one of them. */
const recording = (factor: number) =>
  [
    {
      kind: "recording",
      version: 1,
      perfmock: "0.1.0",
      upstream: "https://api.example.com",
      started: "2026-11-27T16:00:00.000Z",
    },
    ...TIMES.flatMap((time, index) =>
      (["orders", "carts"] as const).map((name) => ({
        kind: "exchange",
        at: 1_700_000_000_000 + index * 10,
        method: "GET",
        target: `/api/${name}`,
        status: 200,
        wait: name === "carts" ? factor * time : time,
        total: 3 * time,
        inFlight: 0,
        bytes: 2,
      }))
    ),
  ].map((line) => `${JSON.stringify(line)}\n`).join("");

/** Files by name. */
export const FILES: Readonly<Record<string, string>> = {
  "monday.jsonl": recording(1),
  "friday.jsonl": recording(2),
  "shop.html": "<title>Shop</title>",
  "mock.yaml": "routes: [ { path: /api/orders, serviceTime: 5ms } ]\n",
  "latencies.csv": `elapsed_ms\n${TIMES.join("\n")}\n`,
  "metrics.txt": `# TYPE http_request_duration_seconds histogram\n${
    buckets("/api/orders")
  }${buckets("/api/carts")}`,
  "results.jtl": `timeStamp,elapsed,label,responseCode,success\n${
    TIMES.map((time, index) =>
      `${1_700_000_000_000 + index * 10},${Math.ceil(time)},${
        index % 2 === 0 ? "Checkout" : "Search"
      },200,true\n`
    ).join("")
  }`,
  "orders.json": JSON.stringify({
    status: "success",
    data: {
      resultType: "vector",
      result: [...ENDS, Infinity].map((end) => ({
        metric: { le: end === Infinity ? "+Inf" : `${end}` },
        value: [1_700_000_000, `${countUpTo(end)}`],
      })),
    },
  }),
  "shop.har": JSON.stringify({
    log: {
      version: "1.2",
      entries: TIMES.slice(0, 20).map((wait, index) => ({
        startedDateTime: new Date(1_700_000_000_000 + index * 50).toISOString(),
        request: { method: "GET", url: "http://shop.test/api/orders" },
        response: {
          status: 200,
          content: { mimeType: "application/json", size: 2, text: "[]" },
        },
        timings: { wait },
      })),
    },
  }),
  "openapi.yaml":
    "openapi: 3.1.0\ninfo: { title: Shop, version: '1' }\npaths:\n  /api/orders/{id}: { get: { responses: { '200': { description: ok } } } }\n",
  "access.log": TIMES.slice(0, 50).map((time, index) =>
    `10.0.0.1 - - [10/Oct/2026:13:55:36 +0000] "GET /api/orders/${index} HTTP/1.1" 200 12 ${
      (time / 1000).toFixed(3)
    }\n`
  ).join(""),
  "stubs.json": JSON.stringify({
    mappings: [{
      request: { method: "GET", urlPath: "/api/orders" },
      response: { jsonBody: [], fixedDelayMilliseconds: 20 },
    }],
  }),
  "friday.json": JSON.stringify({
    status: "success",
    data: {
      resultType: "matrix",
      result: [...ENDS, Infinity].map((end) => ({
        metric: {
          __name__: "http_request_duration_seconds_bucket",
          route: "/api/orders",
          le: end === Infinity ? "+Inf" : `${end}`,
        },
        values: [0, 1, 2].map((step) => [
          1_700_000_000 + step,
          `${step * Math.ceil(countUpTo(end) / 20)}`,
        ]),
      })),
    },
  }),
};
