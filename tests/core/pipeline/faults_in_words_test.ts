import { equal } from "node:assert/strict";
import type { FaultSettings } from "../../../core/config/mod.ts";
import { inWords } from "../../../core/pipeline/faults.ts";

const CASES: readonly (readonly [FaultSettings, string])[] = [
  [{ share: 0.01, status: 500 }, "status 500 for 1 % of requests"],
  [{ share: 1, action: "hang" }, "hang for all requests"],
  [{ share: 0, action: "cut-body" }, "cut-body for 0 % of requests"],
  [
    { share: 1 / 3, action: "connection-reset" },
    "connection-reset for 33.33 % of requests",
  ],
  [{ share: 1e-6, status: 503 }, "status 503 for 0.0001 % of requests"],
  [{ share: 0.5 }, "status 500 for 50 % of requests"],
  [{ first: 1, status: 500 }, "status 500 for the first request"],
  [{ first: 3, action: "hang" }, "hang for the first 3 requests"],
  [
    {
      first: 2,
      per: "header:Idempotency-Key",
      status: 503,
      retryAfter: 1500,
    },
    "status 503 (retry after 2 s) for the first 2 requests of each Idempotency-Key",
  ],
];

for (const [fault, words] of CASES) {
  Deno.test(`inWords() says "${words}"`, () => equal(inWords(fault), words));
}
