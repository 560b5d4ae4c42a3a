/**
 * The figures of a run as text: a line of progress, a table, CSV, and HdrHistogram's percentile distribution.
 *
 * @module
 */
import type {
  LoadProgress,
  LoadScenario,
  LoadSummary,
  LoadTimes,
} from "../../../core/load.ts";
import type { Histogram } from "../../../core/plugin.ts";
import type { Point } from "./time_series.ts";

/** One line of progress: elapsed time, rate, p95, active, failed and dropped requests. */
export function progressLine({ elapsed, scenarios }: LoadProgress): string {
  const sum = (of: (scenario: typeof scenarios[number]) => number) =>
    scenarios.reduce((total, scenario) => total + of(scenario), 0);
  const failed = sum((scenario) => scenario.failed);
  const ended = failed + sum(({ completed }) => completed);
  const dropped = sum((scenario) => scenario.dropped);
  const slowest = scenarios.reduce<number | null>(
    (worst, { p95 }) => p95 === null ? worst : Math.max(worst ?? 0, p95),
    null,
  );
  return [
    seconds(elapsed).padStart(8),
    `${sum(({ rate }) => rate).toFixed(0)}/s`,
    `p95 ${slowest === null ? "-" : ms(slowest)}`,
    `${sum(({ inFlight }) => inFlight)} in flight`,
    `${failed} failed (${share(failed, ended)})`,
    ...dropped > 0 ? [`${dropped} dropped`] : [],
  ].join("  ");
}

/** The summary as a table: a row for each scenario and each of its groups, then the thresholds. */
export function summaryTable(summary: LoadSummary): string {
  const { name, seed, duration, aborted, scenarios, thresholds } = summary;
  const entries = Object.entries(scenarios);
  const blocks = [
    `${name}, seed ${seed}: ${seconds(duration)}${
      aborted === null ? "" : `, ended early: ${aborted}`
    }`,
  ];
  if (entries.length > 0) {
    blocks.push(
      table([
        ["", "sent", "dropped", "failed", "rate"],
        ...entries.map(([scenario, { started, dropped, failed, rate }]) => [
          scenario,
          `${started}`,
          `${dropped}`,
          `${failed} (${share(failed, started)})`,
          `${rate.toFixed(1)}/s`,
        ]),
      ]),
      table([
        ["", "mean", "p50", "p90", "p95", "p99", "p99.9", "max"],
        ...entries.flatMap(([scenario, figures]) =>
          timeRows(scenario, figures)
        ),
      ]),
    );
    const kinds = entries.flatMap(([scenario, { failures }]) =>
      Object.entries(failures).map(([kind, count]) =>
        `${scenario}: ${count} × ${/^\d+$/.test(kind) ? "status " : ""}${kind}`
      )
    );
    if (kinds.length > 0) blocks.push(kinds.join("\n"));
  }
  if (thresholds.length > 0) {
    blocks.push(
      thresholds.map(({ metric, expression, actual, ok }) =>
        `${ok ? "✓" : "✗"} ${metric} ${expression}${
          ok && actual !== null ? "" : `, was ${actual ?? "not measured"}`
        }`
      ).join("\n"),
    );
  }
  return `${blocks.join("\n\n")}\n`;
}

function timeRows(scenario: string, figures: LoadScenario): string[][] {
  const row = (label: string, of: LoadTimes) => [
    label,
    ...[of.mean, of.p50, of.p90, of.p95, of.p99, of.p999, of.max].map((time) =>
      time === null ? "-" : ms(time)
    ),
  ];
  return [
    row(`${scenario}: response time`, figures.responseTime),
    ...Object.entries(figures.groups).map(([group, { responseTime }]) =>
      row(`  ${group}`, responseTime)
    ),
    row("  service time", figures.serviceTime),
    row("  first byte", figures.firstByte),
    row("  start lag", figures.startLag),
  ];
}

/** Aligns the first column to the left, all others to the right. */
function table(rows: readonly (readonly string[])[]): string {
  const widths = rows[0].map((_, column) =>
    Math.max(...rows.map((row) => row[column].length))
  );
  return rows.map((row) =>
    row.map((cell, column) =>
      column === 0 ? cell.padEnd(widths[0]) : cell.padStart(widths[column])
    ).join("  ")
  ).join("\n");
}

function ms(time: number): string {
  const digits = time < 1 ? 3 : time < 100 ? 2 : time < 1000 ? 1 : 0;
  return `${time.toFixed(digits)} ms`;
}

function seconds(time: number): string {
  return `${(time / 1000).toFixed(1)} s`;
}

function share(part: number, whole: number): string {
  return whole === 0 ? "0 %" : `${(part / whole * 100).toFixed(2)} %`;
}

/** Columns of the CSV, in order. */
const COLUMNS = [
  "scenario",
  "scheduled",
  "started",
  "dropped",
  "completed",
  "failed",
  "inFlight",
] as const;

/** Points as CSV with a header: times in seconds since the start, rates per second, durations in ms, empty if no request ended. */
export function timeSeriesCsv(points: readonly Point[]): string {
  const header = `time,${COLUMNS.join(",")},rate,p50,p95,p99,max\n`;
  return header + points.map((point) => {
    const { at, span, started, p50, p95, p99, max } = point;
    return [
      decimal(at / 1000),
      ...COLUMNS.map((column) => `${point[column]}`),
      decimal(span > 0 ? started / span * 1000 : 0),
      ...[p50, p95, p99, max].map((ms) => Number.isNaN(ms) ? "" : decimal(ms)),
    ].join(",") + "\n";
  }).join("");
}

function decimal(value: number): string {
  return `${Math.round(value * 1e3) / 1e3}`;
}

/** Steps for each halving of the distance to 100 %. */
const STEPS = 5;

/**
 * A histogram of times in ms as `.hgrm`, the text form of HdrHistogram that its plotter reads.
 *
 * Source: outputPercentileDistribution() of HdrHistogram 2.1, http://hdrhistogram.org (public domain): five steps per halving of
 * the distance to 100 %.
 */
export function hgrm(histogram: Histogram): string {
  const { count, max } = histogram;
  const lines = [
    "       Value     Percentile TotalCount 1/(1-Percentile)",
    "",
  ];
  const buckets = [...histogram.buckets()];
  let below = 0;
  let place = 0;
  for (let p = 0; count > 0 && place < buckets.length;) {
    const rank = Math.max(1, Math.ceil(p * count * (1 - 2 ** -50)));
    while (below < rank) below += buckets[place++].count;
    const last = below === count;
    const value = last ? max : Math.min(max, buckets[place - 1].upper);
    if (last && p < 1) p = Math.max(p, 1 - 1 / count);
    lines.push(hgrmRow(value, p, below));
    if (last) break;
    const halvings = Math.floor(Math.log2(1 / (1 - p))) + 1;
    p += 1 / (STEPS * 2 ** halvings);
  }
  if (count > 0) lines.push(`${hgrmRow(max, 1, count).trimEnd()}`);
  const mean = count === 0 ? 0 : histogram.sum / count;
  lines.push(
    `#[Mean    = ${fixed(mean)}, StdDeviation   = ${
      fixed(deviation(buckets, mean, count))
    }]`,
    `#[Max     = ${fixed(count === 0 ? 0 : max)}, Total count    = ${
      `${count}`.padStart(12)
    }]`,
    "#[Buckets = " + `${buckets.length}`.padStart(12) +
      ", SubBuckets     = " + "128".padStart(12) + "]",
    "",
  );
  return lines.join("\n");
}

function hgrmRow(value: number, p: number, below: number): string {
  const inverse = p < 1 ? (1 / (1 - p)).toFixed(2).padStart(14) : "";
  return `${fixed(value)} ${p.toFixed(12)} ${
    `${below}`.padStart(10)
  } ${inverse}`;
}

function fixed(value: number): string {
  return value.toFixed(3).padStart(12);
}

function deviation(
  buckets: readonly { lower: number; upper: number; count: number }[],
  mean: number,
  count: number,
): number {
  const squares = buckets.reduce(
    (sum, { lower, upper, count }) =>
      sum + count * ((lower + upper) / 2 - mean) ** 2,
    0,
  );
  return count === 0 ? 0 : Math.sqrt(squares / count);
}
