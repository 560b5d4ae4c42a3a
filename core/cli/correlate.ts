/**
 * `perfmock correlate` asks a running server where browsers' time went: a table, JSON, or the waterfall of one page load.
 *
 * @module
 */
import { PerfmockError } from "../errors.ts";
import { type DrawingSpec, drawSvg, htmlPage } from "../lib/drawing.ts";
import { alignedLines, oneLine } from "../lib/terminal_text.ts";
import {
  type Correlation,
  type DrawnLoad,
  serverAt,
  type Spread,
} from "./_correlation.ts";
import { checkOutput, writeOutput } from "./output_file.ts";
import type { Terminal } from "./terminal.ts";

export type { DrawnLoad };

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
  const { session, json = false, page, waterfall } = options;
  const target = waterfall === undefined ? undefined : outputOf(waterfall);
  const server = serverAt(options.url, token);
  const answer = await server.correlation(session);
  const wanted = page ?? (target === undefined ? undefined : "latest");
  const load = wanted === undefined || page === undefined && !hasPages(answer)
    ? undefined
    : await server.load(wanted, session);
  const shown = page === undefined ? answer : load;
  if (json) out.write(`${JSON.stringify(shown?.all, null, 2)}\n`);
  else if (page !== undefined && load !== undefined) {
    out.write(loadInWords(load.value, out));
  } else out.write(inWords(answer.value, server.control, session, out));
  if (target === undefined) return 0;
  if (load === undefined) {
    out.writeError(`There is no page load to draw: ${target} is not written\n`);
    return 1;
  }
  const svg = await drawSvg(waterfallOf(load.value));
  writeOutput(
    target,
    target.endsWith(".svg") ? svg : reportOf(answer.value, load.value, svg),
  );
  out.writeError(
    `Wrote the waterfall of ${oneLine(load.value.url)} to ${target}\n`,
  );
  return 0;
}

function hasPages({ value }: { readonly value: Correlation }): boolean {
  return value.pages.length > 0;
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

function routeTable({ routes }: Correlation): string[][] {
  return [
    ["route", "requests", "wait p50", "p90", "mean", ...PHASE_NAMES],
    ...routes.map(({ route, session, total, phases }) => [
      session === null ? route : `${route} (${session})`,
      `${total.count}`,
      number(total.p50),
      number(total.p90),
      number(total.mean),
      ...PHASE_NAMES.map((phase) => number(phases[phase]?.mean)),
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
        number(figures[name]?.p75, name === "CLS" ? 3 : 1)
      ),
      latest,
    ]),
  ];
}

function loadTable({ requests }: DrawnLoad): string[][] {
  return [
    ["request", "start", "wait", ...PHASE_NAMES],
    ...requests.map((request, i) => [
      labelOf(request, i),
      number(request.startMs),
      number(request.totalMs),
      ...PHASE_NAMES.map((phase) => number(request.phases?.[phase])),
    ]),
  ];
}

function number(value: Spread["mean"] | undefined, decimals = 1): string {
  // A mean that rounds to 0 from below is 0.
  return value?.toFixed(decimals).replace(/^-(0\.0*)$/, "$1") ?? "–";
}

const EXPLANATION =
  "Times in ms. The means of the phases add up to the mean wait: redirect, stall, dns and connect are the browser's, queue, service and degrade are perfmock's, gap is the network and the rest";

function inWords(
  answer: Correlation,
  control: string,
  session: string | undefined,
  out: Terminal,
): string {
  const { beacons, joined, unjoined, notes } = answer;
  const lost = Object.entries(unjoined).filter(([, count]) => count > 0);
  const others = lost.length === 0
    ? ""
    : `, not joined: ${
      lost.map(([reason, count]) => `${count} ${oneLine(reason)}`).join(", ")
    }`;
  const refused = Object.entries(answer.refused)
    .filter(([, count]) => count > 0)
    .map(([reason, count]) => `${count} ${oneLine(reason)}`);
  const place = session === undefined ? "" : ` of session ${oneLine(session)}`;
  const lines = [
    `${joined} requests of pages joined with exchanges${place}, from ${beacons} beacons${others}`,
  ];
  if (refused.length > 0) lines.push(`Beacons refused: ${refused.join(", ")}`);
  if (beacons === 0) {
    lines.push(
      `No page has sent its timings yet. Add this to a page, and open it in a browser:`,
      `  <script type="module" src="${control}/exporters/correlation/client.js"></script>`,
    );
  }
  if (answer.routes.length > 0) {
    lines.push("", ...columns(routeTable(answer), out), out.dim(EXPLANATION));
  }
  if (answer.pages.length > 0) {
    lines.push("", ...columns(pageTable(answer), out));
  }
  if (notes.length > 0) lines.push("", ...notes.map(oneLine));
  return `${lines.join("\n")}\n`;
}

function loadInWords(load: DrawnLoad, out: Terminal): string {
  const { url, time, figures, requests } = load;
  const found = Object.entries(figures).map(([name, { value }]) =>
    `${oneLine(name)} ${number(value, name === "CLS" ? 3 : 1)}`
  );
  const lines = [
    out.bold(`${oneLine(url)}, ${oneLine(time)}`),
    ...found.length > 0 ? [found.join("  ")] : [],
  ];
  if (requests.length === 0) lines.push("It has sent no requests");
  else {
    lines.push(
      "",
      ...columns(loadTable(load), out),
      out.dim("Times in ms; start counts from the page's navigation"),
    );
  }
  return `${lines.join("\n")}\n`;
}

/** Aligns a table and marks its first row. */
function columns(table: readonly (readonly string[])[], out: Terminal) {
  const [head, ...rows] = alignedLines(table);
  return [out.bold(head), ...rows];
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
      const duration = phases[phase] ?? 0;
      const to = from + duration;
      const bar = { row, phase, from, to, note: `${number(duration)} ms` };
      from = to;
      return duration > 0 ? [bar] : [];
    });
  });
  const lines = ["TTFB", "FCP", "LCP"].flatMap((name) =>
    figures[name] === undefined ? [] : [{
      at: figures[name].value,
      label: `${name} ${number(figures[name].value, 0)} ms`,
    }]
  );
  const end = Math.max(
    ...bars.map(({ to }) => to),
    ...lines.map(({ at }) => at),
  );
  const cut = requests.length - rows.length;
  return {
    $schema: "https://vega.github.io/schema/vega-lite/v6.json",
    title: {
      // XML has no control characters.
      text: oneLine(url),
      subtitle: cut === 0
        ? oneLine(time)
        : `${oneLine(time)}; ${cut} later requests are not drawn`,
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
          // To the left of the line where the legend would be in the way.
          ...at > 0.8 * end
            ? { align: "right", dx: -4 }
            : { align: "left", dx: 4 },
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
  { url, route, unjoined }: DrawnLoad["requests"][number],
  index: number,
): string {
  const { pathname = url, search = "" } = URL.parse(url) ?? {};
  const path = `${pathname}${search}`;
  const short = path.length > 48 ? `${path.slice(0, 47)}…` : path;
  return oneLine(`${index + 1}  ${route ?? `(${unjoined})`} ${short}`);
}
