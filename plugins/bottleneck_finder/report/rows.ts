/**
 * Tables and sentences of an answer, for every form of report. They are as the page and the script wrote them.
 *
 * @module
 */
import type {
  FindAnswer,
  FoundCliff,
  FoundRoute,
  SweepAnswer,
} from "../../../core/find.ts";
import {
  decimal,
  elapsed,
  inMilliseconds,
  inSeconds,
  percent,
  plain,
  plusMinus,
  range,
} from "./numbers.ts";
import { levelText } from "./sentences.ts";

/** Rows of a table, of which the first are the headings of its columns. */
export type Rows = readonly (readonly string[])[];

/** Cell without a number. */
const NONE = "–";

/** Column of the table of routes: its heading, and the cell of a route; null where there is nothing to say. */
type Column = readonly [string, (route: FoundRoute) => string | null];

/** Rows of the routes of an answer. Columns that say nothing about any route are left out. */
export function routeRows({ figure, routes, budget }: FindAnswer): Rows {
  const columns: readonly Column[] = [
    ["route", ({ route }) => route],
    ["verdict", ({ verdict }) => verdict],
    [`${figure} per ms`, ({ slope }) => decimal(slope)],
    ["interval", (route) => range(route, decimal)],
    ["saved per ms", ({ saved }) => saved && decimal(saved.value)],
    ["interval", ({ saved }) => saved && range(saved, decimal)],
    ["share", ({ share }) => share && percent(share.value)],
    ["p", ({ p }) => p < 0.001 ? "<0.001" : p.toFixed(3)],
    ["calls", ({ calls }) => plain(calls)],
    ["response time", ({ responseTime }) => time(responseTime)],
    ["added", ({ added }) => time(added.measured)],
    ["late", ({ lateness }) => time(lateness)],
    [
      budget === null ? "" : `at most for ${inSeconds(budget.limit)}`,
      ({ largest }) => time(largest && largest.value),
    ],
  ];
  const used = columns.filter(([, cell]) =>
    routes.some((route) => cell(route) !== null)
  );
  return [
    used.map(([head]) => head),
    ...routes.map((route) => used.map(([, cell]) => cell(route) ?? NONE)),
  ];
}

function time(milliseconds: number | null): string | null {
  return milliseconds === null ? null : inMilliseconds(milliseconds);
}

/** Rows of the points of a cliff. */
export function cliffRows(
  { unit, points }: FoundCliff,
  figure: string,
): Rows {
  return [
    ["level", `${figure}, ms`, "interval", "loads", "failed"],
    ...points.map(({ level, figure, loads, failed }) => [
      levelText(level, unit),
      figure === null ? NONE : plain(figure.value),
      figure === null ? NONE : range(figure),
      `${loads}`,
      `${failed}`,
    ]),
  ];
}

/** Rows of a sweep. */
export function sweepRows({ factors, routes, budget }: SweepAnswer): Rows {
  return [
    [
      "route",
      "response time",
      ...factors.map((factor) => `×${factor}`),
      "knee",
      ...budget === null ? [] : [`breaks ${inSeconds(budget)}`],
    ],
    ...routes.map(({ route, responseTime, figures, knee, breaks }) => [
      route,
      inMilliseconds(responseTime),
      ...figures.map((figure) => figure === null ? NONE : plusMinus(figure)),
      knee === null ? "none" : `${inMilliseconds(knee.value)} (${range(knee)})`,
      ...budget === null ? [] : [breaks === null ? "no" : `×${breaks}`],
    ]),
  ];
}

/** Sentence on the figure as configured. */
export function baselineWords(
  { figure, baseline: { median, low, high }, confidence }: FindAnswer,
): string {
  return `${figure} as configured: ${inMilliseconds(median)} (${
    percent(confidence)
  } interval ${range({ low, high })}).`;
}

/** Sentences of an answer on its routes and their pairs. Of many routes, hidden ones are counted only. */
export function routeSentences(
  { routes, interactions, indistinguishable }: FindAnswer,
): string[] {
  const shown = routes.length <= MOST_SENTENCES
    ? routes
    : routes.filter(({ verdict }) => verdict !== "hidden");
  const hidden = routes.length - shown.length;
  return [
    ...shown.map(({ sentence }) => sentence),
    ...hidden === 0 ? [] : [`${hidden} more routes are hidden.`],
    ...interactions.map(({ sentence }) => sentence),
    ...indistinguishable.map(({ routes, reason }) =>
      `Cannot be told apart: ${routes.join(", ")}: ${reason}`
    ),
  ];
}

/** Number of routes up to which each has its sentence. */
const MOST_SENTENCES = 12;

/** Reasons for the end in words. */
const STOPPED: Readonly<
  Record<FindAnswer["stopped"] | SweepAnswer["stopped"], string>
> = {
  complete: "complete",
  precise: "stopped since the intervals are narrow enough",
  loads: "stopped by the limit of loads",
  duration: "stopped by the limit of time",
  interrupted: "interrupted",
};

/** Sentences on the measurement: loads, time, plan, and the notes. */
export function measurementWords(answer: FindAnswer | SweepAnswer): string[] {
  const { loads, failed, duration, stopped, seed, notes } = answer;
  const lost = Object.entries(failed).filter(([, count]) => count > 0);
  return [
    `${loads} loads in ${elapsed(duration)}, ${
      STOPPED[stopped]
    }. Seed ${seed}.`,
    ...lost.length === 0 ? [] : [
      `Loads without a figure: ${
        lost.map(([reason, count]) => `${count} (${reason})`).join(", ")
      }.`,
    ],
    ..."design" in answer ? [`Design: ${answer.design}`] : [],
    ...notes,
  ];
}

/** Explanation of the table of routes. */
export function routeExplanation({ figure, confidence }: FindAnswer): string {
  return `“${figure} per ms”: cost of each ms of response time, in ms of ${figure}; “saved per ms”: the same where time is taken away. Intervals at ${
    percent(confidence)
  }; p is adjusted for the number of routes (Holm).`;
}

/** Explanation of the table of a sweep. */
export function sweepExplanation({ figure, confidence }: SweepAnswer): string {
  return `Median ${figure} in ms where the route's response time is multiplied by the factor, ± half of its ${
    percent(confidence)
  } interval; knee: response time from which on ${figure} grows faster.`;
}
