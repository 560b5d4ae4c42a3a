/**
 * Tables and sentences of an answer, for every form of report. They are as the page and the script wrote them.
 *
 * @module
 */
import type {
  FindAnswer,
  FoundCliff,
  FoundRoute,
  RouteErrors,
  SweepAnswer,
} from "../../../core/find.ts";
import {
  decimal,
  inMilliseconds,
  inMinutes,
  inSeconds,
  percent,
  plain,
  plusMinus,
  range,
} from "./numbers.ts";
import { levelText } from "./sentences.ts";

/** Rows of a table, of which the first are the headings of its columns. */
export type Rows = readonly (readonly string[])[];

/** Id of the page's processor, whose slope is per percent by which it is slower. */
export const PROCESSOR = "cpu";

/** Cell without a number. */
const NONE = "–";

/** Column of the table of routes: its heading, and the cell of a route; null where there is nothing to say. */
type Column = readonly [string, (route: FoundRoute) => string | null];

/** Rows of the routes of an answer. Columns that say nothing about any route are left out. */
export function routeRows({ figure, routes }: FindAnswer): Rows {
  return filledRows(routes, [
    ["route", ({ route }) => route],
    ["verdict", ({ verdict }) => verdict],
    [
      `${figure} per ms`,
      ({ route, slope }) =>
        `${decimal(slope)}${route === PROCESSOR ? " per %" : ""}`,
    ],
    ["interval", (route) => range(route, decimal)],
    ["saved", ({ saved }) => saved && plusMinus(saved, decimal)],
    ["share", ({ share }) => share && percent(share.value)],
    ["errors", ({ errors }) => errorShare(errors)],
    ["calls", ({ calls }) => plain(calls)],
    ["time", ({ responseTime }) => time(responseTime)],
    ["at most", ({ largest }) => time(largest && largest.value)],
  ]);
}

/** Rows of what was checked on each route: chance, times as asked and as measured, lateness. */
export function checkRows({ routes }: FindAnswer): Rows {
  return filledRows(routes, [
    ["route", ({ route }) => route],
    ["p", ({ p }) => p < 0.001 ? "<0.001" : p.toFixed(3)],
    [
      "to add",
      ({ route, added }) =>
        route === PROCESSOR ? percent(added.asked / 100) : time(added.asked),
    ],
    ["added", ({ added }) => time(added.measured)],
    ["to take", ({ taken }) => time(taken && taken.asked)],
    ["taken", ({ taken }) => time(taken && taken.measured)],
    ["late", ({ lateness }) => time(lateness)],
  ]);
}

function filledRows(
  routes: readonly FoundRoute[],
  columns: readonly Column[],
): Rows {
  const used = columns.filter(([, cell]) =>
    routes.some((route) => cell(route) !== null)
  );
  return [
    used.map(([head]) => head),
    ...routes.map((route) => used.map(([, cell]) => cell(route) ?? NONE)),
  ];
}

/** Share of errors; null where there was none. */
function errorShare(errors: RouteErrors | null): string | null {
  return errors === null || errors.share === 0 ? null : percent(errors.share);
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
  const hasErrors = routes.some(({ errors }) => errorShare(errors) !== null);
  return [
    [
      "route",
      "response time",
      ...factors.map((factor) => `×${factor}`),
      "knee",
      ...budget === null ? [] : [`breaks ${inSeconds(budget)}`],
      ...hasErrors ? ["errors"] : [],
    ],
    ...routes.map(({ route, responseTime, figures, knee, breaks, errors }) => [
      route,
      time(responseTime) ?? NONE,
      ...figures.map((figure) => figure === null ? NONE : plusMinus(figure)),
      knee === null
        ? "none"
        : responseTime === null
        ? `×${decimal(knee.value)} (${range(knee, decimal)})`
        : `${inMilliseconds(knee.value)} (${range(knee)})`,
      ...budget === null ? [] : [breaks === null ? "no" : `×${breaks}`],
      ...hasErrors ? [errorShare(errors) ?? NONE] : [],
    ]),
  ];
}

/** Sentence on the budget; on the figure as configured, where there is none. */
export function headline(
  { budget, figure, baseline, confidence }: FindAnswer,
): string {
  return budget?.sentence ??
    `${figure} is ${inMilliseconds(baseline.median)} (${
      percent(confidence)
    } interval ${range(baseline)}) as configured.`;
}

/** Largest number of routes that have sentences. */
const MOST_SENTENCES = 12;

/** Sentences of an answer on its routes and their pairs. Where there are many routes, those that are not hidden come first. */
export function routeSentences(
  { routes, interactions, indistinguishable }: FindAnswer,
): string[] {
  const seen = routes.length <= MOST_SENTENCES
    ? routes
    : routes.filter(({ verdict }) => verdict !== "hidden");
  const shown = seen.slice(0, MOST_SENTENCES);
  const others = seen.length - shown.length;
  const hidden = routes.length - seen.length;
  const rest = [
    ...others === 0 ? [] : [`${others} more in the table`],
    ...hidden === 0 ? [] : [`${hidden} hidden`],
  ];
  return [
    ...shown.map(({ sentence }) => sentence),
    ...rest.length === 0 ? [] : [`Other routes: ${rest.join(", ")}.`],
    ...interactions.map(({ sentence }) => sentence),
    ...indistinguishable.map(({ routes, reason }) =>
      `Cannot be told apart: ${routes.join(", ")}: ${reason}`
    ),
  ];
}

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
    `${loads} loads in ${inMinutes(duration)}, ${
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
export function routeExplanation(
  { figure, confidence, budget, routes }: FindAnswer,
): string {
  const errors = routes.some(({ errors }) => errorShare(errors) !== null)
    ? "; errors: share of answers with a status of 400 or more, or of connections reset"
    : "";
  const limit = budget === null
    ? ""
    : `; at most: response time that keeps the ${
      inSeconds(budget.limit)
    } budget`;
  return `${figure} per ms: cost of each ms of response time, in ms of ${figure}, with its ${
    percent(confidence)
  } interval; saved: the same where time is taken away; share: part of ${figure} that the route explains; time: median response time${errors}${limit}.`;
}

/** Explanation of the table of checks. */
export const CHECK_EXPLANATION =
  "p: probability of such an effect by chance, adjusted for the number of routes (Holm). Times that were to be added and taken away, and as the journal has them; late: mean lateness of the answers.";

/** Explanation of the table of a sweep. */
export function sweepExplanation({ figure, confidence }: SweepAnswer): string {
  return `Median ${figure} in ms where the route's response time is multiplied by the factor, ± half of its ${
    percent(confidence)
  } interval; knee: response time from which on ${figure} grows faster.`;
}
