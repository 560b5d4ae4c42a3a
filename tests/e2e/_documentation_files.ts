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

/** Files by name. */
export const FILES: Readonly<Record<string, string>> = {
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
};
