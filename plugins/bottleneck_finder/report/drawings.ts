/**
 * Drawings of an answer, as specifications of Vega-Lite: slopes, cliffs, waterfall, sweep. Legends name what is marked, so that
 * no labels overlap.
 *
 * @module
 */
import {
  type DrawingSpec,
  type Estimate,
  type FindAnswer,
  type FoundCliff,
  oneLine,
  shortened,
  type SweepAnswer,
  type Verdict,
  type WaterfallRequest,
} from "../../../core/find.ts";
import { inMilliseconds, inSeconds, plain } from "./numbers.ts";
import { PROCESSOR } from "./rows.ts";
import { levelText } from "./sentences.ts";

const SCHEMA = "https://vega.github.io/schema/vega-lite/v6.json";

/** Colours of verdicts. */
const VERDICTS: Readonly<Record<Verdict, string>> = {
  critical: "#c0392b",
  partly: "#e59d1d",
  hidden: "#7f8c8d",
  unclear: "#8e6bb0",
};

const OTHERS = "not varied";

/** Colours of what is marked in the drawing of a cliff. */
const MARKS = {
  budget: "#c0392b",
  breaks: "#e67e22",
  fails: "#8e44ad",
  bend: "#2471a3",
} as const;

const LOAD = "#34495e";

/** Largest number of rows of a drawing. */
const MOST_ROWS = 60;

/** Largest number of small drawings of a sweep. */
const MOST_SWEPT = 24;

/** Length of a label, in characters. */
const LABEL = 46;

/** Length of the name of a small drawing, in characters. */
const SMALL_LABEL = 36;

/** Length of the figure's name, in characters. */
const FIGURE = 30;

/** Limits within which slopes are drawn: an interval that is not known closely would squeeze all others. */
const SLOPE_LIMITS = [-1.5, 3] as const;

/** Draws the slopes of the routes with their intervals. */
export function slopesDrawing(
  { figure, routes: all }: FindAnswer,
): DrawingSpec {
  // The processor's slope has another unit.
  const routes = all.filter(({ route }) => route !== PROCESSOR);
  const rows = routes.slice(0, MOST_ROWS);
  const order = rows.map(({ route }, i) => label(i, route));
  const drawn = rows.flatMap(({ slope, low, high, verdict, saved }, i) => [
    { row: order[i], kind: ADDED, verdict, value: slope, low, high },
    ...saved === null
      ? []
      : [{ row: order[i], kind: TAKEN, verdict, ...saved }],
  ]);
  const known = drawn.filter(({ verdict }) => verdict !== "unclear");
  const domain = [
    Math.max(SLOPE_LIMITS[0], Math.min(-0.2, ...known.map(({ low }) => low))),
    Math.min(SLOPE_LIMITS[1], Math.max(1.2, ...known.map(({ high }) => high))),
  ];
  // An interval may be endless, which JSON cannot say.
  const marks = drawn.map((mark) => ({
    ...mark,
    low: Math.max(domain[0] - 1, mark.low),
    high: Math.min(domain[1] + 1, mark.high),
  }));
  const y = {
    field: "row",
    type: "nominal",
    sort: order,
    title: null,
    axis: { labelLimit: 0, ticks: false, grid: true, gridColor: "#eee" },
  };
  const yOffset = { field: "kind", sort: [ADDED, TAKEN], type: "nominal" };
  const color = {
    field: "verdict",
    type: "nominal",
    title: "verdict",
    scale: scaleOf(VERDICTS),
  };
  const x = {
    type: "quantitative",
    scale: { domain, nice: false },
    title: `ms of ${nameOf(figure)} per ms of response time`,
  };
  const cut = routes.length - rows.length;
  return {
    $schema: SCHEMA,
    ...cut > 0 && { title: notDrawn(cut, "routes") },
    width: 560,
    height: { step: 22, for: "position" },
    layer: [
      {
        data: { values: [{ at: 0 }, { at: 1 }] },
        mark: { type: "rule", color: "#999", strokeDash: [3, 3] },
        encoding: { x: { field: "at", ...x } },
      },
      {
        data: { values: marks },
        mark: { type: "rule", strokeWidth: 2, clip: true },
        encoding: {
          y,
          yOffset,
          color,
          x: { field: "low", ...x },
          x2: { field: "high" },
        },
      },
      {
        data: { values: marks },
        mark: { type: "point", filled: true, size: 60, opacity: 1, clip: true },
        encoding: {
          y,
          yOffset,
          color,
          x: { field: "value", ...x },
          shape: {
            field: "kind",
            type: "nominal",
            title: "time",
            scale: { domain: [ADDED, TAKEN], range: ["circle", "diamond"] },
          },
        },
      },
    ],
    config: CONFIG,
  };
}

const ADDED = "added";
const TAKEN = "taken away";

/** Settings of all drawings. */
const CONFIG = {
  // Vega-Lite writes titles into expressions without care for their backslashes. The tables beside the drawings hold all numbers.
  aria: false,
  font: "system-ui, sans-serif",
  axis: { labelFontSize: 12, titleFontSize: 12, titleFontWeight: "normal" },
  legend: { labelFontSize: 12, titleFontSize: 12, labelLimit: 0 },
  title: { fontSize: 13, anchor: "start", fontWeight: "normal" },
  view: { stroke: "#ddd" },
} as const;

/** Draws the figure along a dial, with the budget, what was found, and the loads that failed. */
export function cliffDrawing(
  { of, points, breaksAt, failsAt, bend, jump, ...cliff }: FoundCliff,
  { figure, budget }: Pick<FindAnswer, "figure" | "budget">,
): DrawingSpec {
  const name = nameOf(figure);
  const unit = oneLine(cliff.unit);
  const at = (estimate: Estimate) => levelText(estimate.value, unit);
  const found = [
    ...breaksAt === null ? [] : [{
      ...breaksAt,
      mark: `the budget breaks at ${at(breaksAt)}`,
      color: MARKS.breaks,
    }],
    ...failsAt === null ? [] : [{
      ...failsAt,
      mark: `half of the loads fail at ${at(failsAt)}`,
      color: MARKS.fails,
    }],
    ...bend === null ? [] : [{
      ...bend.at,
      mark: `the slope changes at ${at(bend.at)}`,
      color: MARKS.bend,
    }],
    ...jump === null ? [] : [{
      ...jump.at,
      mark: `${name} jumps at ${at(jump.at)}`,
      color: MARKS.bend,
    }],
  ];
  const limit = budget === null ? [] : [{
    limit: budget.limit,
    mark: `budget ${inSeconds(budget.limit)}`,
    color: MARKS.budget,
  }];
  const measured = points.flatMap(({ level, figure, loads }) =>
    figure === null ? [] : [{
      level,
      ...figure,
      loads,
      mark: `median ${name} with interval`,
    }]
  );
  const marks = [
    { mark: `median ${name} with interval`, color: LOAD },
    ...limit,
    ...found,
  ];
  const color = {
    field: "mark",
    type: "nominal",
    title: null,
    legend: {
      orient: "bottom",
      columns: 2,
      symbolType: "square",
      symbolOpacity: 1,
    },
    scale: {
      domain: marks.map(({ mark }) => mark),
      range: marks.map(({ color }) => color),
    },
  };
  const levels = points.map(({ level }) => level);
  const x = {
    type: "quantitative",
    scale: {
      type: unit === "B/s" ? "log" : "linear",
      domain: [Math.min(...levels), Math.max(...levels)],
      nice: false,
      ...unit !== "B/s" && { zero: false },
      padding: 8,
    },
    axis: unit === "B/s" ? { format: "~s" } : {},
    title: `${shortened(oneLine(of), 80)}${unit === "" ? "" : `, ${unit}`}`,
  };
  const y = {
    type: "quantitative",
    title: `${name}, ms`,
    scale: { zero: false },
  };
  const curve = {
    width: 720,
    height: 280,
    layer: [
      {
        data: { values: found },
        mark: { type: "rect", opacity: 0.18, clip: true },
        encoding: { x: { field: "low", ...x }, x2: { field: "high" }, color },
      },
      {
        data: { values: found },
        mark: { type: "rule", strokeWidth: 1.5, clip: true },
        encoding: { x: { field: "value", ...x }, color },
      },
      {
        data: { values: limit },
        mark: { type: "rule", strokeWidth: 1.5, strokeDash: [6, 4] },
        encoding: { y: { field: "limit", ...y }, color },
      },
      {
        data: { values: fitted(bend, points, unit) },
        mark: { type: "line", strokeWidth: 1.5, color: "#95a5a6", clip: true },
        encoding: {
          x: { field: "level", ...x },
          y: { field: "value", ...y },
        },
      },
      {
        data: { values: measured },
        mark: { type: "rule", opacity: 0.6 },
        encoding: {
          x: { field: "level", ...x },
          y: { field: "low", ...y },
          y2: { field: "high" },
          color,
        },
      },
      {
        data: { values: measured },
        mark: { type: "point", filled: true, opacity: 0.9 },
        encoding: {
          x: { field: "level", ...x },
          y: { field: "value", ...y },
          color,
          size: {
            field: "loads",
            type: "quantitative",
            legend: null,
            scale: {
              type: "sqrt",
              domain: [0, 10],
              range: [0, 160],
              clamp: true,
            },
          },
        },
      },
    ],
  };
  const failed = points.some(({ failed }) => failed > 0)
    ? [{
      width: 720,
      height: 50,
      data: {
        values: points.map(({ level, failed, loads }) => ({
          level,
          share: 100 * failed / loads,
        })),
      },
      mark: { type: "bar", color: MARKS.fails, width: 3, clip: true },
      encoding: {
        x: { field: "level", ...x, title: null },
        y: {
          field: "share",
          type: "quantitative",
          title: "failed, %",
          scale: { domain: [0, 100] },
          axis: { values: [0, 50, 100] },
        },
      },
    }]
    : [];
  return { $schema: SCHEMA, vconcat: [curve, ...failed], config: CONFIG };
}

/** Points of the line through the medians: with the bend where there is one, else from level to level. */
function fitted(
  bend: FoundCliff["bend"],
  points: FoundCliff["points"],
  unit: string,
): { readonly level: number; readonly value: number }[] {
  const measured = points.flatMap(({ level, figure }) =>
    figure === null ? [] : [{ level, value: figure.value }]
  );
  if (bend === null) return measured;
  const at = bend.at.value;
  const rise = (level: number) => {
    const slope = (level < at ? bend.before : bend.after).value;
    return unit === "B/s"
      ? 1000 * slope * (1 / level - 1 / at)
      : slope * (level - at);
  };
  const heights = measured.map(({ level, value }) => value - rise(level))
    .sort((a, b) => a - b);
  const height = heights[Math.floor(heights.length / 2)];
  return [...measured.map(({ level }) => level), at].sort((a, b) => a - b)
    .map((level) => ({ level, value: height + rise(level) }));
}

/** Draws the requests of the median load, coloured by the verdicts of their routes. */
export function waterfallDrawing(
  { figure, waterfall, routes, baseline, budget }: FindAnswer,
): DrawingSpec {
  const rows = waterfall.slice(0, MOST_ROWS);
  const order = rows.map((request, i) => label(i, requestName(request)));
  const verdicts = new Map<string, string>(
    routes.map(({ route, verdict }) => [route, verdict]),
  );
  const bars = rows.map(({ route, start, end }, i) => ({
    row: order[i],
    start,
    end,
    verdict: verdicts.get(route ?? "") ?? OTHERS,
  }));
  const lines = [
    {
      at: baseline.median,
      mark: `${nameOf(figure)} ${inMilliseconds(baseline.median)}`,
      color: LOAD,
    },
    ...budget === null ? [] : [{
      at: budget.limit,
      mark: `budget ${inSeconds(budget.limit)}`,
      color: MARKS.budget,
    }],
  ];
  const last = Math.max(baseline.median, ...bars.map(({ end }) => end));
  // A budget far behind the end would squeeze the bars.
  const shown = lines.filter(({ at }) => at <= 1.2 * last);
  const x = {
    type: "quantitative",
    title: "ms since navigation",
    scale: {
      domain: [0, 1.02 * Math.max(last, ...shown.map(({ at }) => at))],
      nice: false,
    },
  };
  const cut = waterfall.length - rows.length;
  return {
    $schema: SCHEMA,
    ...cut > 0 && { title: notDrawn(cut, "later requests") },
    width: 720,
    height: { step: 18 },
    layer: [
      {
        data: { values: bars },
        mark: { type: "bar", height: 11, minBandSize: 2 },
        encoding: {
          y: {
            field: "row",
            type: "nominal",
            sort: order,
            title: null,
            axis: { labelLimit: 0, ticks: false },
          },
          x: { field: "start", ...x },
          x2: { field: "end" },
          color: {
            field: "verdict",
            type: "nominal",
            title: "route is",
            scale: scaleOf({ ...VERDICTS, [OTHERS]: "#cfd8dc" }),
          },
        },
      },
      {
        data: { values: shown },
        mark: { type: "rule", strokeWidth: 1.5, strokeDash: [5, 3] },
        encoding: {
          x: { field: "at", ...x },
          stroke: {
            field: "mark",
            type: "nominal",
            title: "line at",
            scale: {
              domain: shown.map(({ mark }) => mark),
              range: shown.map(({ color }) => color),
            },
          },
        },
      },
    ],
    resolve: { scale: { color: "independent", stroke: "independent" } },
    config: CONFIG,
  };
}

/** Draws the figure at each factor: a small drawing for each route, with knee and budget. */
export function sweepDrawing(
  { figure, factors, routes, budget }: SweepAnswer,
): DrawingSpec {
  const drawn = routes.slice(0, MOST_SWEPT);
  const all = drawn.flatMap(({ figures }) =>
    figures.flatMap((estimate) => estimate ?? [])
  );
  const limits = budget === null ? [] : [budget];
  const y = {
    type: "quantitative",
    title: `${nameOf(figure)}, ms`,
    scale: {
      domain: [
        Math.min(...all.map(({ low }) => low), ...limits),
        Math.max(...all.map(({ high }) => high), ...limits),
      ],
      zero: false,
    },
  };
  const cut = routes.length - drawn.length;
  return {
    $schema: SCHEMA,
    ...cut > 0 && { title: notDrawn(cut, "routes") },
    columns: 3,
    concat: drawn.map(({ route, responseTime, figures, knee }, i) => {
      const unit = responseTime ?? 1;
      const x = {
        type: "quantitative",
        title: responseTime === null
          ? "factor of the processor"
          : "response time, ms",
        scale: { zero: false, nice: false, padding: 8 },
        axis: { values: factors.map((factor) => factor * unit) },
      };
      const points = figures.flatMap((estimate, j) =>
        estimate === null ? [] : [{ time: factors[j] * unit, ...estimate }]
      );
      return {
        title: shortened(label(i, route), SMALL_LABEL),
        width: 270,
        height: 150,
        layer: [
          {
            data: { values: knee === null ? [] : [knee] },
            mark: { type: "rect", color: MARKS.bend, opacity: 0.18 },
            encoding: { x: { field: "low", ...x }, x2: { field: "high" } },
          },
          {
            data: { values: knee === null ? [] : [knee] },
            mark: { type: "rule", color: MARKS.bend },
            encoding: { x: { field: "value", ...x } },
          },
          {
            data: { values: limits.map((limit) => ({ limit })) },
            mark: { type: "rule", color: MARKS.budget, strokeDash: [6, 4] },
            encoding: { y: { field: "limit", ...y } },
          },
          {
            data: { values: points },
            mark: { type: "line", color: LOAD, point: { color: LOAD } },
            encoding: {
              x: { field: "time", ...x },
              y: { field: "value", ...y },
            },
          },
          {
            data: { values: points },
            mark: { type: "rule", color: LOAD },
            encoding: {
              x: { field: "time", ...x },
              y: { field: "low", ...y },
              y2: { field: "high" },
            },
          },
        ],
      };
    }),
    config: CONFIG,
  };
}

/** Name of a row. Numbered, since the same URL may be asked for several times, and long ones are cut. */
function label(index: number, name: string): string {
  return shortened(oneLine(`${index + 1}  ${name}`), LABEL);
}

function requestName({ url, route }: WaterfallRequest): string {
  const { host = "", pathname = url, search = "" } = URL.parse(url) ?? {};
  return route === null
    ? `${host}${pathname}${search}`
    : `${route} ${pathname}${search}`;
}

function nameOf(figure: string): string {
  return shortened(oneLine(figure), FIGURE);
}

function notDrawn(count: number, what: string): string {
  return `${plain(count)} ${what} are not drawn`;
}

function scaleOf(colors: Readonly<Record<string, string>>) {
  return { domain: Object.keys(colors), range: Object.values(colors) };
}
