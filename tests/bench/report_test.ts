import { deepEqual, equal } from "node:assert/strict";
import { describeTarget, formatFigure, formatRows, isMet } from "./report.ts";

const row = { what: "ours", values: { "p50 ms": 0.041, "p99 ms": 0.7 } };

Deno.test("isMet() accepts figures between the bounds, bounds included", () => {
  equal(isMet(row, { column: "p50 ms", atMost: 0.041 }), true);
  equal(isMet(row, { column: "p50 ms", atMost: 0.04 }), false);
  equal(isMet(row, { column: "p99 ms", atLeast: 0.7 }), true);
  equal(isMet(row, { column: "p99 ms", atLeast: 0.75 }), false);
});

Deno.test("isMet() returns false for a missing figure", () => {
  equal(isMet(row, { column: "max ms", atMost: 1 }), false);
  const unknown = { what: "ours", values: { "p50 ms": NaN } };
  equal(isMet(unknown, { column: "p50 ms", atMost: 1 }), false);
});

Deno.test("describeTarget() states the column and the bound", () => {
  equal(
    describeTarget({ column: "ratio", atLeast: 0.75 }),
    "ratio ≥ 0.75",
  );
});

Deno.test("formatFigure() keeps four significant digits", () => {
  deepEqual(
    [0.04123, 12.3456, 123.456, 1234.5, 17_954, 0, NaN, "as it is"].map(
      formatFigure,
    ),
    [
      "0.041",
      "12.35",
      "123.5",
      "1 235",
      "17 954",
      "0",
      "–",
      "as it is",
    ],
  );
});

Deno.test("formatRows() aligns figures to the right and shows which targets are met", () => {
  const rows = [
    { what: "setTimeout", values: { "p50 ms": 1.37, "p99 ms": 12.5 } },
    {
      ...row,
      targets: [
        { column: "p50 ms", atMost: 0.05 },
        { column: "p99 ms", atMost: 0.5 },
      ],
    },
  ];
  deepEqual(formatRows(rows), [
    "            p50 ms  p99 ms  met  target",
    "setTimeout   1.370   12.50",
    "ours         0.041   0.700  no   p50 ms ≤ 0.05, p99 ms ≤ 0.5 ✗",
  ]);
});

Deno.test("formatRows() starts a new table when the columns change", () => {
  const rows = [row, { what: "memory", values: { "KiB each": 3 } }];
  deepEqual(formatRows(rows), [
    "      p50 ms  p99 ms",
    "ours   0.041   0.700",
    "",
    "        KiB each",
    "memory         3",
  ]);
});
