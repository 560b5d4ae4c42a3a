/**
 * An incident as Prometheus recorded it: the arrival rate of each route over time, and the distribution of its response times, as a
 * load script and a mock.
 *
 * @module
 */
import { type Issue, PerfmockError } from "../../../core/plugin.ts";
import { stepsOf } from "../logs/arrivals.ts";
import { Draft } from "../mocks/draft.ts";
import { express, literalSegment } from "../mocks/paths.ts";
import type { Reader } from "../reading/reader.ts";
import { mayBeTime, metricOf } from "../samples/classic_buckets.ts";
import { describeDurations, type FitTools } from "../statistics/fit.ts";
import { type Series, seriesOf } from "./matrix.ts";
import { addInto, type Grid, gridOf, stepped } from "./steps.ts";

/** Labels that name a route, the preferred ones first. */
const ROUTE_LABELS = [
  "route",
  "http_route",
  "path",
  "uri",
  "url",
  "handler",
  "endpoint",
  "path_template",
  "resource",
];

/** Labels that name a method. */
const METHOD_LABELS = ["method", "http_method", "http_request_method", "verb"];

/** Greatest number of steps from the first sample to the last. Prometheus answers with at most 11 000 for each series. */
const MOST_GRID_STEPS = 100_000;

/** Greatest number of steps of a script; of more, neighbours are joined. */
const MOST_STEPS = 240;

/** Greatest number of routes. */
const MOST_ROUTES = 200;

/** Share of a count by which the next bucket may be smaller: samples of one scrape may differ a little. */
const TOLERATED = 0.01;

/** Options of the importer of incidents. */
export interface IncidentOptions {
  /** Label that names the route; undefined to find it. */
  readonly routeLabel?: string | undefined;
  /** Reads the files. */
  readonly reader: Reader;
  /** Tools that distributions are described with. */
  readonly tools: FitTools;
}

/** Series of one route. */
interface RouteSeries {
  readonly method: string;
  readonly path: string;
  readonly place: string;
  /** Classic buckets by upper boundary, as written. */
  readonly buckets: Map<string, Series[]>;
  /** Native histograms. */
  readonly native: Series[];
  /** Numbers of requests. */
  readonly plain: Series[];
}

/** Counts of a route in each step. */
interface Counted {
  readonly route: RouteSeries;
  /** Numbers of requests; NaN where nothing is known. */
  readonly arrivals: Float64Array;
  /** Buckets of durations in ms, ascending. */
  readonly cells: readonly {
    readonly low: number;
    readonly high: number;
    readonly counts: Float64Array;
  }[];
}

/**
 * Makes a draft of the answers to range queries.
 *
 * @throws PerfmockError `IMPORT_INVALID` with all errors, each with its JSON Pointer
 */
export async function draftOfIncident(
  files: readonly string[],
  { routeLabel, reader, tools }: IncidentOptions,
): Promise<Draft> {
  const draft = new Draft("Prometheus range query");
  const all: Series[] = [];
  for (const file of files) all.push(...await readSeries(file, reader));
  const grid = gridOf(all);
  if (grid === undefined) {
    throw invalid([{
      path: "/data/result",
      message: all.length === 0
        ? "The answer has no series"
        : "No series has two samples: there is no step",
      allowed: "the answer to /api/v1/query_range",
    }]);
  }
  if (grid.count > MOST_GRID_STEPS) {
    throw invalid([{
      path: "/data/result",
      message:
        `The samples lie ${grid.count} steps of ${grid.step} s apart: a time is wrong, or most of the range is missing`,
      value: grid.count,
      allowed: `at most ${MOST_GRID_STEPS} steps`,
      suggestion: "Ask for a shorter range, or for a longer step",
    }]);
  }
  const routes = groupedBy(ofOneMetric(all, draft), routeLabel, draft);
  const issues: Issue[] = [];
  const counted = routes.slice(0, MOST_ROUTES).map((route) =>
    countsOf(route, grid, { draft, issues })
  );
  for (const { place, method, path } of routes.slice(MOST_ROUTES)) {
    draft.leave(
      `routes beyond the first ${MOST_ROUTES}`,
      place,
      `${method} ${path}`,
    );
  }
  if (issues.length > 0) throw invalid(issues);
  const joined = Math.ceil(grid.count / MOST_STEPS);
  if (joined > 1) {
    draft.notes.push(
      `${joined} steps of ${grid.step} s at a time are joined, so that the script stays short.`,
    );
  }
  draft.notes.push(
    `${grid.count} steps of ${grid.step} s from ${
      new Date(grid.start * 1000).toISOString()
    }.`,
  );
  for (const one of counted) addRoute(one, { draft, grid, joined, tools });
  if (draft.routes.length === 0) {
    throw invalid([{
      path: "/data/result",
      message: `No series can be used: ${draft.left}`,
    }]);
  }
  return draft;
}

/**
 * Leaves out series of metrics that measure no time, such as sizes.
 *
 * @throws PerfmockError if histograms of several metrics remain, whose buckets cannot be added up
 */
function ofOneMetric(all: readonly Series[], draft: Draft): Series[] {
  const kept = all.filter(({ labels, place }) => {
    if (mayBeTime(labels, { unit: undefined })) return true;
    draft.leave(
      `series of ${labels.__name__}, which measures no time`,
      place,
    );
    return false;
  });
  const metrics = new Set(
    kept.filter(({ labels, samples }) =>
      labels.le !== undefined ||
      samples.some(({ buckets }) => buckets !== undefined)
    ).flatMap(({ labels: { __name__ } }) =>
      __name__ === undefined ? [] : [metricOf(__name__)]
    ),
  );
  if (metrics.size > 1) {
    throw invalid([{
      path: "/data/result",
      message: `There are histograms of several metrics: ${
        [...metrics].join(", ")
      }`,
      value: metrics.size,
      allowed: "histograms of one metric: name it in the query",
    }]);
  }
  return kept;
}

function invalid(issues: readonly Issue[]): PerfmockError {
  return new PerfmockError(
    "IMPORT_INVALID",
    "Cannot import the range query",
    issues,
  );
}

async function readSeries(file: string, reader: Reader): Promise<Series[]> {
  const series: Series[] = [];
  const issues: Issue[] = [];
  let index = -1;
  for await (const value of reader.json(file, "$.data.result.*")) {
    index++;
    const place = `/data/result/${index}`;
    const read = seriesOf(value, place);
    if (typeof read !== "string") series.push(read);
    else if (issues.length < 20) {
      issues.push({ path: place, message: `The series ${read}` });
    }
  }
  if (issues.length > 0) throw invalid(issues);
  return series;
}

function groupedBy(
  all: readonly Series[],
  routeLabel: string | undefined,
  draft: Draft,
): RouteSeries[] {
  const isThere = (name: string) =>
    all.some(({ labels }) => labels[name] !== undefined);
  // A label with paths says more than one with names.
  const label = routeLabel ??
    ROUTE_LABELS.find((name) =>
      all.some(({ labels }) => /^(?:[A-Z]+ )?\//.test(labels[name] ?? ""))
    ) ?? ROUTE_LABELS.find(isThere);
  const routes = new Map<string, RouteSeries>();
  for (const series of all) {
    const { labels, place } = series;
    const written = label === undefined ? "/" : labels[label];
    if (written === undefined) {
      draft.leave(`series without the label ${label}`, place, inWords(labels));
      continue;
    }
    const methodLabel = METHOD_LABELS.find((name) =>
      labels[name] !== undefined
    );
    const [, named, rest] = /^([A-Z]+) (\/.*)$/.exec(written) ?? [];
    const method =
      (named ?? (methodLabel === undefined ? "GET" : labels[methodLabel]))
        .toUpperCase();
    const key = `${method} ${rest ?? written}`;
    let route = routes.get(key);
    if (route === undefined) {
      route = {
        method,
        path: rest ?? written,
        place,
        buckets: new Map(),
        native: [],
        plain: [],
      };
      routes.set(key, route);
    }
    if (labels.le !== undefined) {
      const le = `${Number(labels.le.replace("+Inf", "Infinity"))}`;
      const known = route.buckets.get(le);
      if (known === undefined) route.buckets.set(le, [series]);
      else known.push(series);
    } else if (series.samples.some(({ buckets }) => buckets !== undefined)) {
      route.native.push(series);
    } else if (/_sum$/.test(labels.__name__ ?? "")) {
      draft.leave("sums, which the buckets make unnecessary", place);
    } else route.plain.push(series);
  }
  if (label === undefined) {
    draft.notes.push(
      `No label names the route (${
        ROUTE_LABELS.join(", ")
      }): all series are one route. --route-label can name the label.`,
    );
  } else {draft.notes.push(
      `Routes are the values of the label ${label}; series that differ in other labels are added up.`,
    );}
  return [...routes.values()];
}

function inWords(labels: Readonly<Record<string, string>>): string {
  return `{${
    Object.entries(labels).map(([name, value]) => `${name}="${value}"`).join(
      ", ",
    )
  }}`.slice(0, 120);
}

interface Counting {
  readonly draft: Draft;
  readonly issues: Issue[];
}

function countsOf(route: RouteSeries, grid: Grid, counting: Counting): Counted {
  const cells = route.buckets.size > 0
    ? classicCells(route, grid, counting)
    : route.native.length > 0
    ? nativeCells(route, grid, counting.draft)
    : [];
  const arrivals = new Float64Array(grid.count).fill(NaN);
  if (cells.length > 0) {
    for (const { counts } of cells) addInto(arrivals, counts);
  } else {
    for (const series of route.plain) {
      const { values, resets } = stepped(series, grid);
      noteResets(resets, series, counting.draft);
      addInto(arrivals, values);
    }
  }
  return { route, arrivals, cells };
}

function noteResets(resets: number, { place }: Series, draft: Draft): void {
  if (resets > 0) draft.change("counters that began again at 0", place);
}

/** A number of s in ms, without the last digits that are the conversion's. */
function inMs(seconds: number): number {
  return Number((seconds * 1000).toPrecision(12));
}

/** Counts between two boundaries, from the cumulative counts of classic buckets. */
function classicCells(
  route: RouteSeries,
  grid: Grid,
  { draft, issues }: Counting,
): Counted["cells"] {
  const bounds = [...route.buckets.keys()].map(Number).sort((a, b) => a - b);
  const cumulative = bounds.map((bound) => {
    const sum = new Float64Array(grid.count).fill(NaN);
    for (const series of route.buckets.get(`${bound}`) ?? []) {
      const { values, resets } = stepped(series, grid);
      if (bound === Infinity) noteResets(resets, series, draft);
      addInto(sum, values);
    }
    return sum;
  });
  const widest = Math.max(
    ...[...route.buckets.values()].map((list) => list.length),
  );
  for (const [le, list] of route.buckets) {
    if (list.length < widest) {
      draft.change(
        "buckets that not all series of a route have",
        list[0].place,
        `le="${le}" of ${route.path}`,
      );
    }
  }
  if (bounds.at(-1) !== Infinity) {
    issues.push({
      path: route.place,
      message: `The histogram of ${route.path} has no bucket le="+Inf"`,
      allowed: "all buckets of a histogram",
    });
    return [];
  }
  return bounds.map((bound, index) => {
    const counts = new Float64Array(grid.count);
    for (let step = 0; step < grid.count; step++) {
      const below = index === 0 ? 0 : cumulative[index - 1][step];
      const count = cumulative[index][step] - below;
      const total = cumulative[bounds.length - 1][step];
      if (count < -TOLERATED * total - 1e-9) {
        if (issues.length < 20) {
          issues.push({
            path: route.buckets.get(`${bound}`)?.[0].place ?? route.place,
            message:
              `Counts of ${route.path} decrease from bucket to bucket at ${
                new Date((grid.start + step * grid.step) * 1000).toISOString()
              }`,
            value: cumulative[index][step],
            allowed: `at least ${below}, the count of the bucket before`,
          });
        }
      }
      counts[step] = Number.isNaN(count) ? NaN : Math.max(0, count);
    }
    return {
      low: index === 0 ? 0 : inMs(bounds[index - 1]),
      high: inMs(bound),
      counts,
    };
  });
}

function nativeCells(
  route: RouteSeries,
  grid: Grid,
  draft: Draft,
): Counted["cells"] {
  const cells = new Map<
    string,
    { low: number; high: number; counts: Float64Array }
  >();
  for (const series of route.native) {
    const bounds = new Map<string, { low: number; high: number }>();
    const counts = series.samples.map(({ buckets = [] }) => {
      const byBound = new Map<string, number>();
      for (const { low, high, count } of buckets) {
        const key = `${low} ${high}`;
        bounds.set(key, { low: Math.max(0, low), high: Math.max(0, high) });
        byBound.set(key, count);
      }
      return byBound;
    });
    for (const [key, { low, high }] of bounds) {
      if (!(high > low)) continue;
      const { values } = stepped(
        series,
        grid,
        (index) => counts[index].get(key) ?? 0,
      );
      let cell = cells.get(key);
      if (cell === undefined) {
        cell = {
          low: inMs(low),
          high: inMs(high),
          counts: new Float64Array(grid.count).fill(NaN),
        };
        cells.set(key, cell);
      }
      addInto(cell.counts, values);
    }
    noteResets(stepped(series, grid).resets, series, draft);
  }
  return apart(
    [...cells.values()].sort((a, b) => a.low - b.low || a.high - b.high),
  );
}

/** Joins buckets that overlap, as those of different resolutions do. */
function apart(
  cells: readonly { low: number; high: number; counts: Float64Array }[],
): Counted["cells"] {
  const joined: { low: number; high: number; counts: Float64Array }[] = [];
  for (const cell of cells) {
    const last = joined.at(-1);
    // Boundaries are powers of a root of 2, and differ in their last digits.
    if (last === undefined || cell.low >= last.high * (1 - 1e-9)) {
      joined.push({ ...cell, low: Math.max(cell.low, last?.high ?? 0) });
      continue;
    }
    last.high = Math.max(last.high, cell.high);
    addInto(last.counts, cell.counts);
  }
  return joined.filter(({ low, high }) => high > low);
}

interface Writing {
  readonly draft: Draft;
  readonly grid: Grid;
  readonly joined: number;
  readonly tools: FitTools;
}

/** Adds a route, its arrivals and the course of its response times. */
function addRoute(
  { route, arrivals, cells }: Counted,
  { draft, grid, joined, tools }: Writing,
): void {
  const path = routePath(route.path);
  if (!route.path.startsWith("/")) {
    draft.change(
      "names that are no path, as paths of their own",
      route.place,
      route.path,
    );
  }
  const length = grid.step * joined;
  const count = Math.ceil(grid.count / joined);
  const rates: number[] = [];
  const course: { at: string; value: unknown }[] = [];
  const whole = cells.map(({ low, high }) => ({ low, high, count: 0 }));
  let rate = 0;
  for (let step = 0; step < count; step++) {
    const from = step * joined;
    const known = Array.from(
      { length: Math.min(joined, grid.count - from) },
      (_, i) => from + i,
    )
      .filter((index) => !Number.isNaN(arrivals[index]));
    if (known.length === 0) {
      draft.change(
        "gaps, in which the rate and the times before last",
        `${
          new Date((grid.start + step * length) * 1000).toISOString()
        } of ${route.path}`,
      );
      rates.push(rate);
      continue;
    }
    const sum = (values: Float64Array) =>
      known.reduce((total, index) => total + (values[index] || 0), 0);
    rate = sum(arrivals) / (known.length * grid.step);
    rates.push(rate);
    const buckets = cells.map(({ low, high, counts }) => ({
      low,
      high,
      count: sum(counts),
    }));
    buckets.forEach((bucket, index) => whole[index].count += bucket.count);
    if (!buckets.some((bucket) => bucket.count > 0)) continue;
    course.push({
      at: `${Number((step * length).toPrecision(12))}s`,
      value:
        describeDurations({ kind: "buckets", buckets }, tools).distribution,
    });
  }
  const total = rates.reduce((sum, each) => sum + each, 0) * length;
  if (total === 0) {
    draft.leave(
      "routes without requests",
      route.place,
      `${route.method} ${route.path}`,
    );
    return;
  }
  const id = idOf(route.method, path, draft);
  const isTimed = whole.some((bucket) => bucket.count > 0);
  draft.routes.push({
    id,
    method: route.method,
    path: path,
    ...isTimed
      ? {
        serviceTime:
          describeDurations({ kind: "buckets", buckets: whole }, tools)
            .distribution,
        timeNotes: [
          "Response times of the whole range, from the boundaries of buckets; the load script sets those of each step.",
        ],
      }
      : { timeNotes: ["The series have no response times."] },
    settings: {},
    notes: [`${Math.round(total)} requests`],
    place: route.place,
  });
  const slowest = Math.max(1, ...cells.map(({ low }) => low)) / 1000;
  draft.scenarios.push({
    name: `${id}-arrivals`,
    route: id,
    settings: {
      executor: "arrival-rate",
      duration: `${Number((count * length).toPrecision(12))}s`,
      // All that may be under way at once if every request is as slow as the highest boundary.
      maxInFlight: Math.max(
        1000,
        Math.min(100_000, Math.ceil(Math.max(...rates) * slowest * 2)),
      ),
      rate: { steps: stepsOf(rates, length) },
      requests: [{
        ...route.method !== "GET" && { method: route.method },
        path: path.replaceAll(/:\w+(?:\{[^}]*\})?\??/g, "1").replaceAll(
          "*",
          "any",
        ),
      }],
    },
  });
  if (course.length > 0) {
    course[0] = { ...course[0], at: "0s" };
    draft.scenarios.push({
      name: `${id}-times`,
      route: id,
      settings: {
        executor: "modulate",
        set: { route: id, dial: "serviceTime" },
        to: { timeline: course },
      },
    });
  }
}

/** Id of a route, by which its scenario finds it: no other route has it, and the names of scenarios may be made of it. */
function idOf(method: string, path: string, { routes }: Draft): string {
  const words = path.split(/[^A-Za-z0-9]+/).filter((word) => word !== "");
  const base = [method.toLowerCase(), ...words.length === 0 ? ["root"] : words]
    .join("-").replaceAll(/[^\w-]+/g, "-").slice(0, 80);
  let id = base;
  for (
    let number = 2;
    routes.some((route) => route.id === id);
    number++
  ) id = `${base}-${number}`;
  return id;
}

/** Converts the value of a label to a path: `/orders/:id`, `/orders/{id}`, `/orders/<id>` and plain ones. */
function routePath(written: string): string {
  const path = `/${written.split("?", 1)[0]}`.replaceAll(/\/{2,}/g, "/")
    .replaceAll(/[{<](?:\w+:)?(\w+)[}>]/g, ":$1");
  const converted = express(path);
  if (converted.reason === undefined) return converted.path;
  return `/${
    path.slice(1).split("/").map((segment) =>
      literalSegment(segment) ?? segment.replaceAll(/[^\w.-]+/g, "-")
    ).join("/")
  }`;
}
