import { deepEqual, throws } from "node:assert/strict";
import { readWrkReport } from "./wrk.ts";

const REPORT = {
  duration: 2_000_000,
  requests: 4000,
  bytes: 400_000,
  p50: 20_012,
  p99: 21_500,
  p999: 22_000,
  max: 25_000,
  lost: 0,
  refused: 0,
};

const read = (changes: Partial<typeof REPORT> = {}) =>
  readWrkReport(JSON.stringify({ ...REPORT, ...changes }));

Deno.test("readWrkReport() returns milliseconds, requests per second and bytes for each answer", () => {
  deepEqual(read(), {
    requests: 4000,
    rate: 2000,
    bytes: 100,
    p50: 20.012,
    p99: 21.5,
    p999: 22,
    max: 25,
  });
});

Deno.test("readWrkReport() refuses runs with lost or refused requests, and runs without answers", () => {
  throws(() => read({ lost: 1 }), /1 requests without an answer/);
  throws(() => read({ refused: 2 }), /2 of them with a status/);
  throws(() => read({ requests: 0 }), /0 answers/);
});
