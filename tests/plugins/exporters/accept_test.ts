import { equal } from "node:assert/strict";
import {
  formatFor,
  type ScrapeFormat,
} from "../../../plugins/exporters/accept.ts";

const OPEN = "application/openmetrics-text";

const PROTOBUF =
  "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited";

/** Accept headers, each with the format of the answer. */
const CASES: readonly (readonly [string | null, ScrapeFormat])[] = [
  [null, "text"],
  ["", "text"],
  ["*/*", "text"],
  ["text/html,application/xhtml+xml,*/*;q=0.8", "text"],
  ["application/json", "text"],
  ["application/*", "text"],
  ["text/plain", "text"],
  [OPEN, "openmetrics"],
  [`${OPEN};version=1.0.0`, "openmetrics"],
  [`${OPEN}; version="1.0.0"; charset=utf-8`, "openmetrics"],
  ["Application/OpenMetrics-Text; Version=1.0.0", "openmetrics"],
  [`${OPEN};version=0.0.1`, "text"],
  [`${OPEN};version=2.0.0`, "text"],
  // Prometheus 2 and 3.
  [
    `${OPEN};version=1.0.0,${OPEN};version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1`,
    "openmetrics",
  ],
  [
    `${OPEN};version=1.0.0;escaping=allow-utf-8;q=0.6,${OPEN};version=0.0.1;q=0.5,text/plain;version=1.0.0;escaping=allow-utf-8;q=0.4,text/plain;version=0.0.4;q=0.3,*/*;q=0.2`,
    "openmetrics",
  ],
  // Quality decides; with equal quality, OpenMetrics, which has more information.
  [`${OPEN};q=0.4,text/plain;q=0.5`, "text"],
  [`${OPEN};q=0.5,text/plain;q=0.4`, "openmetrics"],
  [`text/plain,${OPEN}`, "openmetrics"],
  [`${OPEN};q=0.4,text/plain;version=1.0.0`, "openmetrics"],
  [`${OPEN};q=0.4,text/*;q=0.3,*/*;q=0.9`, "openmetrics"],
  [`${OPEN};q=0.4,text/*;q=0.5`, "text"],
  [`${OPEN};q=0.4,*/*;q=0.5`, "text"],
  // Formats with a quality of 0, and invalid headers.
  [`${OPEN};q=0`, "text"],
  [`${OPEN};q=0,text/plain;q=0`, "text"],
  [`${OPEN};q=high`, "text"],
  [`${OPEN};q=2`, "text"],
  [`${OPEN};q=0.2,${OPEN};version=1.0.0;q=0.9,text/plain;q=0.5`, "openmetrics"],
  [",;=,/", "text"],
  // Prometheus 2.40 and later with native histograms, and Prometheus 3.
  [
    `${PROTOBUF},${OPEN};version=1.0.0;q=0.8,${OPEN};version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1`,
    "protobuf",
  ],
  [
    `${PROTOBUF};escaping=allow-utf-8;q=0.6,${OPEN};version=1.0.0;escaping=allow-utf-8;q=0.5,text/plain;version=0.0.4;q=0.2,*/*;q=0.1`,
    "protobuf",
  ],
  [`${PROTOBUF};q=0.4,${OPEN};q=0.5`, "openmetrics"],
  [`${PROTOBUF};q=0.4,text/plain;q=0.5`, "text"],
  [`${PROTOBUF};q=0.5,${OPEN};q=0.5,text/plain;q=0.5`, "protobuf"],
  [`${PROTOBUF};q=0`, "text"],
  // Other messages and encodings, or none named: not this format.
  ["application/vnd.google.protobuf", "text"],
  [
    "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily",
    "text",
  ],
  [PROTOBUF.replace("delimited", "text"), "text"],
  [
    `${PROTOBUF.replace("delimited", "compact-text")},${OPEN};q=0.2`,
    "openmetrics",
  ],
];

Deno.test("formatFor() takes the format that is named and preferred most, and of equals the richest", () => {
  for (const [accept, format] of CASES) {
    equal(formatFor(accept), format, String(accept));
  }
});
