/**
 * A comparison as a table for the terminal.
 *
 * @module
 */
import type {
  CountedRoute,
  DriftAnswer,
  MeasuredQuantile,
  QuantileDrift,
  RouteDrift,
} from "../../../../core/import.ts";
import { alignedLines, oneLine, shortened } from "../../../../core/import.ts";

/** Greatest length of the name of a route, in characters. */
const LONGEST_NAME = 60;

/** Greatest number of rows. */
const MOST_ROWS = 200;

/** Heading of the columns. */
const HEAD = [
  "route",
  "verdict",
  "count before",
  "after",
  "p50 before",
  "after, ms",
  "change",
  "p99 before",
  "after, ms",
  "change",
  "KS",
  "p",
] as const;

/** Rows of the table, the first with the headings. */
export function driftRows({ routes }: DriftAnswer): string[][] {
  return [
    [...HEAD],
    ...routes.slice(0, MOST_ROWS).map((route) => [
      shortened(route.route, LONGEST_NAME),
      route.verdict,
      `${route.count.before}`,
      `${route.count.after}`,
      ...quantileCells(route.p50),
      ...quantileCells(route.p99),
      route.ks === null ? "-" : digits(route.ks.distance, 2),
      route.ks === null
        ? "-"
        : route.ks.p < 1e-4
        ? "< 0.0001"
        : digits(route.ks.p, 2),
    ]),
  ];
}

/** The comparison as text. */
export function driftTable(answer: DriftAnswer): string {
  const { before, after, threshold, share, routes, notes } = answer;
  const lines = [
    `${before} → ${after}: a drift is a change of p50 or p99 by more than ${
      percent(threshold)
    }, or of a status's share by more than ${percent(share)}`,
    "",
    ...routes.length === 0
      ? ["No route is in both"]
      : alignedLines(driftRows(answer)),
    ...routes.length > MOST_ROWS
      ? [`and ${routes.length - MOST_ROWS} further routes`]
      : [],
    ...listed("Statuses", routes.flatMap(statusLines)),
    ...listed("New", answer.appeared.map(countedLine)),
    ...listed("Vanished", answer.vanished.map(countedLine)),
    "",
    ...notes.map(oneLine),
  ];
  return `${lines.join("\n")}\n`;
}

function listed(title: string, lines: readonly string[]): string[] {
  return lines.length === 0
    ? []
    : ["", `${title}:`, ...lines.map((line) => `  ${oneLine(line)}`)];
}

/** Sentences about the statuses of a route. */
export function statusLines({ route, statuses }: RouteDrift): string[] {
  return statuses.filter(({ drifts }) => drifts).map((
    { status, share, low, high },
  ) =>
    `${route}: ${status} ${percent(share.before)} → ${
      percent(share.after)
    } (difference ${percent(low)} … ${percent(high)})`
  );
}

/** Sentence about a route of one recording alone. */
export function countedLine({ route, count, expected }: CountedRoute): string {
  return `${route}: ${count} requests${
    expected < 3 ? ", which may be chance: too few requests were recorded" : ""
  }`;
}

function quantileCells({ before, after, ratio }: QuantileDrift): string[] {
  return [ms(before), ms(after), change(ratio)];
}

function ms(quantile: MeasuredQuantile | null): string {
  return quantile === null ? "-" : digits(quantile.value, 4);
}

/** A ratio as a change in percent, with its interval. */
export function change(ratio: MeasuredQuantile | null): string {
  if (ratio === null) return "-";
  const { value, low, high } = ratio;
  return `${signed(value)} (${low === null ? "?" : signed(low)} … ${
    high === null ? "?" : signed(high)
  })`;
}

function signed(ratio: number): string {
  if (ratio >= 3) return `×${digits(ratio, 2)}`;
  const value = Math.round(1000 * (ratio - 1)) / 10;
  return `${value < 0 ? "−" : "+"}${Math.abs(value)} %`;
}

function percent(share: number): string {
  return `${Number((100 * share).toPrecision(3))} %`;
}

function digits(value: number, number: number): string {
  return `${Number(value.toPrecision(number))}`;
}
