/**
 * `perfmock correlate` asks a running server where browsers' time went: a table, JSON, or the waterfall of one page load.
 *
 * @module
 */
import { type Issue, PerfmockError } from "../errors.ts";
import { type DrawingSpec, drawSvg, htmlPage } from "./_drawing.ts";
import { checkOutput, writeOutput } from "./output_file.ts";
import type { Terminal } from "./terminal.ts";

/** Options of the command. */
export interface CorrelateOptions {
  /** URL of the server; with a path, that of its control API. */
  readonly url: string;
  /** Name of the session to answer for. */
  readonly session?: string;
  /** Prints JSON. */
  readonly json?: boolean;
  /** Id of a page load, or `latest`. */
  readonly page?: string;
  /** File for the waterfall of the page load: .svg, or .html with the tables beside it. */
  readonly waterfall?: string;
}

/** Phases in the order in which a request meets them, with their colours. */
const PHASES = {
  redirect: "#bab0ac",
  stall: "#d62728",
  dns: "#17becf",
  connect: "#9467bd",
  queue: "#ff7f0e",
  service: "#1f77b4",
  degrade: "#e377c2",
  gap: "#8c564b",
  download: "#2ca02c",
} as const;

const PHASE_NAMES = Object.keys(PHASES) as (keyof typeof PHASES)[];

/** Phase of requests that were not joined. */
const UNKNOWN = "not joined";

/** Maximum number of requests that are drawn. */
const MOST_ROWS = 100;

interface Spread {
  readonly count: number;
  readonly mean: number | null;
  readonly p50: number | null;
  readonly p75: number | null;
  readonly p90: number | null;
  readonly p99: number | null;
}

/** Answer of the control call, as far as it is printed. */
interface Correlation {
  readonly beacons: number;
  readonly joined: number;
  readonly unjoined: Readonly<Record<string, number>>;
  readonly notes: readonly string[];
  readonly routes: readonly {
    readonly route: string;
    readonly session: string | null;
    readonly total: Spread;
    readonly phases: Readonly<
      Record<string, Spread & { readonly share: number | null }>
    >;
  }[];
  readonly pages: readonly {
    readonly url: string;
    readonly loads: number;
    readonly latest: string;
    readonly figures: Readonly<Record<string, Spread>>;
  }[];
}

/** A page load, as far as it is drawn. */
export interface DrawnLoad {
  /** URL of the page. */
  readonly url: string;
  /** Time of the load, in ISO 8601. */
  readonly time: string;
  /** Figures by name. */
  readonly figures: Readonly<Record<string, { readonly value: number }>>;
  /** Requests in the order of their starts. */
  readonly requests: readonly {
    readonly url: string;
    readonly startMs: number;
    readonly totalMs: number;
    readonly route: string | null;
    readonly phases: Readonly<Record<string, number>> | null;
    readonly unjoined: string | null;
  }[];
}

/**
 * Prints where the time went.
 *
 * @param token token of the control API; undefined for none
 * @throws PerfmockError where the server does not answer, knows no such page load, or the file cannot be written
 */
export async function correlate(
  options: CorrelateOptions,
  out: Terminal,
  token: string | undefined,
): Promise<number> {
  const { session, json = false, waterfall } = options;
  const target = waterfall === undefined ? undefined : outputOf(waterfall);
  const ask = askerOf(options.url, token);
  const query = session === undefined
    ? ""
    : `?session=${encodeURIComponent(session)}`;
  const answer = await ask(`correlation${query}`) as Correlation;
  const wanted = options.page ?? (target === undefined ? undefined : "latest");
  const load = wanted === undefined ? undefined : await ask(
    `correlation/pages/${encodeURIComponent(wanted)}`,
  ) as DrawnLoad;
  if (json) out.write(`${JSON.stringify(load ?? answer, null, 2)}\n`);
  else out.write(inWords(answer, out));
  if (target !== undefined && load !== undefined) {
    const svg = await drawSvg(waterfallOf(load));
    writeOutput(
      target,
      target.endsWith(".svg") ? svg : reportOf(answer, load, svg),
    );
    out.writeError(`Wrote the waterfall of ${load.url} to ${target}\n`);
  }
  return 0;
}

function outputOf(file: string): string {
  if (!/\.(svg|html)$/.test(file)) {
    throw new PerfmockError("ARGUMENT_INVALID", "Cannot draw the waterfall", [{
      path: "--waterfall",
      message: "The name of the file says what is drawn",
      value: file,
      allowed: "a name that ends in .svg or .html",
    }]);
  }
  try {
    checkOutput(file);
    return file;
  } catch (error) {
    throw new PerfmockError("ARGUMENT_INVALID", "Cannot draw the waterfall", [{
      path: "--waterfall",
      message: `Cannot write ${file}: ${
        error instanceof Error ? error.message : error
      }`,
      value: file,
    }]);
  }
}

function askerOf(url: string, token: string | undefined) {
  const base = URL.parse(url);
  if (base === null || !/^https?:$/.test(base.protocol)) {
    throw new PerfmockError("ARGUMENT_INVALID", "Cannot ask the server", [{
      path: "--url",
      message: "This is no URL of a server",
      value: url,
      allowed: "http or https, such as http://127.0.0.1:8080",
    }]);
  }
  const prefix = base.pathname.replace(/\/$/, "");
  const control = `${base.origin}${prefix === "" ? "/_perfmock" : prefix}`;
  return async (path: string): Promise<unknown> => {
    let response: Response;
    try {
      response = await fetch(`${control}/exporters/${path}`, {
        headers: token === undefined
          ? {}
          : { authorization: `Bearer ${token}` },
      });
    } catch (error) {
      throw new PerfmockError("ARGUMENT_INVALID", "Cannot ask the server", [{
        path: "--url",
        message: `No server answers there: ${
          error instanceof Error ? error.message : error
        }`,
        value: url,
        allowed: "the URL of a running perfmock",
      }]);
    }
    const answer = await response.json().catch(() => ({}));
    if (response.ok) return answer;
    const { title = `it answered ${response.status}`, issues = [] } =
      answer as { readonly title?: string; readonly issues?: readonly Issue[] };
    throw new PerfmockError(
      "ARGUMENT_INVALID",
      `Cannot ask the server: ${title}`,
      issues,
    );
  };
}

function routeTable({ routes }: Correlation): string[][] {
  return [
    ["route", "requests", "wait p50", "p90", "mean", ...PHASE_NAMES],
    ...routes.map(({ route, session, total, phases }) => [
      session === null ? route : `${route} (${session})`,
      `${total.count}`,
      number(total.p50),
      number(total.p90),
      number(total.mean),
      ...PHASE_NAMES.map((phase) => number(phases[phase].mean)),
    ]),
  ];
}

function pageTable({ pages }: Correlation): string[][] {
  const names = ["TTFB", "FCP", "LCP", "INP", "CLS"];
  return [
    ["page", "loads", ...names.map((name) => `${name} p75`), "latest load"],
    ...pages.map(({ url, loads, latest, figures }) => [
      url,
      `${loads}`,
      ...names.map((name) =>
        number(figures[name]?.p75 ?? null, name === "CLS" ? 3 : 1)
      ),
      latest,
    ]),
  ];
}

function number(value: number | null, decimals = 1): string {
  return value === null ? "–" : value.toFixed(decimals);
}

const EXPLANATION =
  "Times in ms. The means of the phases add up to the mean wait: redirect, stall, dns and connect are the browser's, queue, service and degrade are perfmock's, gap is the network and the rest";

function inWords(answer: Correlation, out: Terminal): string {
  const { beacons, joined, unjoined, notes } = answer;
  const lost = Object.entries(unjoined).filter(([, count]) => count > 0);
  const others = lost.length === 0
    ? ""
    : `, not joined: ${
      lost.map(([reason, count]) => `${count} ${reason}`).join(", ")
    }`;
  const lines = [
    `${joined} requests of pages joined with exchanges, from ${beacons} beacons${others}`,
  ];
  if (beacons === 0) {
    lines.push(
      'No page has sent its timings: add <script type="module" src="URL/_perfmock/exporters/correlation/client.js"></script> to it',
    );
  }
  if (answer.routes.length > 0) {
    lines.push("", ...columns(routeTable(answer), out), out.dim(EXPLANATION));
  }
  if (answer.pages.length > 0) {
    lines.push("", ...columns(pageTable(answer), out));
  }
  if (notes.length > 0) lines.push("", ...notes);
  return `${lines.join("\n")}\n`;
}

/** Aligns a table, the first column to the left. */
function columns(rows: readonly (readonly string[])[], out: Terminal) {
  const widths = rows[0].map((_, i) =>
    Math.max(...rows.map((row) => row[i].length))
  );
  return rows.map((row, index) => {
    const line = row.map((cell, i) =>
      i === 0 ? cell.padEnd(widths[i]) : cell.padStart(widths[i])
    ).join("  ");
    return index === 0 ? out.bold(line) : line;
  });
}

function reportOf(answer: Correlation, load: DrawnLoad, svg: string): string {
  return htmlPage(`Where the time went: ${load.url}`, [
    { title: `Load at ${load.time}`, svg },
    { title: "Routes", table: routeTable(answer), notes: [EXPLANATION] },
    { title: "Pages", table: pageTable(answer), notes: answer.notes },
  ]);
}

/** Specification of the waterfall of a page load: a row per request, a colour per phase, a line per figure. */
export function waterfallOf(
  { url, time, figures, requests }: DrawnLoad,
): DrawingSpec {
  const rows = requests.slice(0, MOST_ROWS);
  const order = rows.map((request, i) => labelOf(request, i));
  const bars = rows.flatMap(({ startMs, totalMs, phases, unjoined }, i) => {
    const row = order[i];
    if (phases === null) {
      return [{
        row,
        phase: UNKNOWN,
        from: startMs,
        to: startMs + totalMs,
        note: unjoined,
      }];
    }
    let from = startMs;
    return PHASE_NAMES.flatMap((phase) => {
      const to = from + phases[phase];
      const bar = { row, phase, from, to, note: `${number(phases[phase])} ms` };
      from = to;
      return phases[phase] > 0 ? [bar] : [];
    });
  });
  const lines = ["TTFB", "FCP", "LCP"].flatMap((name) =>
    figures[name] === undefined ? [] : [{
      at: figures[name].value,
      label: `${name} ${number(figures[name].value, 0)} ms`,
    }]
  );
  const cut = requests.length - rows.length;
  return {
    $schema: "https://vega.github.io/schema/vega-lite/v6.json",
    title: {
      text: url,
      subtitle: cut === 0
        ? time
        : `${time}; ${cut} later requests are not drawn`,
    },
    width: 900,
    height: { step: 16 },
    layer: [
      {
        data: { values: bars },
        mark: { type: "bar", height: 10 },
        encoding: {
          y: {
            field: "row",
            type: "nominal",
            sort: order,
            title: null,
            axis: { labelLimit: 320 },
          },
          x: {
            field: "from",
            type: "quantitative",
            title: "ms since navigation",
          },
          x2: { field: "to" },
          color: {
            field: "phase",
            type: "nominal",
            title: "phase",
            scale: {
              domain: [...PHASE_NAMES, UNKNOWN],
              range: [...Object.values(PHASES), "#c7c7c7"],
            },
          },
          description: { field: "note" },
        },
      },
      {
        data: { values: lines },
        mark: { type: "rule", strokeDash: [4, 3], color: "#333" },
        encoding: { x: { field: "at", type: "quantitative" } },
      },
      ...lines.map(({ at, label }, i) => ({
        data: { values: [{ at, label }] },
        // Below one another: the figures may be close together.
        mark: {
          type: "text",
          align: "left",
          dx: 4,
          y: 8 + 12 * i,
          fontSize: 10,
        },
        encoding: {
          x: { field: "at", type: "quantitative" },
          text: { field: "label" },
        },
      })),
    ],
  };
}

/** Name of a row. Numbered, since the same URL may be asked for several times. */
function labelOf(
  { url, route }: DrawnLoad["requests"][number],
  index: number,
): string {
  const { pathname = url, search = "" } = URL.parse(url) ?? {};
  const path = `${pathname}${search}`;
  const short = path.length > 48 ? `${path.slice(0, 47)}…` : path;
  return `${index + 1}  ${route ?? ""} ${short}`.trim();
}
