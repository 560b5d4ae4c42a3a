/**
 * The figures of a run as text: a line of progress, a table, CSV, and HdrHistogram's percentile distribution.
 *
 * @module
 */
import type {
  LoadPart,
  LoadProgress,
  LoadScenario,
  LoadScenarioProgress,
  LoadSummary,
  LoadThreshold,
  LoadTimes,
} from "../../../core/load.ts";
import type { Histogram } from "../../../core/plugin.ts";
import type { Point } from "./time_series.ts";

/** Surroundings of a run that its line of progress names. */
export interface ProgressPlace {
  /** URL of the target; undefined in a simulation. */
  readonly target?: string | undefined;
}

/**
 * One line of progress: `5 s of 15 s, 53/s of 60/s, target http://127.0.0.1:8080, p95 12.30 ms, 3 in flight, 0 failed`. The second
 * rate is the one that the script sets.
 */
export function progressLine(
  { elapsed, duration, scenarios }: LoadProgress,
  { target }: ProgressPlace = {},
): string {
  const sum = (of: (scenario: LoadScenarioProgress) => number) =>
    scenarios.reduce((total, scenario) => total + of(scenario), 0);
  const failed = sum((scenario) => scenario.failed);
  const refused = sum((scenario) => scenario.refused);
  const ended = failed + sum(({ completed }) => completed);
  const cut = sum((scenario) => scenario.cut);
  const dropped = sum((scenario) => scenario.dropped);
  const users = scenarios.filter(({ state, users }) =>
    state === "open" && users !== null
  );
  const slowest = scenarios.reduce<number | null>(
    (worst, { p95 }) => p95 === null ? worst : Math.max(worst ?? 0, p95),
    null,
  );
  const inFlight = sum((scenario) => scenario.inFlight);
  if (scenarios.length === 0) return timeOf(elapsed, duration);
  const sending = sends(scenarios);
  return [
    timeOf(elapsed, duration),
    ...sending ? [rateOf(scenarios)] : [],
    ...target === undefined ? [] : [`target ${target}`],
    ...sending
      ? [
        ...users.length > 0
          ? [counted(sum((scenario) => scenario.users ?? 0), "user")]
          : [],
        ...slowest === null ? [] : [`p95 ${ms(slowest)}`],
        `${inFlight} in flight`,
      ]
      : inFlight > 0
      ? [`waiting for ${counted(inFlight, "answer")}`]
      : [],
    `${failed} failed${
      failed === 0
        ? ""
        : ` (${share(failed, ended)}${
          refused > 0 ? `, ${refused} refused` : ""
        })`
    }`,
    ...cut > 0 ? [`${cut} cut`] : [],
    ...dropped > 0 ? [`${dropped} dropped`] : [],
  ].join(", ");
}

/** Returns whether a scenario may still send. */
function sends(scenarios: readonly LoadScenarioProgress[]): boolean {
  return scenarios.some(({ state }) => state === "waiting" || state === "open");
}

function timeOf(elapsed: number, duration: number | null): string {
  const past = wholeSeconds(elapsed);
  if (duration === null) return past;
  return `${wholeSeconds(Math.min(elapsed, duration))} of ${
    wholeSeconds(duration)
  }`;
}

/** Seconds without a decimal, unless they are few. */
function wholeSeconds(time: number): string {
  const tenths = Math.round(time / 100) / 10;
  return `${tenths < 10 ? tenths : Math.round(tenths)} s`;
}

/** Rate of the last second, and the one that the script sets where it sets one for all that send. */
function rateOf(scenarios: readonly LoadScenarioProgress[]): string {
  let rate = 0;
  let target = 0;
  let planned = true;
  for (const scenario of scenarios) {
    rate += scenario.rate;
    target += scenario.targetRate ?? 0;
    if (scenario.state === "open" && scenario.targetRate === null) {
      planned = false;
    }
  }
  return planned && target > 0
    ? `${perSecond(rate)} of ${perSecond(target)}`
    : perSecond(rate);
}

function perSecond(rate: number): string {
  return rate < 10 ? `${short(rate)}/s` : `${Math.round(rate)}/s`;
}

/** A number with one decimal; a small one with two digits, so that 1/m is not 0.0/s. */
function short(value: number): string {
  return value > 0 && value < 1
    ? `${Number(value.toPrecision(2))}`
    : `${Math.round(value * 10) / 10}`;
}

function counted(count: number, word: string): string {
  return `${count} ${word}${count === 1 ? "" : "s"}`;
}

/**
 * The summary as tables: counts and times of each scenario, its groups and its requests, then the kinds of failures and the
 * thresholds.
 */
export function summaryTable(summary: LoadSummary): string {
  const { name, seed, duration, aborted, scenarios, thresholds } = summary;
  const entries = Object.entries(scenarios);
  const blocks = [
    `${name}, seed ${seed}: ${seconds(duration)}${
      aborted === null ? "" : `, ended early: ${aborted}`
    }`,
  ];
  if (summary.notes.length > 0) {
    blocks.push(summary.notes.map((note) => `Note: ${note}`).join("\n"));
  }
  if (entries.length > 0) {
    blocks.push(
      table([COUNTS, ...entries.flatMap(countRows)]),
      table([TIMES, ...entries.flatMap(timeRows)]),
    );
    const unlisted = entries.flatMap(([scenario, { requests }]) => {
      const more = Object.keys(requests).length - MOST_ROWS;
      return more > 0
        ? [
          `${scenario}: ${
            counted(more, "further request")
          }: see --out FILE.json`,
        ]
        : [];
    });
    const kinds = entries.flatMap(([scenario, { failures }]) =>
      Object.entries(failures).map(([kind, count]) =>
        `${scenario}: ${count} × ${/^\d+$/.test(kind) ? "status " : ""}${kind}`
      )
    );
    for (const lines of [unlisted, kinds]) {
      if (lines.length > 0) blocks.push(lines.join("\n"));
    }
  }
  if (thresholds.length > 0) {
    blocks.push(
      thresholds.map((threshold) =>
        `${
          threshold.ok ? "✓" : "✗"
        } ${threshold.metric} ${threshold.expression}: ${measured(threshold)}`
      ).join("\n"),
    );
  }
  return `${blocks.join("\n\n")}\n`;
}

/** The measured value of a threshold with its unit. */
function measured({ actual, unit }: LoadThreshold): string {
  if (actual === null) return "not measured";
  switch (unit) {
    case "ms":
      return `${significant(actual)} ms`;
    case "share":
      return `${significant(actual)} (${significant(actual * 100)} %)`;
    case "count":
      return `${actual}`;
  }
}

/** A number with six significant digits, or as many as show on which side of a round number it is: the limit may be that one. */
function significant(value: number): string {
  // Products of decimals have no more digits than this that mean anything.
  const exact = Number(value.toPrecision(12));
  const six = Number(exact.toPrecision(6));
  return `${Number(exact.toPrecision(3)) === six ? exact : six}`;
}

/** Most requests of a scenario that have rows; those that were sent most often. */
const MOST_ROWS = 20;

/** Parts of a scenario that have rows of their own, with their labels: groups, and requests where there are several. */
function partsOf(
  { groups, requests }: LoadScenario,
): readonly (readonly [label: string, part: LoadPart])[] {
  const all = Object.entries(requests);
  const places = new Map(all.map(([name], place) => [name, place]));
  const often = all.toSorted(([, a], [, b]) => b.started - a.started)
    .slice(0, MOST_ROWS)
    .toSorted(([a], [b]) => (places.get(a) ?? 0) - (places.get(b) ?? 0));
  return [
    ...Object.entries(groups).map(([name, part]) =>
      [`  group ${name}`, part] as const
    ),
    ...all.length > 1
      ? often.map(([name, part]) => [`  ${name}`, part] as const)
      : [],
  ];
}

/** Head of the counts. A request that was sent is served, refused, unanswered or cut. */
const COUNTS: readonly string[] = [
  ...["", "sent", "dropped", "served", "refused", "unanswered", "cut"],
  ...["failed", "rate"],
];

function countRows(
  [name, scenario]: readonly [string, LoadScenario],
): string[][] {
  const row = (label: string, part: LoadPart, dropped: string) => {
    const { started, completed, failed, cut, refused, rate } = part;
    return [
      ...[label, `${started}`, dropped, `${completed}`, `${refused.count}`],
      ...[`${failed - refused.count}`, `${cut}`],
      ...[
        share(failed, completed + failed),
        `${rate < 1 ? short(rate) : rate.toFixed(1)}/s`,
      ],
    ];
  };
  return [
    row(name, scenario, `${scenario.dropped}`),
    ...partsOf(scenario).map(([label, part]) => row(label, part, "")),
  ];
}

/** Head of the times. */
const TIMES: readonly string[] = [
  ...["response time", "requests", "mean", "p50", "p90", "p95", "p99"],
  ...["p99.9", "max"],
];

function timeRows(
  [name, scenario]: readonly [string, LoadScenario],
): string[][] {
  const row = (label: string, count: number | string, of: LoadTimes) => [
    label,
    `${count}`,
    ...[of.mean, of.p50, of.p90, of.p95, of.p99, of.p999, of.max].map((time) =>
      time === null ? "-" : ms(time)
    ),
  ];
  const { served, refused, failures } = scenario;
  const timeouts = failures.timeout ?? 0;
  return [
    row(`${name}: served`, served.count, served.responseTime),
    ...partsOf(scenario).map(([label, part]) =>
      row(label, part.served.count, part.served.responseTime)
    ),
    ...timeouts > 0
      ? [
        row(
          "  served or timed out",
          served.count + timeouts,
          scenario.responseTime,
        ),
      ]
      : [],
    ...refused.count > 0
      ? [row("  refused", refused.count, refused.responseTime)]
      : [],
    row("  uncorrected (from the send)", "", scenario.serviceTime),
    row("  first byte (from the send)", "", scenario.firstByte),
    row("  start lag", "", scenario.startLag),
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
  return part === 0 ? "0 %" : `${(part / whole * 100).toFixed(2)} %`;
}

/** Columns of the CSV, in order. */
const COLUMNS = [
  "scenario",
  "scheduled",
  "started",
  "dropped",
  "completed",
  "failed",
  "refused",
  "cut",
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
