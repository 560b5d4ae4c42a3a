import { deepEqual, equal } from "node:assert/strict";
import { VirtualClock } from "../../../../core/lib/time/mod.ts";
import type { JournalEntry } from "../../../../core/plugin.ts";
import {
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
