import { equal, match } from "node:assert/strict";
import type { Exchange } from "../../../core/plugin.ts";
import {
  milliseconds,
  serverTiming,
} from "../../../core/respond/server_timing.ts";
import { exchange, testPlan } from "../../support/plan.ts";

function of(times: Partial<Exchange>): string {
  return serverTiming(Object.assign(exchange(testPlan()), times), "T");
}

Deno.test("milliseconds() has three decimals, as toFixed has", () => {
  for (
    const value of [
      0,
      0.0004,
      0.001,
      0.01,
      0.1,
      0.25,
      1,
      1.005,
      9.9995,
      12.34,
      99.0501,
      120,
      60_000.5,
      3_600_000,
    ]
  ) equal(milliseconds(value), (Math.round(value * 1000) / 1000).toFixed(3));
});

Deno.test("milliseconds() shows nothing below zero", () => {
  equal(milliseconds(-3), "0.000");
});

Deno.test("serverTiming() adds up: queue, service and degradation make the total", () => {
  equal(
    of({
      arrival: 100,
      start: 110,
      due: 135,
      end: 135.25,
      degradation: 5,
      outcome: "answered",
    }),
    'queue;dur=10.000, service;dur=20.250, degrade;dur=5.000, total;dur=35.250, traceparent;desc="T"',
  );
});

Deno.test("serverTiming() of an answer at once is all zeros", () => {
  match(
    of({ arrival: 5, start: 5, end: 5, outcome: "answered" }),
    /^queue;dur=0\.000, service;dur=0\.000, degrade;dur=0\.000, total;dur=0\.000, traceparent;desc="T"$/,
  );
});

Deno.test("serverTiming() of a request that was refused after waiting is all queue", () => {
  equal(
    of({ arrival: 0, start: 40, end: 40, degradation: 0, outcome: "rejected" }),
    'queue;dur=40.000, service;dur=0.000, degrade;dur=0.000, total;dur=40.000, traceparent;desc="T"',
  );
  // Where service was to start after it ended, nothing comes out negative.
  match(
    of({ arrival: 0, start: 50, end: 40, outcome: "rejected" }),
    /^queue;dur=40\.000, service;dur=0\.000/,
  );
});
