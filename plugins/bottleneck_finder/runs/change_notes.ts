/**
 * Sentences on changes of a route's time that were not made as they were asked for: a pool's queue grows with it, another server
 * varies, the page gives requests up.
 *
 * @module
 */
import { inMilliseconds, percent } from "../report/mod.ts";
import type { MeanTime, RouteLevels } from "./load_journal.ts";

/** Share of the change by which it may differ. */
const TOLERATED_SHARE = 0.1;

/** Time by which a change may differ, in ms: answers are late by such times on a busy machine. */
const TOLERATED_TIME = 2;

/** Standard errors by which a mean may differ by chance. */
const STANDARD_ERRORS = 3;

/** Share of exchanges without an answer, beyond that as configured, from which on it is told. */
const MOST_LOST = 0.02;

/** Change of a route's time. */
export interface AskedChange {
  /** Id of the route. */
  readonly route: string;
  /** Time that was to be added, in ms; below 0 it was to be taken away. */
  readonly asked: number;
  /** Level at which that was so; the route is as configured at level 0. */
  readonly level: number;
}

/** Figures of a route by level. */
export type ChangeFigures = Pick<RouteLevels, "at" | "lost">;

/** Returns the sentences on one change; none where it was made as asked. */
export function changeNotes(
  change: AskedChange,
  levels: ChangeFigures,
): string[] {
  return [...timeNotes(change, levels), ...lossNotes(change, levels)];
}

/**
 * True if less than half of the time that was asked for was there, beyond chance: nothing can be said about the effect of the whole.
 */
export function isMissing(
  { asked, level }: Omit<AskedChange, "route">,
  levels: ChangeFigures,
): boolean {
  const [at, from] = [levels.at(level), levels.at(0)];
  if (at === undefined || from === undefined) return false;
  const { mean, error } = differenceOf(at.shift, from.shift);
  return Math.sign(asked) * mean + STANDARD_ERRORS * error <
    Math.abs(asked) / 2;
}

/** Difference of two means, with its standard error. */
function differenceOf(a: MeanTime, b: MeanTime) {
  return { mean: a.mean - b.mean, error: Math.sqrt(a.variance + b.variance) };
}

function timeNotes(
  { route, asked, level }: AskedChange,
  levels: ChangeFigures,
): string[] {
  const [at, from] = [levels.at(level), levels.at(0)];
  if (at === undefined || from === undefined) return [];
  const wanted = Math.abs(asked);
  const tolerated = Math.max(TOLERATED_SHARE * wanted, TOLERATED_TIME);
  const shift = differenceOf(at.shift, from.shift);
  const measured = Math.sign(asked) * shift.mean;
  const differs = Math.abs(measured - wanted) >
    tolerated + STANDARD_ERRORS * shift.error;
  const queue = differenceOf(at.queue, from.queue);
  const queues = Math.abs(queue.mean) >
    tolerated + STANDARD_ERRORS * queue.error;
  if (!differs && !queues) return [];
  const waited = `its requests waited ${inMilliseconds(Math.abs(queue.mean))} ${
    queue.mean > 0 ? "longer" : "less"
  } in queues`;
  const found = !differs
    ? `were, but ${waited}`
    : `${inMilliseconds(measured)} were measured${
      queues ? `, and ${waited}` : ""
    }`;
  return [
    `${inMilliseconds(wanted)} were to be ${
      asked > 0 ? "added to" : "taken away from"
    } ${route}, and ${found}: its numbers are per ms that was asked for`,
  ];
}

function lossNotes(
  { route, asked, level }: AskedChange,
  levels: ChangeFigures,
): string[] {
  const [changed, before] = [levels.lost(level), levels.lost(0)];
  const share = (lost: number, all: number) => all === 0 ? 0 : lost / all;
  return (["gone", "rejected"] as const).flatMap((why) => {
    const [now, then] = [
      share(changed[why], changed.all),
      share(before[why], before.all),
    ];
    if (now - then <= MOST_LOST) return [];
    const what = why === "gone"
      ? `The page gave up ${changed.gone} of ${changed.all} requests to ${route} before their answer`
      : `The limits of ${route} refused ${changed.rejected} of ${changed.all} requests`;
    return [
      `${what} where ${inMilliseconds(Math.abs(asked))} were ${
        asked > 0 ? "added" : "taken away"
      }; as configured it was ${percent(then)}`,
    ];
  });
}
