import { deepEqual, equal, match, ok } from "node:assert/strict";
import { gzipSync } from "node:zlib";
import {
  cellsIn,
  JoinedLines,
} from "../../../../plugins/importer/samples/cells.ts";
import {
  durationIn,
  MILLISECONDS,
  unitInName,
} from "../../../../plugins/importer/samples/units.ts";
import { errorsIn, pointsOf, reading, valuesOf } from "./_read.ts";

Deno.test("Plain numbers are ms, with a unit that of it; comments and blank lines are skipped", async () => {
  deepEqual(
    valuesOf(await reading("# ms\n12.5\n\n3\r\n1.5s\n250us\n40 ms\n")),
    [
      12.5,
      3,
      1500,
      0.25,
      40,
    ],
  );
  deepEqual(valuesOf(await reading("0.5\n0.25", { unit: "s" })), [500, 250]);
  deepEqual(valuesOf(await reading("1,2,3\n4,5\n")), [1, 2, 3, 4, 5]);
  deepEqual(valuesOf(await reading("\ufeff7\n8\n")), [7, 8]);
  const { notes, format, leftOut } = await reading("elapsed_us\n1500\n");
  deepEqual(notes, ['column "elapsed_us", in us']);
  equal(format, "table of durations");
  deepEqual(leftOut, []);
});

Deno.test("A table gives the column that has durations, or the one that is named", async () => {
  const table = "time;route;duration (s);size\n1;a;0.5;10\n2;b;0.25;20\n";
  deepEqual(valuesOf(await reading(table)), [500, 250]);
  deepEqual(valuesOf(await reading(table, { select: { route: "b" } })), [250]);
  deepEqual(valuesOf(await reading(table, { column: "size" })), [10, 20]);
  const { leftOut } = await reading(table, { select: { route: "b" } });
  deepEqual(leftOut, [{
    reason: "durations with other labels",
    count: 1,
    places: ["line 2"],
  }]);
});

Deno.test("Errors of a table are listed with their lines", async () => {
  deepEqual(await errorsIn("12\nx\n-3\n5\n1700000000000\n"), [
    "IMPORT_INVALID",
    "Line 2 has no duration",
    "Line 3 has a negative duration",
    "Line 5 has a duration of more than 11 days, perhaps a time stamp",
  ]);
  deepEqual(await errorsIn("duration,a\n1,2\n3\n"), [
    "IMPORT_INVALID",
    "Line 3 has 1 columns, the first line has 2",
  ]);
  deepEqual(await errorsIn("a,b\n1,2\n"), [
    "IMPORT_INVALID",
    "Line 1 names no column that is known to have durations",
  ]);
  deepEqual(await errorsIn("a,b\n1,2\n", { column: "c", select: { d: "1" } }), [
    "IMPORT_INVALID",
    "Line 1 names no such column",
    "Line 1 names no such column",
  ]);
  deepEqual(await errorsIn("/a,12,GET\n"), [
    "IMPORT_INVALID",
    "Line 1 has 3 columns without names",
  ]);
  deepEqual(await errorsIn("1\n2\n", { column: "c" }), [
    "IMPORT_INVALID",
    "Line 1 has no names of columns, by one of which is selected",
  ]);
  const many = await errorsIn(Array(50).fill("x").join("\n") + "\n1\n");
  equal(many.length, 2 + 10);
});

Deno.test("Empty files, files without durations, folders and unknown names are errors", async () => {
  deepEqual(await errorsIn(""), ["IMPORT_INVALID", "The file is empty"]);
  deepEqual(await errorsIn(" \n\n"), ["IMPORT_INVALID", "The file is empty"]);
  deepEqual(await errorsIn("# nothing\n"), [
    "IMPORT_INVALID",
    "The file has no durations",
  ]);
  deepEqual(await errorsIn("1", { unit: "parsec" }), [
    "ARGUMENT_INVALID",
    "--unit: There is no such unit of durations",
  ]);
  deepEqual(await errorsIn("1", { format: "xls" }), [
    "ARGUMENT_INVALID",
    "--format: There is no such format",
  ]);
  deepEqual(await errorsIn("{"), [
    "IMPORT_INVALID",
    "The file is no JSON: Expected property name or '}' in JSON at position 1 (line 1 column 2)",
  ]);
  deepEqual(await errorsIn('{"a": 1}'), [
    "IMPORT_INVALID",
    "The JSON document has none of the known formats",
  ]);
});

Deno.test("Files that are compressed by gzip are read, and broken ones are errors", async () => {
  const text = Array.from({ length: 5000 }, (_, i) => `${i + 0.123456789}`)
    .join("\n");
  const compressed = new Uint8Array(
    await new Response(
      new Blob([text]).stream().pipeThrough(new CompressionStream("gzip")),
    ).arrayBuffer(),
  );
  equal(valuesOf(await reading(compressed)).length, 5000);
  const [code, message] = await errorsIn(
    compressed.slice(0, compressed.length - 9),
  );
  equal(code, "IMPORT_INVALID");
  match(message, /its compression is broken/);
});

Deno.test("A line that is too long is an error with its number", async () => {
  const [, message] = await errorsIn(`1\n${"9".repeat(5_000_000)}`);
  match(message, /line 2 has more than 4194304 characters/);
});

Deno.test("A long file is read in blocks, and its progress is told", async () => {
  const line = `${"7".repeat(8)}.25\n`;
  const told: number[] = [];
  const { durations } = await reading(line.repeat(1_000_000), {
    progress: ({ bytes, size, lines }) => {
      ok(bytes <= size && lines > 0);
      told.push(bytes);
    },
  });
  equal(durations.kind, "buckets");
  ok(told.length >= 2, `${told}`);
});

Deno.test("The reading of a file ends with its signal", async () => {
  const controller = new AbortController();
  controller.abort(new Error("enough"));
  let message = "";
  try {
    await reading("1\n2\n", { signal: controller.signal });
  } catch (error) {
    message = error instanceof Error ? error.message : "";
  }
  equal(message, "enough");
});

Deno.test("cellsIn() splits a line, with quotes", () => {
  deepEqual(cellsIn("a,b,", ","), ["a", "b", ""]);
  deepEqual(cellsIn('"a,b",c', ","), ["a,b", "c"]);
  deepEqual(cellsIn('x,"say ""hi""",y', ","), ["x", 'say "hi"', "y"]);
  deepEqual(cellsIn('"a" ,b', ","), ["a", "b"]);
  deepEqual(cellsIn('a,""', ","), ["a", ""]);
  equal(cellsIn('a,"b', ","), undefined);
});

Deno.test("JoinedLines puts a cell of several lines together, and gives up on one without end", () => {
  const joined = new JoinedLines(",");
  equal(joined.take('a,"b', 4), undefined);
  equal(joined.open, 4);
  deepEqual(joined.take('c",d', 5), { cells: ["a", "b\nc", "d"], number: 4 });
  equal(joined.open, undefined);
  let last;
  for (let i = 0; i < 100; i++) last = joined.take(i === 0 ? '"x' : "y", i + 1);
  deepEqual(last, { cells: ["y"], number: 1 });
});

Deno.test("durationIn() reads numbers with and without units", () => {
  equal(durationIn("1e3", MILLISECONDS), 1000);
  equal(durationIn("2 s", MILLISECONDS), 2000);
  equal(durationIn("5µs", MILLISECONDS), 0.005);
  equal(durationIn("1500000ns", MILLISECONDS), 1.5);
  ok(Number.isNaN(durationIn("12 apples", MILLISECONDS)));
  ok(Number.isNaN(durationIn("", MILLISECONDS)));
});

Deno.test("unitInName() knows the unit that a name ends with", () => {
  const units = [
    ...["request_duration_seconds", "elapsed (ms)", "durationMs", "latency_us"],
    ...["time_ns", "timeInSeconds", "class", "requests"],
  ].map((name) => unitInName(name)?.name);
  deepEqual(units, ["s", "ms", "ms", "us", "ns", "s", undefined, undefined]);
});

Deno.test("Percentiles are read in the ways in which tools write them", async () => {
  const expected = [[0.5, 35], [0.9, 120], [0.99, 1200], [0.999, 3000]];
  for (
    const text of [
      "p50 35\np90 120\np99 1200\np99.9 3000\n",
      "  Latency Distribution\n     50%   35.00ms\n     90%  120.00ms\n     99%    1.20s\n   99.9%    3.00s\n",
      "p99.9: 3s\np50: 35ms\np90 = 120ms\np(99)=1200\n",
      "| p50 | 35 ms |\n| p90 | 120 ms |\n| p99 | 1.2 s |\n| p99.9 | 3 s |\n",
      "median 35\n90th percentile 120\n99th 1200\n99.9th 3000\n",
      '{"p50": "35ms", "p90": 120, "p99": "1.2s", "p99.9": 3000}',
      '{"percentiles": {"p50": "35ms", "p90": 120, "p99": "1.2s", "p99.9": 3000}}',
    ]
  ) deepEqual(pointsOf(await reading(text)), expected, text);
});

Deno.test("Percentiles that decrease, come twice or are none are errors with their places", async () => {
  deepEqual(await errorsIn("p50 35\np90 20\np90 40\np101 5\np95 x ms\n"), [
    "IMPORT_INVALID",
    "Line 5 has no percentile",
    "Line 2: p90 is less than a lower percentile, p50 (line 1)",
    "Line 3: p90 is given twice, line 2 too",
    "Line 4: p101 is not between p0 and p100",
    "Line 4: p101 is less than a lower percentile, p90 (line 3)",
  ]);
  deepEqual(
    await errorsIn('{"p50": 35, "p90": 20, "p99": "soon", "note": 1}'),
    [
      "IMPORT_INVALID",
      "/p99: Expected a duration",
      "/p90: p90 is less than a lower percentile, p50 (/p50)",
    ],
  );
  deepEqual(await errorsIn("p50 -1\np90 5\n"), [
    "IMPORT_INVALID",
    "Line 1: p50 is negative",
  ]);
});

Deno.test("JSON documents are read in every encoding and compressed, too", async () => {
  const text = JSON.stringify({ p50: 10, p99: 90, "ключ": 1 });
  const utf16 = new Uint8Array(2 + 2 * text.length);
  new DataView(utf16.buffer).setUint16(0, 0xfffe);
  for (let i = 0; i < text.length; i++) {
    new DataView(utf16.buffer).setUint16(2 + 2 * i, text.charCodeAt(i), true);
  }
  for (const bytes of [gzipSync(text), utf16]) {
    deepEqual(pointsOf(await reading(new Uint8Array(bytes))), [
      [0.5, 10],
      [0.99, 90],
    ]);
  }
  const latin1 = new TextEncoder().encode('{"p50":10,"p99":90,"a":"x"}');
  latin1[latin1.length - 3] = 0xe9;
  equal(pointsOf(await reading(latin1)).length, 2);
});

Deno.test("Files that are no text are errors, and Gatling's are named", async () => {
  deepEqual(await errorsIn("\0\x01\x02"), [
    "IMPORT_INVALID",
    "The file is no text",
  ]);
  const [, message] = await errorsIn("\0\0\0\0\x063.14.3\0\0\0\0\x04name");
  match(message, /a binary log of Gatling 3\.14\.3, which only Gatling reads/);
});

Deno.test("A file whose durations are all left out says why", async () => {
  const [, message] = await errorsIn(
    "timeStamp,elapsed,label,success\n1,10,a,false\n2,11,a,false\n",
  );
  match(
    message,
    /The file has no durations; left out: 2 failed requests \(line 2, …\)/,
  );
});

Deno.test("The table of ApacheBench gives its total times", async () => {
  const table = "starttime\tseconds\tctime\tdtime\tttime\twait\n" +
    "Sun Nov 29 01:00:00 2026\t1795914000\t1\t11\t12\t10\n" +
    "Sun Nov 29 01:00:01 2026\t1795914001\t1\t13\t14\t12\n";
  deepEqual(valuesOf(await reading(table)), [12, 14]);
});

Deno.test("Recordings are refused, with the command that reads them", async () => {
  const files: [string, RegExp][] = [
    [
      '10.0.0.1 - - [10/Oct/2026:13:00:00 +0000] "GET /a HTTP/1.1" 200 5\n',
      /an access log/,
    ],
    ['{"log": {"entries": []}}', /a HAR/],
    ['{"openapi": "3.1.0"}', /an OpenAPI document/],
    ["swagger: '2.0'\n", /an OpenAPI document/],
  ];
  for (const [content, name] of files) {
    const [, message] = await errorsIn(content);
    match(message, name);
  }
});
