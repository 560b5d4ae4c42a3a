import { deepEqual, equal } from "node:assert/strict";
import { ExchangeJournal } from "../../../core/observe/journal.ts";
import { Journals } from "../../../core/observe/journals.ts";
import { requested, testPlan } from "../../support/plan.ts";

const plan = testPlan();

function ended(span: string) {
  const { x } = requested(plan, new Request("http://localhost:1/r"));
  return Object.assign(x, { end: 1, outcome: "answered", span });
}

Deno.test("Journals finds and reads the entries of all, and those of a later one from its beginning", () => {
  const first = new ExchangeJournal(10, 0, null);
  const all = [first];
  const journals = new Journals(() => all);
  first.record(ended("before"));
  let { place, entries } = journals.read(undefined, 10);
  equal(entries.length, 0);
  const second = new ExchangeJournal(10, 0, "session");
  all.push(second);
  first.record(ended("a"));
  second.record(ended("b"));
  second.record(ended("c"));
  equal(journals.bySpan("c")?.session, "session");
  equal(journals.bySpan("none"), undefined);
  const read: string[][] = [];
  for (let i = 0; i < 3; i++) {
    ({ place, entries } = journals.read(place, 2));
    read.push(entries.map(({ spanId }) => spanId));
  }
  deepEqual(read, [["a", "b"], ["c"], []]);
});

Deno.test("Journals counts what was missed in all", () => {
  const journal = new ExchangeJournal(4, 0, null);
  const journals = new Journals(() => [journal]);
  const { place } = journals.read(undefined, 10);
  for (let n = 0; n < 10; n++) journal.record(ended(`${n}`));
  const { entries, missed } = journals.read(place, 10);
  deepEqual([entries.length, missed], [4, 6]);
});
