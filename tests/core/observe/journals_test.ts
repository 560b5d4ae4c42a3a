import { deepEqual, equal, ok } from "node:assert/strict";
import fc from "fast-check";
import { ExchangeJournal } from "../../../core/observe/journal.ts";
import { Journals } from "../../../core/observe/journals.ts";
import { requested, testPlan } from "../../support/plan.ts";

const plan = testPlan();
const TRACES = { prefix: "0123456789abcdef" };

/** An exchange with a span id that ends in `n`. */
function ended(n: number) {
  const { x } = requested(plan, new Request("http://localhost:1/r"));
  return Object.assign(x, { end: 1, outcome: "answered", spanLow: n });
}

Deno.test("Journals finds and reads the entries of all, and those of a later one from its beginning", () => {
  const first = new ExchangeJournal(10, 0, null, TRACES);
  const all = [first];
  const journals = new Journals(() => all);
  first.record(ended(1));
  let { place, entries } = journals.read(undefined, 10);
  equal(entries.length, 0);
  const second = new ExchangeJournal(10, 0, "session", TRACES);
  all.push(second);
  first.record(ended(10));
  second.record(ended(11));
  second.record(ended(12));
  equal(journals.bySpan("000000000000000c")?.session, "session");
  equal(journals.bySpan("000000000000000d"), undefined);
  const read: string[][] = [];
  for (let i = 0; i < 3; i++) {
    ({ place, entries } = journals.read(place, 2));
    read.push(entries.map(({ spanId }) => spanId.slice(-1)));
  }
  deepEqual(read, [["a", "b"], ["c"], []]);
});

Deno.test("Journals counts what was missed in all", () => {
  const journal = new ExchangeJournal(4, 0, null, TRACES);
  const journals = new Journals(() => [journal]);
  const { place } = journals.read(undefined, 10);
  for (let n = 0; n < 10; n++) journal.record(ended(n));
  const { entries, missed } = journals.read(place, 10);
  deepEqual([entries.length, missed], [4, 6]);
});

Deno.test("Journals keeps the entries of a session that has ended for the next reading, if there is a reader", () => {
  const main = new ExchangeJournal(10, 0, null, TRACES);
  const all = [main];
  const journals = new Journals(() => all);
  const session = (name: string, n: number) => {
    const journal = new ExchangeJournal(10, 0, name, TRACES);
    journal.record(ended(n));
    return journal;
  };
  journals.ended(session("before", 1));
  equal(journals.bySpan("0000000000000001"), undefined);
  let reading = journals.read(undefined, 10);
  deepEqual([reading.entries, reading.missed], [[], 0]);
  journals.ended(session("a", 2));
  equal(journals.bySpan("0000000000000002")?.session, "a");
  reading = journals.read(reading.place, 10);
  deepEqual(reading.entries.map(({ session }) => session), ["a"]);
  equal(journals.bySpan("0000000000000002"), undefined);
  reading = journals.read(reading.place, 10);
  deepEqual([reading.entries, reading.missed], [[], 0]);
});

Deno.test("Journals gives each of them a fair share of a reading", () => {
  const all = [0, 1, 2].map(() => new ExchangeJournal(1000, 0, null, TRACES));
  const journals = new Journals(() => all);
  const { place } = journals.read(undefined, 0);
  for (const [index, count] of [500, 3, 40].entries()) {
    for (let n = 0; n < count; n++) all[index].record(ended(index + 1));
  }
  const { entries, missed } = journals.read(place, 60);
  const counts = all.map((_, index) =>
    entries.filter(({ spanId }) => Number(spanId) === index + 1).length
  );
  deepEqual([counts, missed], [[28, 3, 29], 0]);
});

Deno.test("Journals gives each exchange once, read or missed, whatever ends, is reset or resized between readings", () => {
  const index = fc.nat({ max: 5 });
  const command = fc.oneof(
    fc.record({ record: fc.integer({ min: 1, max: 60 }), in: index }),
    fc.record({ reset: index }),
    fc.record({ resize: fc.integer({ min: 1, max: 80 }), in: index }),
    fc.constant({ begin: true }),
    fc.record({ end: index }),
    fc.record({ read: fc.integer({ min: 0, max: 70 }) }),
  );
  // Bytes of ended journals: none, those of a few, those of all.
  const bytes = fc.constantFrom(0, 100_000, 1e9);
  let missedAny = 0;
  fc.assert(
    fc.property(
      fc.array(command, { maxLength: 40 }),
      bytes,
      (commands, most) => {
        let made = 0;
        const make = () => new ExchangeJournal(20, 0, `${made++}`, TRACES);
        const all = [make()];
        const journals = new Journals(() => all, most);
        let { place } = journals.read(undefined, 0);
        let recorded = 0;
        let missed = 0;
        const read: number[] = [];
        const latest = new Map<string, number>();
        const readOn = (limit: number) => {
          const reading = journals.read(place, limit);
          place = reading.place;
          ok(reading.entries.length <= limit);
          ok(reading.missed >= 0);
          missed += reading.missed;
          for (const { sequence, session } of reading.entries) {
            // In the order of the ends.
            ok(sequence > (latest.get(`${session}`) ?? -1));
            latest.set(`${session}`, sequence);
            read.push(sequence);
          }
          return reading.entries.length;
        };
        for (const one of commands) {
          const of = (index: number) => all[index % all.length];
          if ("record" in one) {
            for (let n = 0; n < one.record; n++) {
              of(one.in).record(
                Object.assign(ended(1), { sequence: recorded++ }),
              );
            }
          } else if ("reset" in one) of(one.reset).reset();
          else if ("resize" in one) of(one.in).resize(one.resize);
          else if ("begin" in one) all.push(make());
          else if ("end" in one) {
            if (all.length > 1) {
              const [journal] = all.splice(1 + one.end % (all.length - 1), 1);
              journals.ended(journal);
            }
          } else readOn(one.read);
        }
        while (readOn(25) > 0) { /* until nothing is left */ }
        equal(new Set(read).size, read.length);
        equal(read.length + missed, recorded);
        missedAny += missed;
      },
    ),
    { seed: 3, numRuns: 300 },
  );
  ok(missedAny > 0);
});
