import { deepEqual, equal } from "node:assert/strict";
import { VirtualClock } from "../../../../core/lib/time/mod.ts";
import type { JournalEntry } from "../../../../core/plugin.ts";
import {
  hasAnswer,
  LoadJournal,
  RouteLevels,
} from "../../../../plugins/bottleneck_finder/runs/load_journal.ts";

/** An exchange whose service time of 50 ms and degradation of 5 ms took a time. */
function entry(taken: number, latenessMs: number | null): JournalEntry {
  return {
    totalMs: 10 + taken,
    queueMs: 10,
    drawnMs: 50,
    degradationMs: 5,
    latenessMs,
    outcome: latenessMs === null ? "gone" : "answered",
    status: latenessMs === null ? 0 : 200,
  } as JournalEntry;
}

Deno.test("RouteLevels has the change of the time beyond what was drawn, and of the lateness", () => {
  const levels = new RouteLevels();
  levels.add(0, entry(55.2, 0.2));
  levels.add(0, entry(55, 0));
  levels.add(1, entry(155.5, 0.5));
  // A client that left has no answer.
  levels.add(1, entry(500, null));
  deepEqual(levels.at(0)?.count, 2);
  equal(levels.at(1)?.count, 1);
  const round = (value: number | undefined) =>
    value && Math.round(value * 100) / 100;
  equal(round(levels.difference(1, 0)), 100.4);
  equal(round(levels.latenessGap(1, 0)), 0.4);
  equal(levels.difference(-1, 0), undefined);
  equal(levels.latenessGap(-1, 0), undefined);
  deepEqual(levels.lost(1), { all: 2, gone: 1, rejected: 0 });
  deepEqual(levels.lost(-1), { all: 0, gone: 0, rejected: 0 });
});

Deno.test("RouteLevels has the variance of the mean, that of a single exchange being unknown", () => {
  const levels = new RouteLevels();
  for (const taken of [55, 57, 59]) levels.add(0, entry(taken, 0));
  levels.add(1, entry(60, 0));
  // Of 0, 2 and 4: a variance of 4, and that of the mean a third of it.
  deepEqual(
    [levels.at(0)?.shift, levels.at(0)?.queue].map((mean) => [
      mean?.mean,
      mean?.variance,
    ]),
    [[2, 4 / 3], [10, 0]],
  );
  equal(levels.at(1)?.shift.variance, Infinity);
});

Deno.test("RouteLevels takes a stream that the page left for an answer, whose lateness is not known", () => {
  const levels = new RouteLevels();
  const left = { ...entry(155, null), status: 200 };
  levels.add(0, left);
  levels.add(1, left);
  equal(levels.difference(1, 0), 0);
  equal(levels.at(0)?.shift.mean, 100);
  equal(levels.latenessGap(1, 0), undefined);
  deepEqual(levels.lost(0), { all: 1, gone: 0, rejected: 0 });
  levels.addTime(-1, 30);
  equal(levels.difference(-1, 0), -70);
});

Deno.test("hasAnswer() is true for exchanges whose headers the route has sent", () => {
  const cases: [JournalEntry["outcome"], number, boolean][] = [
    ["answered", 200, true],
    ["answered", 503, true],
    ["gone", 200, true],
    ["cut", 200, true],
    ["gone", 0, false],
    ["cut", 0, false],
    ["reset", 0, false],
    ["rejected", 503, false],
    ["failed", 500, false],
  ];
  for (const [outcome, status, expected] of cases) {
    equal(hasAnswer({ outcome, status }), expected, `${outcome} ${status}`);
  }
});

Deno.test("LoadJournal waits for the exchanges of a load, but not for ever", async () => {
  const clock = new VirtualClock();
  const inFlight = { size: 1 };
  const limits: number[] = [];
  const journal = new LoadJournal({
    clock,
    inFlight,
    journal: {
      capacity: 10,
      bySpan: () => undefined,
      read(_, limit) {
        limits.push(limit);
        return { entries: [], missed: 3, place: {} };
      },
    },
    metrics: { all: () => [] },
  });
  const { signal } = new AbortController();
  const ended = async () => {
    journal.begin();
    const end = journal.end(signal);
    let over = false;
    end.finally(() => over = true);
    const start = clock.now();
    while (!over) {
      if (clock.now() - start >= 100 && inFlight.size === 2) inFlight.size = 0;
      clock.runNext();
      await new Promise((resolve) => setImmediate(resolve));
    }
    return [clock.now() - start, (await end).missed];
  };
  deepEqual(await ended(), [2000, 3]);
  inFlight.size = 2;
  // It looks every 2 ms.
  deepEqual(await ended(), [102, 3]);
  inFlight.size = 0;
  deepEqual(await ended(), [0, 3]);
  deepEqual(limits, [0, Infinity, 0, Infinity, 0, Infinity]);
});
