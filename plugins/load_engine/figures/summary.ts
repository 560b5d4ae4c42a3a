/**
 * What came of a run, as JSON.
 *
 * @module
 */
import type { Histogram } from "../../../core/thread.ts";
import type { Script } from "../script/mod.ts";
import type { PartFigures } from "./part_figures.ts";
import type { ScenarioFigures } from "./scenario_figures.ts";
import { judge, type ThresholdResult } from "./threshold_result.ts";

/** Times in ms; null where there were none. */
export interface Times {
  /** The least, exact. */
  readonly min: number | null;
  /** Exact. */
  readonly mean: number | null;
  /** The median; quantiles are exact to 0.4 %. */
  readonly p50: number | null;
  /** 90 %. */
  readonly p90: number | null;
  /** 95 %. */
  readonly p95: number | null;
  /** 99 %. */
  readonly p99: number | null;
  /** 99.9 %. */
  readonly p999: number | null;
  /** The greatest, exact. */
  readonly max: number | null;
}

/** What came of some requests; started = completed + failed once all have ended. */
export interface PartSummary {
  /** Requests that were sent. */
  readonly started: number;
  /** Those answered below 400. */
  readonly completed: number;
  /** Those answered with 400 or more, or not at all. */
  readonly failed: number;
  /** How many failed, by kind: a status, or connect, reset, closed, timeout, protocol, cut. */
  readonly failures: Readonly<Record<string, number>>;
  /** Answers that were checked. */
  readonly checks: {
    /** As expected. */
    readonly passed: number;
    /** Not as expected. */
    readonly failed: number;
  };
  /** Requests sent per second, over the time in which the scenario sent. */
  readonly rate: number;
  /** From the scheduled start to the last byte; of all answers and time-outs. */
  readonly responseTime: Times;
  /** From the actual send to the last byte; of the same. */
  readonly serviceTime: Times;
  /** From the actual send to the first byte. */
  readonly firstByte: Times;
  /** From the scheduled start to the actual send. */
  readonly startLag: Times;
}

/** What came of a scenario; scheduled = started + dropped. */
export interface ScenarioSummary extends PartSummary {
  /** Requests that were due. */
  readonly scheduled: number;
  /** Those that were not sent, since too many were under way. */
  readonly dropped: number;
  /** By the request's name, or its method and path. */
  readonly requests: Readonly<Record<string, PartSummary>>;
  /** By the group's name. */
  readonly groups: Readonly<Record<string, PartSummary>>;
}

/** What came of a run. */
export interface Summary {
  /** The script's. */
  readonly name: string;
  /** The script's. */
  readonly seed: number | string;
  /** Whether all thresholds were kept, and the run came to its end. */
  readonly ok: boolean;
  /** From its start to its end, in ms. */
  readonly duration: number;
  /** Why it ended before its time; null where it did not. */
  readonly aborted: string | null;
  /** By name; those that send nothing are left out. */
  readonly scenarios: Readonly<Record<string, ScenarioSummary>>;
  /** In the order of the script. */
  readonly thresholds: readonly ThresholdResult[];
}

/** How a run went. */
export interface RunOutcome {
  /** In ms. */
  readonly duration: number;
  /** Why it ended before its time. */
  readonly aborted: string | undefined;
  /** The present, on the clock. */
  readonly now: number;
}

/** Puts the summary together. */
export function summarize(
  script: Script,
  figures: readonly ScenarioFigures[],
  { duration, aborted, now }: RunOutcome,
): Summary {
  const thresholds = script.thresholds.map((threshold) =>
    judge(threshold, figures)
  );
  return {
    name: script.name,
    seed: script.seed,
    ok: aborted === undefined && thresholds.every(({ ok }) => ok),
    duration: rounded(duration),
    aborted: aborted ?? null,
    scenarios: Object.fromEntries(
      figures.map((of) => [of.scenario.name, scenarioSummary(of, now)]),
    ),
    thresholds,
  };
}

function scenarioSummary(of: ScenarioFigures, now: number): ScenarioSummary {
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

function partSummary(part: PartFigures, seconds: number): PartSummary {
  return {
    started: part.started,
    completed: part.completed,
    failed: part.failed,
    failures: Object.fromEntries(
      [...part.failures].toSorted(([a], [b]) => a < b ? -1 : 1),
    ),
    checks: { passed: part.passed, failed: part.missed },
    rate: seconds > 0 ? rounded(part.started / seconds) : 0,
    responseTime: times(part.responseTime),
    serviceTime: times(part.serviceTime),
    firstByte: times(part.firstByte),
    startLag: times(part.startLag),
  };
}

function times(histogram: Histogram): Times {
  const { count, sum, min, max } = histogram;
  const at = (p: number) => number(histogram.quantile(p));
  return {
    min: number(min),
    mean: number(sum / count),
    p50: at(0.5),
    p90: at(0.9),
    p95: at(0.95),
    p99: at(0.99),
    p999: at(0.999),
    max: number(max),
  };
}

function number(value: number): number | null {
  return Number.isNaN(value) ? null : rounded(value);
}

/** To a nanosecond, or nine decimals: what is beyond is the error of floating point. */
function rounded(value: number): number {
  return Math.round(value * 1e6) / 1e6;
}
