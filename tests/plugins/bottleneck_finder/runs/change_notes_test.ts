import { deepEqual, equal } from "node:assert/strict";
import type { JournalEntry } from "../../../../core/plugin.ts";
import {
  changeNotes,
  isMissing,
} from "../../../../plugins/bottleneck_finder/runs/change_notes.ts";
import { RouteLevels } from "../../../../plugins/bottleneck_finder/runs/load_journal.ts";

/** Answered exchange with a time beyond what was drawn, after a wait. */
function answered(shift: number, queueMs = 0): JournalEntry {
  return {
    outcome: "answered",
    status: 200,
    totalMs: queueMs + 50 + shift,
    queueMs,
    drawnMs: 50,
    degradationMs: 0,
    latenessMs: 0.1,
  } as JournalEntry;
}

/** Exchange without an answer. */
function lost(outcome: "gone" | "rejected"): JournalEntry {
  return { ...answered(5), outcome, status: 0, latenessMs: null };
}

/** Figures with exchanges at the levels 0 and 1. */
function levels(
  configured: readonly JournalEntry[],
  changed: readonly JournalEntry[],
  level = 1,
): RouteLevels {
  const found = new RouteLevels();
  for (const entry of configured) found.add(0, entry);
  for (const entry of changed) found.add(level, entry);
  return found;
}

const many = (entry: () => JournalEntry, count = 20) =>
  Array.from({ length: count }, entry);

Deno.test("changeNotes() says nothing where a change was made as asked, within chance", () => {
  const noise = [3, -3, 1, -1, 0, 2, -2];
  const at = (shift: number) => noise.map((more) => answered(shift + more));
  const cases: [asked: number, measured: number][] = [
    [100, 100],
    [100, 109],
    [100, 91],
    [5, 6.9],
    [-60, -60],
    [-60, -55],
  ];
  for (const [asked, measured] of cases) {
    const level = Math.sign(asked);
    deepEqual(
      changeNotes(
        { route: "cart", asked, level },
        levels(at(0), at(measured), level),
      ),
      [],
      `${asked} and ${measured}`,
    );
  }
  deepEqual(
    changeNotes({ route: "cart", asked: 100, level: 1 }, levels([], at(100))),
    [],
  );
  // A backend whose own time varies by hundreds of ms says little in four exchanges.
  deepEqual(
    changeNotes(
      { route: "cart", asked: 100, level: 1 },
      levels([answered(0), answered(400)], [answered(0), answered(300)]),
    ),
    [],
  );
});

Deno.test("changeNotes() names both times where they differ", () => {
  const cases: [asked: number, measured: number, note: string][] = [
    [100, 20, "100 ms were to be added to cart, and 20 ms were measured"],
    [100, 0, "100 ms were to be added to cart, and 0 ms were measured"],
    [100, 300, "100 ms were to be added to cart, and 300 ms were measured"],
    [5, 8, "5 ms were to be added to cart, and 8 ms were measured"],
    [
      -60,
      -30,
      "60 ms were to be taken away from cart, and 30 ms were measured",
    ],
  ];
  for (const [asked, measured, note] of cases) {
    const level = Math.sign(asked);
    deepEqual(
      changeNotes(
        { route: "cart", asked, level },
        levels(
          many(() => answered(0)),
          many(() => answered(measured)),
          level,
        ),
      ),
      [`${note}: its numbers are per ms that was asked for`],
    );
  }
});

Deno.test("changeNotes() tells of queues that grow or shrink with the change", () => {
  const found = (shift: number, wait: number, asked: number) =>
    changeNotes(
      { route: "cart", asked, level: 1 },
      levels(many(() => answered(0, 40)), many(() => answered(shift, wait))),
    );
  deepEqual(found(100, 45, 100), []);
  deepEqual(found(100, 190, 100), [
    "100 ms were to be added to cart, and were, but its requests waited 150 ms longer in queues: its numbers are per ms that was asked for",
  ]);
  deepEqual(found(50, 190, 100), [
    "100 ms were to be added to cart, and 50 ms were measured, and its requests waited 150 ms longer in queues: its numbers are per ms that was asked for",
  ]);
  deepEqual(found(-30, 10, -30), [
    "30 ms were to be taken away from cart, and were, but its requests waited 30 ms less in queues: its numbers are per ms that was asked for",
  ]);
});

Deno.test("changeNotes() tells of requests that the page gave up, and of those that limits refused", () => {
  const change = { route: "cart", asked: 100, level: 1 };
  deepEqual(
    changeNotes(
      change,
      levels(many(() => answered(0)), many(() => lost("gone"), 12)),
    ),
    [
      "The page gave up 12 of 12 requests to cart before their answer where 100 ms were added; as configured it was 0 %",
    ],
  );
  deepEqual(
    changeNotes(
      change,
      levels(
        [...many(() => answered(0), 9), lost("rejected")],
        [...many(() => answered(100), 5), ...many(() => lost("rejected"), 5)],
      ),
    ),
    [
      "The limits of cart refused 5 of 10 requests where 100 ms were added; as configured it was 10 %",
    ],
  );
  // As many as before.
  deepEqual(
    changeNotes(
      change,
      levels(
        [answered(0), answered(0), lost("gone")],
        [answered(100), answered(100), lost("gone")],
      ),
    ),
    [],
  );
});

Deno.test("isMissing() is true where less than half of a change was there, beyond chance", () => {
  const cases: [measured: readonly number[], missing: boolean][] = [
    [[100, 101], false],
    [[60, 61], false],
    [[40, 41], true],
    [[0, 0], true],
    [[-20, -20], true],
    [[0, 80], false],
  ];
  for (const [measured, missing] of cases) {
    const found = levels(
      [answered(0), answered(0)],
      measured.map((shift) => answered(shift)),
    );
    equal(isMissing({ asked: 100, level: 1 }, found), missing, `${measured}`);
  }
  equal(isMissing({ asked: 100, level: 1 }, levels([], [])), false);
});
