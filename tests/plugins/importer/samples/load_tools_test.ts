import { deepEqual, equal, match } from "node:assert/strict";
import { goDuration } from "../../../../plugins/importer/samples/k6.ts";
import { errorsIn, pointsOf, reading, valuesOf } from "./_read.ts";

const JTL =
  `timeStamp,elapsed,label,responseCode,responseMessage,threadName,dataType,success,failureMessage,bytes,sentBytes,grpThreads,allThreads,URL,Latency,IdleTime,Connect
1700000000000,120,Home,200,OK,Thread 1-1,text,true,,1024,120,1,1,http://localhost/,100,0,5
1700000000200,80,"Search, by name",200,"OK
really",Thread 1-1,text,true,,1024,120,1,1,http://localhost/s,60,0,0
1700000000400,9,Home,500,Error,Thread 1-1,text,false,boom,10,120,1,1,http://localhost/,9,0,0
1700000000600,140,Home,200,OK,Thread 1-1,text,true,,1024,120,1,1,http://localhost/,110,0,0
`;

Deno.test("Results of JMeter as CSV give the times of successful samples by label", async () => {
  const home = await reading(JTL, { select: { label: "Home" } });
  deepEqual(valuesOf(home), [120, 140]);
  deepEqual(home.leftOut, [
    { reason: "durations with other labels", count: 1, places: ["line 3"] },
    { reason: "failed requests", count: 1, places: ["line 5"] },
  ]);
  deepEqual(valuesOf(await reading(JTL, { merge: true })), [120, 80, 140]);
  deepEqual(
    valuesOf(await reading(JTL, { merge: true, column: "Latency" })),
    [100, 60, 110],
  );
  match((await errorsIn(JTL))[1], /label="Home"; label="Search, by name"/);
  const bare = JTL.split("\n").slice(1, 2).join("\n");
  deepEqual(valuesOf(await reading(bare)), [120]);
});

Deno.test("Broken results of JMeter are errors with their lines", async () => {
  deepEqual(
    await errorsIn(`${JTL}1700000000600,,Home,200,OK\n1,"x\n`, {
      merge: true,
      column: "Elapsed",
    }).then((errors) => errors.slice(0, 2)),
    ["IMPORT_INVALID", "Line 1 names no such column"],
  );
  deepEqual(
    await errorsIn(`${JTL}1700000000600,,Home,200,OK\n1,"x\n`, { merge: true }),
    [
      "IMPORT_INVALID",
      "Line 7 has no duration",
      "Line 8 has a quote that does not end",
    ],
  );
});

Deno.test("Results of JMeter as XML give the times of samples that are not within others", async () => {
  const xml = `<?xml version="1.0" encoding="UTF-8"?>
<testResults version="1.2">
<httpSample t="120" lt="100" ts="1700000000000" s="true" lb="A &amp; B" rc="200" rm="OK">
  <httpSample t="50" s="true" lb="A &amp; B-0"/>
</httpSample>
<httpSample t="80" s="true" lb="A &amp; B"/>
<sample t="3" s="false" lb="A &amp; B"/>
</testResults>
`;
  const read = await reading(xml);
  deepEqual(valuesOf(read), [120, 80]);
  deepEqual(read.labels, { label: "A & B" });
  deepEqual(read.leftOut.map(({ reason }) => reason), [
    "samples within others",
    "failed requests",
  ]);
  deepEqual(await errorsIn(xml.replace('t="80"', 't="x"')), [
    "IMPORT_INVALID",
    "Line 6 has a sample without the attribute t",
  ]);
});

const TREND = { avg: 40, min: 5, med: 35, max: 900, "p(90)": 80, "p(95)": 120 };

Deno.test("Summaries of k6 as JSON give percentiles, and the number of requests", async () => {
  const exported = {
    metrics: {
      http_req_duration: TREND,
      http_req_waiting: { ...TREND, med: 30 },
      http_reqs: { count: 5000, rate: 50 },
      vus: { value: 1, min: 1, max: 1 },
    },
  };
  const expected = [[0, 5], [0.5, 35], [0.9, 80], [0.95, 120], [1, 900]];
  const read = await reading(JSON.stringify(exported));
  deepEqual(pointsOf(read), expected);
  equal(read.durations.kind === "percentiles" && read.durations.count, 5000);
  deepEqual(read.notes, ["other metrics with percentiles: http_req_waiting"]);
  const handled = {
    metrics: {
      http_req_duration: { type: "trend", contains: "time", values: TREND },
      http_reqs: { type: "counter", values: { count: 5000, rate: 50 } },
    },
  };
  deepEqual(pointsOf(await reading(JSON.stringify(handled))), expected);
  const waiting = await reading(JSON.stringify(exported), {
    select: { metric: "http_req_waiting" },
  });
  deepEqual(pointsOf(waiting)[1], [0.5, 30]);
  deepEqual(
    await errorsIn(JSON.stringify(exported), {
      select: { metric: "x", y: "1" },
    }),
    [
      "IMPORT_INVALID",
      "--select: A summary of k6 has no such label",
      "The summary has no metric x with percentiles",
    ],
  );
  deepEqual(
    await errorsIn(
      JSON.stringify({ metrics: { http_req_duration: { ...TREND, med: 99 } } }),
    ),
    [
      "IMPORT_INVALID",
      "Percentile 90 of http_req_duration is less than a lower one",
    ],
  );
  deepEqual(await errorsIn('{"metrics":{"vus":{"value":1}}}'), [
    "IMPORT_INVALID",
    "The summary has no metric http_req_duration with percentiles",
  ]);
});

const SUMMARY = `
     ✓ status is 200

     checks.........................: 100.00% ✓ 5000 ✗ 0
     data_received..................: 1.2 MB  12 kB/s
     http_req_blocked...............: avg=6.4µs  min=1µs   med=4µs   max=5.6ms p(90)=6µs  p(95)=8µs
   ✓ http_req_duration..............: avg=40ms   min=5ms   med=35ms  max=1m1.5s p(90)=80ms p(95)=120.5ms
       { expected_response:true }...: avg=40ms   min=5ms   med=34ms  max=900ms p(90)=80ms p(95)=120.5ms
     http_reqs......................: 5000   50/s
     iterations.....................: 5000   50/s
`;

Deno.test("Summaries of k6 as text give percentiles", async () => {
  const read = await reading(SUMMARY);
  deepEqual(pointsOf(read), [
    [0, 5],
    [0.5, 35],
    [0.9, 80],
    [0.95, 120.5],
    [1, 61_500],
  ]);
  equal(read.durations.kind === "percentiles" && read.durations.count, 5000);
  match(
    (await errorsIn(SUMMARY.replace("med=35ms", "med=soon")))[1],
    /^Line 7 has no duration as med/,
  );
});

Deno.test("Summaries of k6 as text need no median", async () => {
  const short =
    "http_reqs......................: 5000   1000/s\nhttp_req_duration..............: avg=202.84ms p(90)=328.43ms p(95)=369.15ms\n";
  deepEqual(pointsOf(await reading(short)), [[0.9, 328.43], [0.95, 369.15]]);
});

Deno.test("goDuration() reads durations as Go writes them", () => {
  deepEqual(
    ["1h2m3.5s", "250µs", "1.5ms", "0s", "12", "1m x"].map(goDuration),
    [3_723_500, 0.25, 1.5, 0, undefined, undefined],
  );
});

/** A request as k6 writes it to `--out json`. */
function point(value: unknown, tags: Record<string, string> = {}): string {
  return JSON.stringify({
    metric: "http_req_duration",
    type: "Point",
    data: {
      time: "2023-11-14T22:13:20Z",
      value,
      tags: {
        method: "GET",
        name: "http://localhost/a",
        status: "200",
        ...tags,
      },
    },
  });
}

Deno.test("Requests of k6 as JSON lines give the times of those that were expected", async () => {
  const text = [
    '{"type":"Metric","data":{"name":"http_req_duration","type":"trend"},"metric":"http_req_duration"}',
    point(12.5),
    '{"metric":"vus","type":"Point","data":{"time":"x","value":1,"tags":{}}}',
    point(80, { expected_response: "false" }),
    point(14, { expected_response: "true" }),
  ].join("\n");
  const read = await reading(text);
  deepEqual(valuesOf(read), [12.5, 14]);
  deepEqual(read.labels, { method: "GET", name: "http://localhost/a" });
  equal(read.leftOut[0].reason, "failed requests");
  deepEqual(await errorsIn(`${text}\n{"type":\n${point("x")}\n`), [
    "IMPORT_INVALID",
    "Line 6 is no JSON",
    "Line 7 has no duration",
  ]);
  const both = `${text}\n${point(3, { name: "b", scenario: "s" })}`;
  match((await errorsIn(both))[1], /of 2 kinds: method="GET", name=/);
  deepEqual(valuesOf(await reading(both, { select: { scenario: "s" } })), [3]);
});

Deno.test("Requests of k6 as CSV give the times of those that were expected", async () => {
  const text = `metric_name,timestamp,metric_value,expected_response,method,name
http_reqs,1700000000,1,true,GET,/a
http_req_duration,1700000000,12.5,true,GET,/a
http_req_duration,1700000000,80,false,GET,/a
http_req_waiting,1700000000,10,true,GET,/a
`;
  const read = await reading(text);
  deepEqual(valuesOf(read), [12.5]);
  deepEqual(
    valuesOf(await reading(text, { select: { metric: "http_req_waiting" } })),
    [10],
  );
  deepEqual(
    await errorsIn(
      `${text}http_req_duration,1\nhttp_req_duration,1,,true,GET,/a\n`,
    ),
    [
      "IMPORT_INVALID",
      "Line 6 has 2 columns, the first line has 6",
      "Line 7 has no duration",
    ],
  );
});

/** Statistics of Gatling. */
function stats(name: string, ok: number, p95 = 120) {
  const all = (value: number) => ({ total: value, ok: value, ko: 0 });
  return {
    name,
    numberOfRequests: { total: ok, ok, ko: 0 },
    minResponseTime: all(5),
    maxResponseTime: all(900),
    meanResponseTime: all(40),
    percentiles1: all(35),
    percentiles2: all(60),
    percentiles3: all(p95),
    percentiles4: all(300),
  };
}

Deno.test("Statistics of Gatling as JSON give percentiles of all requests, or of one that is selected", async () => {
  const expected = [[0, 5], [0.5, 35], [0.75, 60], [0.95, 120], [0.99, 300], [
    1,
    900,
  ]];
  const global = await reading(
    JSON.stringify(stats("Global Information", 500)),
  );
  deepEqual(pointsOf(global), expected);
  equal(global.durations.kind === "percentiles" && global.durations.count, 500);
  const tree = JSON.stringify({
    type: "GROUP",
    stats: stats("All Requests", 500),
    contents: {
      home: { type: "REQUEST", stats: stats("Home", 300) },
      none: { type: "REQUEST", stats: stats("None", 0) },
    },
  });
  match((await errorsIn(tree))[1], /request="All Requests"; request="Home"/);
  const home = await reading(tree, { select: { request: "Home" } });
  deepEqual(pointsOf(home), expected);
  equal(home.leftOut[0].reason, "requests without a success");
  deepEqual(await errorsIn(JSON.stringify(stats("x", 5, 20))), [
    "IMPORT_INVALID",
    "/percentiles3/ok: A percentile is less than a lower one",
  ]);
  const broken = { ...stats("x", 5), percentiles1: {} };
  deepEqual(await errorsIn(JSON.stringify(broken)), [
    "IMPORT_INVALID",
    "/percentiles1/ok: Expected a duration in ms",
  ]);
});

Deno.test("Statistics of Gatling as text give percentiles of successful requests", async () => {
  const old =
    `---- Global Information --------------------------------------------------------
> request count                                       1,500 (OK=1,490  KO=10    )
> min response time                                      5 (OK=5      KO=7     )
> max response time                                  1,900 (OK=1,800  KO=1,900 )
> mean response time                                    40 (OK=40     KO=41    )
> response time 50th percentile                         36 (OK=35     KO=39    )
> response time 95th percentile                        120 (OK=118    KO=130   )
> mean requests/sec                                   12.5 (OK=12.4   KO=0.1   )
`;
  const read = await reading(old.replaceAll("\n>", "\n  >"));
  deepEqual(pointsOf(read), [[0, 5], [0.5, 35], [0.95, 118], [1, 1800]]);
  equal(read.durations.kind === "percentiles" && read.durations.count, 1490);
  const recent = `---- Global Information ----
> request count                                        | 1,500 | 1,490 |    10
> response time 50th percentile (ms)                   |    36 |    35 |    39
> response time 99.9th percentile (ms)                 |   500 |     - |   500
`;
  deepEqual(pointsOf(await reading(recent)), [[0.5, 35], [0.999, 500]]);
  match(
    (await errorsIn(old.replace("(OK=118", "(OK=8")))[1],
    /^Line 7 makes a percentile less than a lower one/,
  );
});

Deno.test("The log of a simulation of Gatling gives the times of successful requests", async () => {
  const log = `RUN\tcom.example.Basic\tbasic\t1700000000000\t \t3.9.5
USER\tusers\tSTART\t1700000000000
REQUEST\t\tHome\t1700000000000\t1700000000035\tOK\t 
REQUEST\t\tHome\t1700000001000\t1700000001060\tKO\tstatus
REQUEST\t\tHome\t1700000002000\t1700000002041\tOK\t 
USER\tusers\tEND\t1700000003000
`;
  const read = await reading(log);
  deepEqual(valuesOf(read), [35, 41]);
  deepEqual(read.labels, { request: "Home" });
  equal(read.leftOut[0].reason, "failed requests");
  deepEqual(await errorsIn(`${log}REQUEST\t\tHome\n`), [
    "IMPORT_INVALID",
    "Line 7 has no start and end",
  ]);
});
