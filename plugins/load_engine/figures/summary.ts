/**
 * What came of a run, as JSON.
 *
 * @module
 */
import type {
  LoadPart as PartSummary,
  LoadScenario as ScenarioSummary,
  LoadSummary as Summary,
  LoadTimes as Times,
} from "../../../core/load.ts";
import type { Histogram } from "../../../core/load.ts";
import type { Script } from "../script/mod.ts";
import type { PartFigures } from "./part_figures.ts";
import type { ScenarioFigures } from "./scenario_figures.ts";
import { judge } from "./threshold_result.ts";

export type { PartSummary, ScenarioSummary, Summary, Times };

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
