import { deepEqual, equal } from "node:assert/strict";
import fc from "fast-check";
import type { LiveExchange } from "../../../core/pipeline/exchange.ts";
import { spanId } from "../../../core/lib/trace.ts";
import { ExchangeJournal } from "../../../core/observe/journal.ts";
import type { Outcome } from "../../../core/plugin.ts";
import { requested, testPlan } from "../../support/plan.ts";

const plan = testPlan();
const TRACES = { prefix: "0123456789abcdef" };

function ended(sequence: number, more: Partial<LiveExchange> = {}) {
  const { x } = requested(
    plan,
    new Request(`http://localhost:1/r?n=${sequence}`),
  );
  return Object.assign(x, {
    sequence,
    arrival: 1000 + sequence,
    start: 1002 + sequence,
    service: 10,
    due: 1012 + sequence,
    end: 1012.5 + sequence,
    status: 200,
    outcome: "answered",
    spanHigh: -7,
    spanLow: sequence + 1,
  }, more);
}

/** A time of the clock on the wall: ISO 8601 to the microsecond. */
function isoOf(time: number): string {
  const microseconds = BigInt(
    Math.round((performance.timeOrigin + time) * 1000),
  );
  const iso = new Date(Number(microseconds / 1000n)).toISOString();
  return iso.replace("Z", `${microseconds % 1000n}`.padStart(3, "0") + "Z");
}

Deno.test("a journal entry has drawn and achieved times, queue time, lateness and trace", () => {
  const journal = new ExchangeJournal(10, 1000, "w1", TRACES);
  journal.record(ended(3));
  deepEqual(journal.entries({ limit: 1 }), [{
    number: 0,
    route: "r",
    pattern: "/r",
    session: "w1",
    sequence: 3,
    key: null,
    method: "GET",
    path: "/r?n=3",
    arrivalMs: 3,
    time: isoOf(1003),
    outcome: "answered",
    status: 200,
    queueMs: 2,
    drawnMs: 10,
    degradationMs: 0,
    achievedMs: 10.5,
    totalMs: 12.5,
    latenessMs: 0.5,
    traceId: "0123456789abcdeffffffff900000004",
    spanId: "fffffff900000004",
    parentSpanId: null,
    sampled: true,
    webSocket: null,
  }]);
});

Deno.test("a journal entry has no achieved time if not served, and no lateness if not answered", () => {
  const journal = new ExchangeJournal(10, 0, null, TRACES);
  const outcomes: Outcome[] = ["rejected", "gone", "reset", "failed"];
  for (const outcome of outcomes) journal.record(ended(0, { outcome }));
  deepEqual(
    journal.entries({ limit: 9 }).map((entry) => [
      entry.outcome,
      entry.achievedMs,
      entry.latenessMs,
    ]),
    [
      ["rejected", null, null],
      ["gone", null, null],
      ["reset", 10.5, null],
      ["failed", null, null],
    ],
  );
});

Deno.test("a journal filter combines its conditions, and its limit selects the latest entries", () => {
  const journal = new ExchangeJournal(100, 0, null, TRACES);
  for (let i = 0; i < 10; i++) {
    journal.record(ended(i, {
      status: i % 2 === 0 ? 200 : 503,
      outcome: i % 2 === 0 ? "answered" : "rejected",
      end: 1012 + i + i,
    }));
  }
  const sequences = (filter: object, limit = 100) =>
    journal.entries({ limit, ...filter }).map(({ sequence }) => sequence);
  deepEqual(sequences({}, 3), [7, 8, 9]);
  deepEqual(sequences({ status: 503 }), [1, 3, 5, 7, 9]);
  deepEqual(sequences({ outcome: "answered" }, 2), [6, 8]);
  deepEqual(sequences({ trace: TRACES.prefix + spanId(-7, 5) }), [4]);
  deepEqual(sequences({ slower: 20, status: 503 }), [9]);
  deepEqual(sequences({ route: "other" }), []);
});

Deno.test("the journal keeps the latest entries, whatever is recorded, resized and reset", () => {
  const command = fc.oneof(
    fc.record({ record: fc.integer({ min: 1, max: 300 }) }),
    fc.record({ resize: fc.integer({ min: 1, max: 400 }) }),
    fc.constant({ reset: true }),
  );
  fc.assert(
    fc.property(fc.array(command, { maxLength: 12 }), (commands) => {
      const journal = new ExchangeJournal(50, 0, null, TRACES);
      let capacity = 50;
      let model: number[] = [];
      let next = 0;
      for (const one of commands) {
        if ("record" in one) {
          for (let i = 0; i < one.record; i++) {
            journal.record(ended(next));
            model.push(next++);
          }
        } else if ("resize" in one) journal.resize(capacity = one.resize);
        else {
          journal.reset();
          model = [];
        }
        model = model.slice(-capacity);
        equal(journal.capacity, capacity);
        deepEqual(
          journal.entries({ limit: 1000 }).map(({ sequence }) => sequence),
          model,
        );
      }
    }),
    { seed: 11, numRuns: 150 },
  );
});

Deno.test("a journal entry has the beginning of a long path, key and method", () => {
  const journal = new ExchangeJournal(10, 0, null, TRACES);
  const long = "x".repeat(5000);
  const { x } = requested(
    { ...plan, replayedBy: "x-id" },
    new Request(`http://localhost/${long}`, { headers: { "x-id": long } }),
  );
  journal.record(Object.assign(x, { method: long }));
  const [{ path, key, method }] = journal.entries({ limit: 1 });
  equal(path, `/${"x".repeat(1022)}…`);
  equal(key, `${"x".repeat(1023)}…`);
  equal(method, `${"x".repeat(31)}…`);
});

Deno.test("an entry is found by its span id as long as it is kept", () => {
  const journal = new ExchangeJournal(10, 0, null, TRACES);
  const found = (n: number) => journal.bySpan(spanId(-7, n + 1))?.sequence;
  equal(found(0), undefined);
  for (let n = 0; n < 1000; n++) {
    journal.record(ended(n));
    // Looked for now and then, so that the index is made in steps.
    if (n % 7 === 0) equal(found(n), n);
  }
  deepEqual([found(989), found(990), found(999)], [undefined, 990, 999]);
  journal.reset();
  equal(found(999), undefined);
  journal.record(ended(5));
  equal(found(5), 5);
  journal.resize(100);
  equal(found(5), 5);
});

Deno.test("exchanges without headers have no span id, and are not found by an empty one", () => {
  const journal = new ExchangeJournal(10, 0, null, TRACES);
  journal.record(ended(1, { spanHigh: 0, spanLow: 0 }));
  equal(journal.bySpan(""), undefined);
});

Deno.test("since() reads each entry once, counts what is no longer kept, and goes on after a reset", () => {
  const journal = new ExchangeJournal(10, 0, null, TRACES);
  const from = journal.total;
  for (let n = 0; n < 25; n++) journal.record(ended(n));
  const { entries, missed } = journal.since(from, 4);
  deepEqual([entries.map(({ sequence }) => sequence), missed], [
    [15, 16, 17, 18],
    15,
  ]);
  const next = journal.since(from + missed + entries.length, 100);
  deepEqual([next.entries.length, next.missed], [6, 0]);
  const place = journal.total;
  journal.reset();
  journal.record(ended(1));
  deepEqual(
    journal.since(place, 9).entries.map(({ sequence }) => sequence),
    [1],
  );
  equal(journal.since(journal.total, 9).entries.length, 0);
});

Deno.test("the time of a journal entry is exact to the microsecond", () => {
  const journal = new ExchangeJournal(1, 0, null, TRACES);
  fc.assert(
    fc.property(fc.double({ min: 0, max: 1e9, noNaN: true }), (arrival) => {
      journal.record(ended(0, { arrival }));
      const [{ time }] = journal.entries({ limit: 1 });
      equal(time, isoOf(arrival));
      equal(time.length, "2000-01-01T00:00:00.000000Z".length);
    }),
    { seed: 4, numRuns: 200 },
  );
});

Deno.test("an entry is found by its span id exactly as long as it is kept, whatever is recorded, resized and reset", () => {
  const command = fc.oneof(
    fc.record({ record: fc.integer({ min: 1, max: 200 }) }),
    fc.record({ resize: fc.integer({ min: 1, max: 300 }) }),
    fc.constant({ reset: true }),
    fc.record({ find: fc.nat({ max: 1000 }) }),
  );
  fc.assert(
    fc.property(fc.array(command, { maxLength: 25 }), (commands) => {
      const journal = new ExchangeJournal(50, 0, null, TRACES);
      let next = 0;
      const check = (n: number) => {
        const kept = journal.entries({ limit: 1000 })
          .find(({ sequence }) => sequence === n);
        deepEqual(journal.bySpan(spanId(-7, n + 1)), kept);
      };
      for (const one of commands) {
        if ("record" in one) {
          for (let i = 0; i < one.record; i++) {
            // Some have no span id, as in simulation.
            const none = next % 5 === 0 ? { spanHigh: 0, spanLow: 0 } : {};
            journal.record(ended(next++, none));
          }
        } else if ("resize" in one) journal.resize(one.resize);
        else if ("find" in one) {
          const n = one.find % Math.max(1, next);
          if (n % 5 !== 0) check(n);
        } else journal.reset();
      }
      for (let n = Math.max(0, next - 100); n < next; n++) {
        if (n % 5 !== 0) check(n);
      }
    }),
    { seed: 6, numRuns: 100 },
  );
});
