/**
 * A comparison as drawings, by Vega-Lite.
 *
 * @module
 */
import {
  type DrawingSpec,
  drawSvg,
  type DriftAnswer,
  htmlPage,
  oneLine,
  type Section,
  shortened,
} from "../../../../core/import.ts";
import { countedLine, driftRows, statusLines } from "./table.ts";

const SCHEMA = "https://vega.github.io/schema/vega-lite/v6.json";

/** Colours of verdicts. */
const COLOURS: Readonly<Record<string, string>> = {
  slower: "#c0392b",
  "slower and faster": "#8e44ad",
  statuses: "#d35400",
  shape: "#e59d1d",
  unclear: "#8a8f94",
  faster: "#1e8449",
  same: "#34495e",
};

/** Greatest number of routes that are drawn. */
const MOST_ROWS = 60;

/** Greatest number of routes whose distributions are drawn. */
const MOST_CURVES = 12;

/** Greatest length of a label, in characters. */
const LABEL = 46;

/** Range in which ratios are drawn. */
const RANGE = [0.25, 4] as const;

/** Distribution functions of each route. */
export type Curves = ReadonlyMap<string, {
  readonly before: readonly (readonly [time: number, share: number])[];
  readonly after: readonly (readonly [time: number, share: number])[];
}>;

/** Draws the changes of the percentiles with their intervals. */
export function driftSvg(answer: DriftAnswer): Promise<string> {
  return drawSvg(changesDrawing(answer));
}

/** Writes the comparison as a page. */
export async function driftHtml(
  answer: DriftAnswer,
  curves: Curves,
): Promise<string> {
  const { before, after, routes, appeared, vanished, notes } = answer;
  const sections: Section[] = [{
    title: "Changes by route",
    ...routes.length > 0 && {
      svg: await driftSvg(answer),
      table: driftRows(answer),
    },
    notes: [
      ...routes.flatMap(statusLines),
      ...appeared.map((one) => `New: ${countedLine(one)}`),
      ...vanished.map((one) => `Vanished: ${countedLine(one)}`),
      ...notes,
    ],
  }];
  for (const { route } of routes.slice(0, MOST_CURVES)) {
    const curve = curves.get(route);
    if (curve === undefined || curve.before.length + curve.after.length === 0) {
      continue;
    }
    sections.push({ title: route, svg: await drawSvg(curvesDrawing(curve)) });
  }
  return htmlPage(`Drift from ${before} to ${after}`, sections);
}

function changesDrawing({ routes, threshold }: DriftAnswer): DrawingSpec {
  const shown = routes.slice(0, MOST_ROWS);
  const order = shown.map(({ route }, i) =>
    `${i + 1}. ${oneLine(shortened(route, LABEL))}`
  );
  const within = (value: number) =>
    Math.min(RANGE[1], Math.max(RANGE[0], value));
  const values = shown.flatMap(({ p50, p99, verdict }, i) =>
    ([["p50", p50], ["p99", p99]] as const).flatMap(([percentile, { ratio }]) =>
      ratio === null ? [] : [{
        row: order[i],
        percentile,
        verdict,
        value: within(ratio.value),
        low: within(ratio.low ?? 0),
        high: within(ratio.high ?? Infinity),
      }]
    )
  );
  const y = {
    field: "row",
    type: "nominal",
    sort: order,
    title: null,
    axis: { labelLimit: 0, ticks: false, grid: true, gridColor: "#eee" },
  };
  const yOffset = {
    field: "percentile",
    sort: ["p50", "p99"],
    type: "nominal",
  };
  const color = {
    field: "verdict",
    type: "nominal",
    title: "verdict",
    scale: { domain: Object.keys(COLOURS), range: Object.values(COLOURS) },
  };
  const scale = { type: "log", domain: RANGE };
  return {
    $schema: SCHEMA,
    width: 520,
    height: { step: 15 },
    layer: [
      {
        data: {
          values: [{
            low: within(1 / (1 + threshold)),
            high: within(1 + threshold),
          }],
        },
        mark: { type: "rect", color: "#eaf2f8" },
        encoding: {
          x: {
            field: "low",
            type: "quantitative",
            scale,
            title: "later divided by earlier, with its interval",
            axis: { values: [0.25, 0.5, 0.8, 1, 1.25, 2, 4] },
          },
          x2: { field: "high" },
        },
      },
      {
        data: { values: [{ one: 1 }] },
        mark: { type: "rule", color: "#7f8c8d" },
        encoding: { x: { field: "one", type: "quantitative", scale } },
      },
      {
        data: { values },
        mark: { type: "rule", strokeWidth: 2 },
        encoding: {
          y,
          yOffset,
          x: { field: "low", type: "quantitative", scale },
          x2: { field: "high" },
          color,
        },
      },
      {
        data: { values },
        mark: { type: "point", filled: true, size: 55 },
        encoding: {
          y,
          yOffset,
          x: { field: "value", type: "quantitative", scale },
          color,
          shape: { field: "percentile", type: "nominal", title: "percentile" },
        },
      },
    ],
  };
}

function curvesDrawing(
  { before, after }: NonNullable<ReturnType<Curves["get"]>>,
): DrawingSpec {
  const values = [["before", before], ["after", after]] as const;
  return {
    $schema: SCHEMA,
    width: 520,
    height: 180,
    data: {
      values: values.flatMap(([recording, points]) =>
        points.map(([time, share]) => ({
          recording,
          // A logarithmic axis has no 0.
          time: Math.max(0.001, time),
          share,
        }))
      ),
    },
    mark: { type: "line", interpolate: "step-after" },
    encoding: {
      x: {
        field: "time",
        type: "quantitative",
        scale: { type: "log" },
        title: "time until the first byte, ms",
      },
      y: { field: "share", type: "quantitative", title: "share of requests" },
      color: {
        field: "recording",
        type: "nominal",
        sort: ["before", "after"],
        title: null,
        scale: { domain: ["before", "after"], range: ["#7f8c8d", "#c0392b"] },
      },
    },
  };
}
