import { deepEqual, equal } from "node:assert/strict";
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
