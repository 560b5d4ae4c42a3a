import { deepEqual, equal, match, ok } from "node:assert/strict";
import { deflateSync } from "node:zlib";
import {
  build,
  encodeIntoCompressedBase64,
  type Histogram,
} from "hdr-histogram-js";
import { Buffer } from "node:buffer";
import { bucketsOf, errorsIn, reading } from "./_read.ts";

/** A histogram of values in us. */
function histogramOf(values: readonly number[]): Histogram {
  const histogram = build({
    lowestDiscernibleValue: 1,
    highestTrackableValue: 1e8,
    numberOfSignificantValueDigits: 3,
  });
  for (const value of values) histogram.recordValue(value);
  return histogram;
}

/** A log of intervals whose values are in us: the greatest values are in ms. */
function logOf(
  intervals: readonly (readonly [
    tag: string,
    base64: string,
    greatest: number,
  ])[],
): string {
  return [
    "#[Histogram log format version 1.3]",
    "#[StartTime: 1700000000.000 (seconds since epoch), Tue Nov 14]",
    '"StartTimestamp","Interval_Length","Interval_Max","Interval_Compressed_Histogram"',
    ...intervals.map(([tag, base64, greatest], i) =>
      `${tag === "" ? "" : `Tag=${tag},`}${i}.127,1.007,${
        (greatest / 1000).toFixed(3)
      },${base64}`
    ),
  ].join("\n");
}

function versionTwo(values: readonly number[]): string {
  return encodeIntoCompressedBase64(histogramOf(values));
}

/**
 * Encodes a histogram as version 1 does: all counts in words of equal size.
 *
 * @param counts counts by index, of a histogram with 3 digits from 1 on
 */
function versionOne(
  counts: Readonly<Record<number, number>>,
  word: 2 | 4 | 8,
  header: { readonly offset?: number; readonly cookie?: number } = {},
): string {
  const length = Math.max(...Object.keys(counts).map(Number)) + 1;
  const bytes = new DataView(new ArrayBuffer(40 + length * word));
  bytes.setInt32(0, (header.cookie ?? 0x1c849301) | word << 4);
  bytes.setInt32(4, length * word);
  bytes.setInt32(8, header.offset ?? 0);
  bytes.setInt32(12, 3);
  bytes.setBigInt64(16, 1n);
  bytes.setBigInt64(24, 100_000_000n);
  bytes.setFloat64(32, 1);
  for (const [index, count] of Object.entries(counts)) {
    const at = 40 + Number(index) * word;
    if (word === 2) bytes.setInt16(at, count);
    else if (word === 4) bytes.setInt32(at, count);
    else bytes.setBigInt64(at, BigInt(count));
  }
  const packed = deflateSync(new Uint8Array(bytes.buffer));
  const head = Buffer.alloc(8);
  head.writeInt32BE(0x1c849302 | word << 4);
  head.writeInt32BE(packed.length, 4);
  return Buffer.concat([head, packed]).toString("base64");
}

Deno.test("A log of version 2 gives the buckets of all its intervals, with the unit that its greatest values show", async () => {
  const log = logOf([
    ["", versionTwo([1500, 1500, 20]), 1500],
    ["", versionTwo([1500, 5000]), 5003],
  ]);
  const read = await reading(log);
  deepEqual(bucketsOf(read), [
    [0.02, 0.021, 1],
    [1.5, 1.501, 3],
    [5, 5.004, 1],
  ]);
  deepEqual(read.notes, [
    "2 intervals, values in us if the log's greatest values are in ms, as most programs write them; if not, name the unit by --unit",
  ]);
  equal(read.format, "log of HdrHistogram");
  deepEqual(bucketsOf(await reading(log, { unit: "ms" }))[1], [1500, 1501, 3]);
});

for (const word of [2, 4, 8] as const) {
  Deno.test(`A log of version 1 with counts of ${word} bytes gives its buckets`, async () => {
    // Index 2047 is the last of width 1, index 2048 the first of width 2, index 3072 the first of width 4.
    const read = await reading(
      logOf([[
        "",
        versionOne({ 20: 3, 2047: 1, 2048: 5, 3073: 2 }, word),
        4100,
      ]]),
    );
    deepEqual(bucketsOf(read), [
      [0.02, 0.021, 3],
      [2.047, 2.048, 1],
      [2.048, 2.05, 5],
      [4.1, 4.104, 2],
    ]);
  });
}

Deno.test("Both versions give the same buckets for the same values", async () => {
  const values = Array.from({ length: 400 }, (_, i) => 37 * i + 1);
  const histogram = histogramOf(values);
  const two = bucketsOf(
    await reading(logOf([["", versionTwo(values), 14_767]])),
  );
  const counts: Record<number, number> = {};
  for (const [low, high, count] of two) {
    // The index of a bucket, by its width.
    const width = Math.round(1000 * (high - low));
    const bucket = Math.log2(width);
    const sub = Math.round(1000 * low) / width;
    counts[bucket * 1024 + sub] = count;
  }
  const one = bucketsOf(
    await reading(logOf([["", versionOne(counts, 4), histogram.maxValue]])),
  );
  deepEqual(one, two);
});

Deno.test("Intervals of several tags are an error that lists them, one is selected, or all are merged", async () => {
  const log = logOf([
    ["A", versionTwo([1000, 1000]), 1000],
    ["B", versionTwo([3000]), 3000],
  ]);
  match((await errorsIn(log))[1], /of 2 kinds: tag="A"; tag="B"/);
  const one = await reading(log, { select: { tag: "B" } });
  deepEqual(bucketsOf(one).map(([, , count]) => count), [1]);
  equal(one.leftOut[0].count, 1);
  deepEqual(
    bucketsOf(await reading(log, { merge: true })).map(([, , count]) => count),
    [2, 1],
  );
});

Deno.test("Broken lines, histograms and units are errors with their lines", async () => {
  const good = versionTwo([1000]);
  const cut = good.slice(0, good.length - 8);
  const errors = await errorsIn(
    logOf([
      ["", cut, 1000],
      ["", "HISTFAAA", 1000],
      ["", versionOne({ 3: 1 }, 4, { offset: 1 }), 1000],
      ["", versionOne({ 3: 1 }, 4, { cookie: 0x1c849303 }), 1000],
      ["", versionOne({ 3: -1 }, 4), 1000],
      ["", "AAAAAAAAAAAAAAAA", 1000],
    ]) + "\noops\n",
  );
  equal(errors.length, 8, errors.join("\n"));
  match(errors[6], /^Line 9 .*: its version is neither 1 nor 2/);
  match(errors[1], /^Line 4 has a histogram that cannot be decoded/);
  match(errors[2], /^Line 5 .*: it is too short/);
  match(errors[3], /^Line 6 .*: its header is wrong/);
  match(errors[4], /^Line 7 .*: its version is unknown/);
  match(errors[5], /^Line 8 .*: it has a negative count/);
  match(errors[7], /^Line 10 is no interval of a log/);
  const [, unit] = await errorsIn(logOf([["", good, 17]]));
  match(unit, /The log does not tell the unit of its values/);
  deepEqual(await errorsIn("#[Histogram log format version 1.3]\n"), [
    "IMPORT_INVALID",
    "The file has no durations",
  ]);
});

Deno.test("A percentile distribution gives the counts between its values", async () => {
  const histogram = histogramOf(
    Array.from({ length: 10_000 }, (_, i) => 100 + i * i / 1000),
  );
  const text = histogram.outputPercentileDistribution(5, 1000);
  const read = await reading(text);
  const buckets = bucketsOf(read);
  equal(buckets.reduce((sum, [, , count]) => sum + count, 0), 10_000);
  ok(buckets.length > 20);
  deepEqual(read.notes, ["values in ms"]);
  // wrk2 prints other lines before and after.
  const wrk2 =
    `Running 30s test @ http://127.0.0.1\n  Thread calibration: mean lat.: 1.2ms\n  Detailed Percentile spectrum:\n${text}----------------------------------------------------------\n  1000 requests in 30.00s, 1.00MB read\n`;
  deepEqual(bucketsOf(await reading(wrk2)), buckets);
});

Deno.test("Values of 0 in a percentile distribution are in the bucket after them", async () => {
  const text = `       Value     Percentile TotalCount 1/(1-Percentile)

       0.000 0.000000000000          4           1.00
       0.000 0.500000000000          4           2.00
       2.000 0.900000000000          9          10.00
       5.000 1.000000000000         10          inf
#[Mean    =        1.300, StdDeviation   =        1.100]
#[Max     =        5.000, Total count    =           10]
#[Buckets =           20, SubBuckets     =         2048]
`;
  deepEqual(bucketsOf(await reading(text)), [[0, 2, 9], [2, 5, 1]]);
  deepEqual(
    await errorsIn(
      text.replace("Total count    =           10", "Total count = 12").replace(
        "          9          10.00",
        "          3          10.00",
      ),
    ),
    [
      "IMPORT_INVALID",
      "Line 5 has a count less than 4, the one before",
      "Line 8 gives a total count of 12, but the lines before end at 10",
    ],
  );
  deepEqual(
    await errorsIn(
      text.replace("       5.000", "       1.000").replace("2.000 0.9", "x 7"),
    ),
    [
      "IMPORT_INVALID",
      "Line 5 has no value, percentile and count",
    ],
  );
});
