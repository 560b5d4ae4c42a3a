import { equal } from "node:assert/strict";
import { wantsOpenMetrics } from "../../../plugins/exporters/accept.ts";

const OPEN = "application/openmetrics-text";

/** Accept headers, each with true if the answer is OpenMetrics. */
const CASES: readonly (readonly [string | null, boolean])[] = [
  [null, false],
  ["", false],
  ["*/*", false],
  ["text/html,application/xhtml+xml,*/*;q=0.8", false],
  ["application/json", false],
  ["application/*", false],
  ["text/plain", false],
  [OPEN, true],
  [`${OPEN};version=1.0.0`, true],
  [`${OPEN}; version="1.0.0"; charset=utf-8`, true],
  ["Application/OpenMetrics-Text; Version=1.0.0", true],
  [`${OPEN};version=0.0.1`, false],
  [`${OPEN};version=2.0.0`, false],
  // Prometheus 2 and 3.
  [
    `${OPEN};version=1.0.0,${OPEN};version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1`,
    true,
  ],
  [
    `${OPEN};version=1.0.0;escaping=allow-utf-8;q=0.6,${OPEN};version=0.0.1;q=0.5,text/plain;version=1.0.0;escaping=allow-utf-8;q=0.4,text/plain;version=0.0.4;q=0.3,*/*;q=0.2`,
    true,
  ],
  // Quality decides; with equal quality, OpenMetrics, which has more information.
  [`${OPEN};q=0.4,text/plain;q=0.5`, false],
  [`${OPEN};q=0.5,text/plain;q=0.4`, true],
  [`text/plain,${OPEN}`, true],
  [`${OPEN};q=0.4,text/plain;version=1.0.0`, true],
  [`${OPEN};q=0.4,text/*;q=0.3,*/*;q=0.9`, true],
  [`${OPEN};q=0.4,text/*;q=0.5`, false],
  [`${OPEN};q=0.4,*/*;q=0.5`, false],
  // Formats with a quality of 0, and invalid headers.
  [`${OPEN};q=0`, false],
  [`${OPEN};q=0,text/plain;q=0`, false],
  [`${OPEN};q=high`, false],
  [`${OPEN};q=2`, false],
  [`${OPEN};q=0.2,${OPEN};version=1.0.0;q=0.9,text/plain;q=0.5`, true],
  [",;=,/", false],
];

Deno.test("wantsOpenMetrics() is true if OpenMetrics is named and preferred at least as much as the text format", () => {
  for (const [accept, wanted] of CASES) {
    equal(wantsOpenMetrics(accept), wanted, String(accept));
  }
});
