import assert from "node:assert/strict";
import fc from "fast-check";
import {
  formatDuration,
  parseDuration,
  parseRate,
  parseSize,
  suggestDuration,
  suggestDurationUnits,
  suggestRate,
  suggestSize,
} from "../../../core/lib/units.ts";

const UNREADABLE = [
  "",
  "ms",
  "120",
  "120 parsecs",
  "1e3ms",
  "1m30s",
  "--1ms",
  "1.2.3ms",
  "120MS",
  NaN,
  Infinity,
  null,
  undefined,
  true,
  [],
  {},
];

Deno.test("parseDuration() reads every unit in milliseconds", () => {
  const table = {
    "250us": 0.25,
    "250µs": 0.25,
    "250μs": 0.25,
    "120ms": 120,
    "1.5s": 1500,
    "2m": 120_000,
    "1h": 3_600_000,
    " 120 ms ": 120,
    ".5s": 500,
    "5.s": 5000,
    "+1ms": 1,
    "-10ms": -10,
  };
  for (const [text, milliseconds] of Object.entries(table)) {
    assert.equal(parseDuration(text), milliseconds, text);
  }
  assert.equal(parseDuration(1.5), 1.5);
});

Deno.test("parseDuration() returns undefined for other values", () => {
  for (const value of UNREADABLE) {
    assert.equal(parseDuration(value), undefined, String(value));
  }
});

Deno.test("parseDuration() does not return infinite durations", () => {
  assert.equal(parseDuration(`1${"0".repeat(308)}h`), undefined);
});

Deno.test("parseRate() reads rates per second", () => {
  assert.equal(parseRate("400/s"), 400);
  assert.equal(parseRate("30/m"), 0.5);
  assert.equal(parseRate("1800 /h"), 0.5);
  assert.equal(parseRate(12), 12);
  for (const value of [...UNREADABLE, "400", "400/d", "400s"]) {
    assert.equal(parseRate(value), undefined, String(value));
  }
});

Deno.test("parseSize() distinguishes powers of 1024 from powers of 1000", () => {
  const table = {
    "10B": 10,
    "1kB": 1000,
    "1KB": 1000,
    "64KiB": 65_536,
    "256MiB": 268_435_456,
    "1GB": 1e9,
    "1GiB": 1_073_741_824,
    "2TB": 2e12,
    "1TiB": 2 ** 40,
    "1.5MB": 1_500_000,
  };
  for (const [text, bytes] of Object.entries(table)) {
    assert.equal(parseSize(text), bytes, text);
  }
  assert.equal(parseSize(512), 512);
  for (const value of [...UNREADABLE, "64kib", "1G"]) {
    assert.equal(parseSize(value), undefined, String(value));
  }
});

Deno.test("suggestDuration(), suggestRate() and suggestSize() correct the unit", () => {
  assert.equal(suggestDuration("2 seconds"), "2s");
  assert.equal(suggestDuration("120MS"), "120ms");
  assert.equal(suggestDuration("5min"), "5m");
  assert.equal(suggestDuration("2 sek"), "2s");
  assert.equal(suggestDuration("2 secnds"), "2s");
  assert.equal(suggestDuration("1,5 sec"), "1.5s");
  assert.equal(suggestDuration("1m30s"), "90s");
  assert.equal(suggestDuration("1h 2m 3.5s"), "3723.5s");
  assert.equal(suggestDuration("1d"), "24h");
  assert.equal(suggestDuration("500ns"), "0.5us");
  assert.equal(suggestDuration("5 parsecs"), undefined);
  assert.equal(suggestDurationUnits("1,5"), "1.5ms or 1.5s");
  assert.equal(suggestDurationUnits("5s"), undefined);
  assert.equal(suggestDurationUnits(5), undefined);
  assert.equal(suggestRate("10r/s"), "10/s");
  assert.equal(suggestDuration("soon"), undefined);
  assert.equal(suggestDuration(5), undefined);
  assert.equal(suggestRate("400rps"), "400/s");
  assert.equal(suggestRate("400/S"), "400/s");
  assert.equal(suggestSize("64kib"), "64KiB");
  assert.equal(suggestSize("1g"), "1GB");
});

Deno.test("formatDuration() uses the most natural unit", () => {
  const table: [number, string][] = [
    [0, "0ms"],
    [-0, "0ms"],
    [0.25, "250us"],
    [0.0015, "1.5us"],
    [1.5, "1.5ms"],
    [120, "120ms"],
    [999, "999ms"],
    [1000, "1s"],
    [1234, "1.234s"],
    [1234.5, "1234.5ms"],
    [60_000, "60s"],
    [90_000, "90s"],
    [120_000, "2m"],
    [150_000, "2.5m"],
    [3_600_000, "1h"],
    [5_400_000, "1.5h"],
    [-1500, "-1.5s"],
    [1e-6, "0.001us"],
    [1e-30, "0ms"],
    [1e30, "277777777777777773117440h"],
    [Infinity, "Infinity"],
    [NaN, "NaN"],
  ];
  for (const [milliseconds, text] of table) {
    assert.equal(formatDuration(milliseconds), text);
  }
});

Deno.test("parseDuration() reads the output of formatDuration() as the same number", () => {
  fc.assert(
    fc.property(
      fc.oneof(
        fc.double({ min: 1e-6, max: 1e15, noNaN: true }),
        fc.integer({ min: -1e9, max: 1e9 }),
        fc.integer({ min: 0, max: 1e9 }).map((n) => n / 1000),
      ),
      (milliseconds) => {
        const text = formatDuration(milliseconds);
        assert.equal(parseDuration(text), milliseconds, text);
      },
    ),
    { seed: 1, numRuns: 2000 },
  );
});

Deno.test("The parsers of units never throw", () => {
  fc.assert(
    fc.property(fc.anything(), fc.string(), (value, text) => {
      for (const given of [value, text]) {
        for (const parse of [parseDuration, parseRate, parseSize]) {
          const result = parse(given);
          assert.ok(result === undefined || Number.isFinite(result));
        }
        suggestDuration(given);
      }
    }),
    { seed: 2 },
  );
});
