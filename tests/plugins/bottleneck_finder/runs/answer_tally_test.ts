import { deepEqual, equal } from "node:assert/strict";
import type { JournalEntry } from "../../../../core/plugin.ts";
import {
  AnswerTally,
  errorsInWords,
} from "../../../../plugins/bottleneck_finder/runs/answer_tally.ts";

/** Exchanges of a route. */
function entries(
  route: string,
  ...ended: (number | JournalEntry["outcome"])[]
): JournalEntry[] {
  return ended.map((end) => {
    const [outcome, status] = typeof end === "number"
      ? ["answered", end]
      : [end, 0];
    return { route, outcome, status } as JournalEntry;
  });
}

Deno.test("AnswerTally counts errors by status, and connections that were reset", () => {
  const tally = new AnswerTally();
  tally.add(entries("cart", 200, 503, 500, 503, "reset", 302));
  tally.add(entries("cart", 101, 404, "gone", "cut"));
  deepEqual(tally.of("cart"), {
    share: 5 / 8,
    answers: 8,
    statuses: { "404": 1, "500": 1, "503": 2, reset: 1 },
  });
  deepEqual(Object.entries(tally.of("cart")?.statuses ?? {}).length, 4);
});

Deno.test("AnswerTally knows nothing of a route that answered nothing", () => {
  const tally = new AnswerTally();
  tally.add(entries("cart", "gone", "cut"));
  equal(tally.of("cart"), null);
  equal(tally.of("stock"), null);
  deepEqual(tally.notes(), []);
});

Deno.test("AnswerTally has a note for each route with errors, the most first, and none for others", () => {
  const tally = new AnswerTally();
  tally.add(entries("fine", 200, 304));
  tally.add(entries("some", 200, 200, 200, 429));
  tally.add(entries("all", 503, 503));
  deepEqual(tally.notes(), [
    "all answered 2 of 2 requests (100 %) with an error: 503: its numbers are those of a page that gets errors",
    "some answered 1 of 4 requests (25 %) with an error: 429: its numbers are those of a page that gets errors",
  ]);
});

Deno.test("errorsInWords() counts each status where there are several", () => {
  equal(
    errorsInWords({ share: 0.14, answers: 88, statuses: { a: 8, b: 4 } }),
    "12 of 88 requests (14 %) with an error: a (8), b (4)",
  );
});
