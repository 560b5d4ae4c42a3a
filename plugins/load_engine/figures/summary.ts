/**
 * The summary of a run and its thresholds, as JSON.
 *
 * @module
 */
import type {
  LoadOutcome,
  LoadPart,
  LoadScenario,
  LoadSummary,
  LoadThreshold,
} from "../../../core/load.ts";
import { Histogram } from "../../../core/plugin.ts";
import {
  type CountedFigure,
  hasTimes,
  isCounted,
  type Script,
  type Statistic,
  type Threshold,
  type TimedFigure,
} from "../script/script.ts";
import {
  type OutcomeTimes,
  PartFigures,
  type ScenarioFigures,
} from "./scenario_figures.ts";

/** Outcome of a run. */
export interface RunOutcome {
  /** Duration in ms. */
  readonly duration: number;
  /** Reason for an early end; undefined if there was none. */
  readonly aborted: string | undefined;
  /** Present time of the clock. */
  readonly now: number;
  /** True if a part of the traffic is missing: figures of a part are no proof that the whole met its thresholds. Default false. */
  readonly incomplete?: boolean;
}

/** Makes the summary of a run. */
export function summarize(
  script: Pick<Script, "name" | "notes" | "seed" | "thresholds">,
  figures: readonly ScenarioFigures[],
  { duration, aborted, now, incomplete = false }: RunOutcome,
): LoadSummary {
  const thresholds = script.thresholds.map((threshold) =>
    judge(threshold, figures)
  );
  return {
    name: script.name,
    seed: script.seed,
    ok: aborted === undefined && !incomplete &&
      thresholds.every(({ ok }) => ok),
    complete: !incomplete,
    duration: rounded(duration),
    aborted: aborted ?? null,
    scenarios: Object.fromEntries(
      figures.map((of) => [of.scenario.name, scenarioSummary(of, now)]),
    ),
    thresholds,
    notes: script.notes,
  };
}

function scenarioSummary(of: ScenarioFigures, now: number): LoadScenario {
  const { droppedCount, startedCount, parts, scenario } = of;
  const seconds = of.sending(now) / 1000;
  const groups = new Set(scenario.requests.flatMap(({ group }) => group ?? []));
  return {
    scheduled: startedCount + droppedCount,
    dropped: droppedCount,
    ...partSummary(of.total(), seconds),
    requests: Object.fromEntries(
      [...parts].map(([name, part]) => [name, partSummary(part, seconds)]),
    ),
    groups: Object.fromEntries(
      [...groups].map((name) => [name, partSummary(of.total(name), seconds)]),
    ),
  };
}

function partSummary(part: PartFigures, seconds: number): LoadPart {
  return {
    started: part.started,
    completed: part.completed,
    failed: part.failed,
    cut: part.cut,
    failures: Object.fromEntries(
      [...part.failures].toSorted(([a], [b]) => a < b ? -1 : 1),
    ),
    checks: { passed: part.passed, failed: part.missed },
    rate: seconds > 0 ? rounded(part.started / seconds) : 0,
    ...timesSummary(part.waitedTimes),
    startLag: part.startLag.summary(DECIMALS),
    served: { count: part.completed, ...timesSummary(part.servedTimes) },
    refused: { count: part.refused, ...timesSummary(part.refusedTimes) },
  };
}

function timesSummary(times: OutcomeTimes): Omit<LoadOutcome, "count"> {
  return {
    responseTime: times.responseTime.summary(DECIMALS),
    serviceTime: times.serviceTime.summary(DECIMALS),
    firstByte: times.firstByte.summary(DECIMALS),
  };
}

/** Decimals of all figures. For milliseconds that is 1 ns; smaller digits are floating-point errors. */
const DECIMALS = 6;
const FACTOR = 10 ** DECIMALS;

function rounded(value: number): number {
  return Math.round(value * FACTOR) / FACTOR;
}

/** Compares the present figures with a threshold. */
export function judge(
  { metric, expression, statistic, operator, bound }: Threshold,
  figures: readonly ScenarioFigures[],
): LoadThreshold {
  const { figure, part } = metric;
  const { kind } = statistic;
  const scenarios = figures.filter(({ scenario }) =>
    metric.scenario === undefined || scenario.name === metric.scenario
  );
  const number = kind === "count" || kind === "rate";
  const actual = number && isCounted(figure)
    ? counted({ figure, part, statistic }, scenarios)
    : hasTimes(figure)
    ? timed(statistic, timesOf(figure, part, scenarios))
    : NaN;
  return {
    metric: metric.text,
    expression,
    actual: Number.isNaN(actual) ? null : rounded(actual),
    unit: kind === "count" ? "count" : kind === "rate" ? "share" : "ms",
    ok: COMPARE[operator](actual, bound),
  };
}

/** A comparison with NaN is false, except for `!=`. */
const COMPARE: Readonly<
  Record<Threshold["operator"], (actual: number, bound: number) => boolean>
> = {
  "<": (actual, bound) => actual < bound,
  "<=": (actual, bound) => actual <= bound,
  ">": (actual, bound) => actual > bound,
  ">=": (actual, bound) => actual >= bound,
  "==": (actual, bound) => actual === bound,
  "!=": (actual, bound) => actual !== bound && !Number.isNaN(actual),
};

function timesOf(
  figure: TimedFigure,
  part: string | undefined,
  scenarios: readonly ScenarioFigures[],
): Histogram {
  const total = new Histogram();
  for (const scenario of scenarios) {
    total.merge(scenario.total(part).times(figure));
  }
  return total;
}

function timed(statistic: Statistic, histogram: Histogram): number {
  switch (statistic.kind) {
    case "quantile":
      return histogram.quantile(statistic.p);
    case "med":
      return histogram.quantile(0.5);
    case "avg":
      return histogram.sum / histogram.count;
    case "min":
      return histogram.min;
    case "max":
      return histogram.max;
    default:
      return histogram.count;
  }
}

/**
 * Returns a count, or its share: of scheduled requests for `scheduled`, `started` and `dropped`, of sent ones for `cut`, of checks
 * for `checks`, of ended requests for all others. A request that was cut off has not ended.
 */
function counted(
  { figure, part, statistic }: {
    readonly figure: CountedFigure;
    readonly part: string | undefined;
    readonly statistic: Statistic;
  },
  scenarios: readonly ScenarioFigures[],
): number {
  const total = new PartFigures();
  let dropped = 0;
  for (const scenario of scenarios) {
    total.merge(scenario.total(part));
    if (part === undefined) dropped += scenario.droppedCount;
  }
  const { started, completed, failed, refused, cut, passed, missed } = total;
  const scheduled = started + dropped;
  const ended = completed + failed;
  const [count, of] = {
    scheduled: [scheduled, scheduled],
    started: [started, scheduled],
    dropped: [dropped, scheduled],
    completed: [completed, ended],
    served: [completed, ended],
    refused: [refused, ended],
    failed: [failed, ended],
    cut: [cut, started],
    checks: [passed, passed + missed],
  }[figure];
  return statistic.kind === "count" ? count : count / of;
}
