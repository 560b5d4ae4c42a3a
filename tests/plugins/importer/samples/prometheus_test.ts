import { deepEqual, equal, match, ok } from "node:assert/strict";
import type { PerfmockError } from "../../../../core/errors.ts";
import { increase } from "../../../../plugins/importer/samples/prometheus_json.ts";
import { bucketsOf, errorsIn, pointsOf, reading } from "./_read.ts";

const TEXT = `# HELP http_request_duration_seconds Duration
# TYPE http_request_duration_seconds histogram
http_request_duration_seconds_bucket{handler="/a \\"b\\" {c}",le="0.1"} 24
http_request_duration_seconds_bucket{handler="/a \\"b\\" {c}",le="0.5"} 30 1700000000000
http_request_duration_seconds_bucket{handler="/a \\"b\\" {c}",le="+Inf"} 31 # {trace_id="x"} 0.7
http_request_duration_seconds_sum{handler="/a"} 5.5
http_request_duration_seconds_count{handler="/a"} 31
go_goroutines 12
`;

Deno.test("Prometheus text gives the buckets of a histogram, in seconds by its name", async () => {
  const read = await reading(TEXT);
  deepEqual(bucketsOf(read), [[0, 100, 24], [100, 500, 6], [500, Infinity, 1]]);
  deepEqual(read.labels, {
    __name__: "http_request_duration_seconds",
    handler: '/a "b" {c}',
  });
  deepEqual(read.notes, ["boundaries in s"]);
});

Deno.test("Metrics of sizes are no durations, unless a unit is given", async () => {
  const sizes = TEXT.replaceAll("duration_seconds", "size_bytes");
  deepEqual(bucketsOf(await reading(TEXT + sizes)).length, 3);
  match((await errorsIn(sizes))[1], /no durations/);
  const [[low, high]] = bucketsOf(await reading(sizes, { unit: "ms" }));
  deepEqual([low, high], [0, 0.1]);
});

Deno.test("Histograms of several labels are an error that lists them, one that is selected or all merged are not", async () => {
  const both = TEXT + TEXT.replaceAll('handler="/a', 'handler="/z');
  const [code, message] = await errorsIn(both);
  equal(code, "IMPORT_INVALID");
  match(message, /durations of 2 kinds: __name__=.*\/a .*; __name__=.*\/z /);
  const one = await reading(both, { select: { handler: '/z "b" {c}' } });
  deepEqual(bucketsOf(one).map(([, , count]) => count), [24, 6, 1]);
  const merged = await reading(both, { merge: true });
  deepEqual(bucketsOf(merged).map(([, , count]) => count), [48, 12, 2]);
  deepEqual(await errorsIn(both, { select: { handler: "no" } }), [
    "IMPORT_INVALID",
    'The file has no durations with handler="no"',
  ]);
});

Deno.test("Counts that decrease, buckets without a total or twice, and broken lines are errors with their lines", async () => {
  deepEqual(
    await errorsIn(
      '# TYPE a histogram\na_bucket{le="1"} 5\na_bucket{le="2"} 4\na_bucket{le="+Inf"} 9\na_bucket{le="x"} 1\na_bucket{le="1"} 5\n{oops\n',
    ),
    [
      "IMPORT_INVALID",
      "Line 7 has no sample",
      "Line 5: The boundary of a bucket is no number",
      'Line 6: The bucket le="1" is given twice, at line 2 too',
      'Line 3: The bucket le="2" has fewer than the one before it: counts of a histogram are cumulative',
    ],
  );
  deepEqual(await errorsIn('# TYPE a histogram\na_bucket{le="1"} 5\n'), [
    "IMPORT_INVALID",
    'Line 2: The histogram has no bucket le="+Inf", so that its total is not known',
  ]);
  deepEqual(
    await errorsIn(
      '# TYPE a histogram\na_bucket{le="1"} -5\na_bucket{le="+Inf"} NaN\n',
    ),
    [
      "IMPORT_INVALID",
      "Line 2: The count of a bucket is negative or no number",
      "Line 3: The count of a bucket is negative or no number",
    ],
  );
});

Deno.test("Summaries give percentiles, without those that are NaN", async () => {
  const read = await reading(
    '# TYPE s_seconds summary\ns_seconds{quantile="0.5"} 0.035\ns_seconds{quantile="0.9"} 0.12\ns_seconds{quantile="0.99"} NaN\ns_seconds_sum 3\n',
  );
  deepEqual(pointsOf(read), [[0.5, 35], [0.9, 120]]);
  equal(read.leftOut[0].count, 1);
  deepEqual(
    await errorsIn(
      '# TYPE s summary\ns{quantile="0.5"} 3\ns{quantile="0.9"} 2\ns{quantile="7"} 9\n',
    ),
    [
      "IMPORT_INVALID",
      "Line 3: The quantile 0.9 is less than the one before it",
      "Line 4: The label quantile is not between 0 and 1",
    ],
  );
  deepEqual(
    await errorsIn(
      '# TYPE s summary\ns{a="1",quantile="0.5"} 3\ns{a="2",quantile="0.5"} 2\n',
      { merge: true },
    ),
    [
      "IMPORT_INVALID",
      "Line 2: Percentiles of several series cannot be merged",
    ],
  );
});

Deno.test("A bucket of 0 belongs to the next one, and one below 0 must be empty", async () => {
  deepEqual(
    bucketsOf(
      await reading(
        '# TYPE a_ms histogram\na_ms_bucket{le="0"} 2\na_ms_bucket{le="5"} 5\na_ms_bucket{le="+Inf"} 5\n',
      ),
    ),
    [[0, 5, 5], [5, Infinity, 0]],
  );
  deepEqual(
    await errorsIn(
      '# TYPE a histogram\na_bucket{le="-1"} 2\na_bucket{le="+Inf"} 5\n',
    ),
    ["IMPORT_INVALID", "Line 2: A bucket of negative durations is not empty"],
  );
});

/** Answer of the HTTP API. */
function answer(resultType: string, result: unknown): string {
  return JSON.stringify({ status: "success", data: { resultType, result } });
}

/** Series of a classic histogram. */
function classic(counts: Readonly<Record<string, unknown>>, name?: string) {
  return Object.entries(counts).map(([le, value]) => ({
    metric: { ...name !== undefined && { __name__: name }, handler: "/a", le },
    ...Array.isArray(value)
      ? {
        values: value.map((count, i) => [1700000000 + 15 * i, String(count)]),
      }
      : { value: [1700000000, String(value)] },
  }));
}

Deno.test("An instant query gives counts, a query over a range the increase of counters and the sum of rates", async () => {
  const instant = await reading(
    answer(
      "vector",
      classic({ "0.1": 5, "0.5": 8, "+Inf": 9 }, "a_seconds_bucket"),
    ),
  );
  deepEqual(bucketsOf(instant), [[0, 100, 5], [100, 500, 3], [
    500,
    Infinity,
    1,
  ]]);
  deepEqual(instant.labels, { __name__: "a_seconds", handler: "/a" });
  const counters = await reading(
    answer(
      "matrix",
      // The process restarted after the second sample.
      classic({ "0.1": [5, 9, 1], "+Inf": [6, 12, 3] }, "a_seconds_bucket"),
    ),
  );
  deepEqual(bucketsOf(counters), [[0, 100, 5], [100, Infinity, 4]]);
  match(counters.notes.join(), /increases of the counters/);
  const rates = await reading(
    answer("matrix", classic({ "0.1": [0.5, 0.25], "+Inf": [1, 0.5] })),
  );
  deepEqual(bucketsOf(rates), [[0, 100, 0.75], [100, Infinity, 0.75]]);
  match(rates.notes.join(), /sums of the rates/);
});

Deno.test("increase() counts anew after a reset", () => {
  equal(increase([1, 5, 2, 4]), 8);
  equal(increase([3]), 0);
  equal(increase([]), 0);
});

Deno.test("Rates that decrease by rounding alone are no error", async () => {
  const read = await reading(
    answer("vector", classic({ "0.1": 0.30000000000000004, "+Inf": 0.3 })),
  );
  deepEqual(bucketsOf(read).map(([, , count]) => count), [
    0.30000000000000004,
    0,
  ]);
});

Deno.test("Native histograms give their buckets, the zero bucket from 0", async () => {
  const native = {
    metric: { __name__: "a_seconds" },
    histogram: [1700000000, {
      count: "12",
      sum: "3",
      buckets: [
        [3, "-0.001", "0.001", "2"],
        [0, "0.001", "0.002", "4"],
        [0, "0.004", "0.008", "6"],
      ],
    }],
  };
  const read = await reading(answer("vector", [native]));
  deepEqual(bucketsOf(read), [[0, 1, 2], [1, 2, 4], [4, 8, 6]]);
  const over = {
    metric: native.metric,
    histograms: [native.histogram, [1700000015, {
      buckets: [[3, "-0.001", "0.001", "3"], [0, "0.001", "0.002", "10"]],
    }]],
  };
  deepEqual(bucketsOf(await reading(answer("matrix", [over]))), [
    [0, 1, 1],
    [1, 2, 6],
    [4, 8, 0],
  ]);
  const rates = { ...over, metric: {} };
  deepEqual(bucketsOf(await reading(answer("matrix", [rates]))), [
    [0, 1, 5],
    [1, 2, 14],
    [4, 8, 6],
  ]);
  const two = [native, { ...native, metric: { ...native.metric, pod: "b" } }];
  match((await errorsIn(answer("vector", two)))[1], /durations of 2 kinds/);
  deepEqual(
    bucketsOf(await reading(answer("vector", two), { merge: true }))
      .map(([, , count]) => count),
    [4, 8, 12],
  );
  const selected = await reading(answer("vector", two), {
    select: { pod: "b" },
  });
  equal(bucketsOf(selected).length, 3);
  equal(selected.leftOut[0].reason, "histograms with other labels");
});

Deno.test("Answers that are errors, empty or broken are errors with their places", async () => {
  deepEqual(
    await errorsIn(
      '{"status":"error","errorType":"bad_data","error":"parse error"}',
    ),
    [
      "IMPORT_INVALID",
      "/status: Prometheus answered with an error: parse error",
    ],
  );
  deepEqual(await errorsIn(answer("vector", [])), [
    "IMPORT_INVALID",
    "/data/result: The answer is empty: no series has these labels at that time",
  ]);
  deepEqual(await errorsIn(answer("scalar", [1, "2"])), [
    "IMPORT_INVALID",
    "/data/resultType: The answer has no histogram",
  ]);
  deepEqual(
    await errorsIn(answer("vector", [
      { metric: { le: "1" } },
      { metric: { le: "1" }, value: [1, "x"] },
      { metric: { le: "1" }, values: 5 },
      { metric: {}, histogram: [1, { buckets: 5 }] },
      {
        metric: {},
        histogram: [1, {
          buckets: [[0, "1", "2", "-1"], [0, "-2", "-1", "3"]],
        }],
      },
    ])),
    [
      "IMPORT_INVALID",
      "/data/result/0: The series has no value",
      "/data/result/1/0: Expected a time and a value",
      "/data/result/2/values: Expected a list of times and values",
      "/data/result/3/histogram/1/buckets: Expected a list of buckets",
      "/data/result/4/histogram/1/buckets/0: Expected a bucket with its boundaries and its count",
      "/data/result/4/histogram/1/buckets/1: A bucket of negative durations is not empty",
    ],
  );
  deepEqual(
    await errorsIn(answer("vector", [{
      metric: {},
      histogram: [1, { buckets: [[0, "1", "4", "1"], [0, "2", "3", "1"]] }],
    }])),
    [
      "IMPORT_INVALID",
      "/data/result/0: Buckets overlap: histograms of different schemas cannot be merged bucket by bucket",
    ],
  );
  const gone = await reading(
    answer("vector", [...classic({ "0.1": 5, "+Inf": 9 }), {
      metric: { le: "0.5" },
      value: [1, "NaN"],
    }, { metric: {}, value: [1, "3"] }]),
  );
  ok(gone.leftOut.length === 2, JSON.stringify(gone.leftOut));
});

Deno.test("Histograms of different metrics are not merged, and labels that do not exist are told those that do", async () => {
  const both = TEXT + TEXT.replaceAll("http_request_duration", "db_query");
  match(
    (await errorsIn(both, { merge: true }))[1],
    /of 2 kinds: __name__="http_request_duration_seconds"; __name__="db_query_seconds"$/,
  );
  let told = "";
  try {
    await reading(both, { select: { __name__: "db" } });
  } catch (error) {
    const { issues = [] } = error as PerfmockError;
    told = issues[0]?.allowed ?? "";
  }
  match(
    told,
    /^those that there are, among them __name__="http_request.*; __name__="db_query_seconds"/,
  );
});

Deno.test("Histograms without durations are left out", async () => {
  const read = await reading(
    `${TEXT}a_bucket{le="1"} 0\na_bucket{le="+Inf"} 0\n`,
  );
  equal(bucketsOf(read).length, 3);
  deepEqual(read.leftOut, [{
    reason: "histograms without durations",
    count: 1,
    places: ["line 9"],
  }]);
});

Deno.test("Times at which a bucket is missing are left out and counted, and so are steps without samples", async () => {
  const series = (
    le: string,
    counts: readonly (readonly [number, number])[],
  ) => ({
    metric: { le },
    values: counts.map(([step, count]) => [1700000000 + 15 * step, `${count}`]),
  });
  const read = await reading(answer("matrix", [
    series("0.1", [[0, 1], [1, 2], [4, 4]]),
    series("+Inf", [[0, 2], [1, 3], [2, 100], [4, 5]]),
  ]));
  deepEqual(bucketsOf(read), [[0, 100, 7], [100, Infinity, 3]]);
  deepEqual(read.leftOut, [
    {
      reason: "times at which buckets are missing",
      count: 1,
      places: ["/data/result/0"],
    },
    {
      reason: "steps of the range without samples",
      count: 2,
      places: ["/data/result/0"],
    },
  ]);
  const apart = answer("matrix", [
    series("0.1", [[0, 1]]),
    series("+Inf", [[1, 2]]),
  ]);
  deepEqual(await errorsIn(apart), [
    "IMPORT_INVALID",
    "The file has no durations; left out: 2 times at which buckets are missing (/data/result/0, …)",
  ]);
});
