/**
 * Whether a threshold was kept.
 *
 * @module
 */
import type { LoadThreshold as ThresholdResult } from "../../../core/load.ts";
import { Histogram } from "../../../core/load.ts";
import type {
  Statistic,
  Threshold,
  ThresholdMetric,
  TimeFigure,
} from "../script/mod.ts";
import { PartFigures } from "./part_figures.ts";
import type { ScenarioFigures } from "./scenario_figures.ts";

export type { ThresholdResult };

/** Compares the present figures with a threshold. */
export function judge(
  { metric, expression, statistic, operator, bound }: Threshold,
  figures: readonly ScenarioFigures[],
): ThresholdResult {
  const concerned = figures.filter(({ scenario }) =>
    metric.scenario === undefined || scenario.name === metric.scenario
  );
  const actual = isTime(metric)
    ? timed(statistic, timesOf(metric, concerned))
    : counted(metric, statistic, concerned);
  return {
    metric: metric.text,
    expression,
    actual: Number.isNaN(actual) ? null : Math.round(actual * 1e6) / 1e6,
    ok: COMPARE[operator](actual, bound),
  };
}

/** Comparing with NaN is false, but for `!=`. */
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

function isTime(
  metric: ThresholdMetric,
): metric is ThresholdMetric & { readonly figure: TimeFigure } {
  return ["responseTime", "serviceTime", "firstByte", "startLag"].includes(
    metric.figure,
  );
}

function timesOf(
  { part, figure }: ThresholdMetric & { readonly figure: TimeFigure },
  concerned: readonly ScenarioFigures[],
): Histogram {
  const total = new Histogram();
  for (const scenario of concerned) total.merge(scenario.total(part)[figure]);
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

/** A count, or its share: of what was due for dropped, of checks for checks, of what was sent for all others. */
function counted(
  { part, figure }: ThresholdMetric,
  { kind }: Statistic,
  concerned: readonly ScenarioFigures[],
): number {
  const total = new PartFigures();
  let dropped = 0;
  for (const scenario of concerned) {
    total.merge(scenario.total(part));
    if (part === undefined) dropped += scenario.droppedCount;
  }
  const { started, completed, failed, passed, missed } = total;
  const scheduled = started + dropped;
  const [count, of] = {
    scheduled: [scheduled, scheduled],
    started: [started, scheduled],
    dropped: [dropped, scheduled],
    completed: [completed, completed + failed],
    failed: [failed, completed + failed],
    checks: [passed, passed + missed],
  }[figure as "failed"];
  return kind === "count" ? count : count / of;
}
