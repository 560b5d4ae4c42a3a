/**
 * Classic histograms and summaries of Prometheus: counts by the label `le`, and percentiles by the label `quantile`.
 *
 * @module
 */
import type { Issue } from "../../../core/plugin.ts";
import { toPointer } from "../../../core/plugin.ts";
import type { MeasuredBucket, MeasuredPercentile } from "../statistics/fit.ts";
import { isSelected, type ReadContext } from "./format.ts";
import { inWords, type Labels, type Reading, type Series } from "./series.ts";
import { SECONDS, type Unit, unitInName } from "./units.ts";

/** Sample of a series of Prometheus. */
export interface PromSample {
  /** All labels, with the name of the metric as `__name__` where there is one. */
  readonly labels: Labels;
  /** Value. */
  readonly value: number;
  /** Place for errors: `line 12`, or a JSON Pointer. */
  readonly place: string;
}

/** Bucket as Prometheus has it. */
interface Boundary {
  readonly le: number;
  readonly count: number;
  readonly place: string;
}

/** Part of a count by which a lower boundary may have more: rates are floating-point numbers. */
const ROUNDING = 1e-9;

/** Returns an error at a place. */
export function issueAt(place: string, issue: Omit<Issue, "path">): Issue {
  return place.startsWith("/") ? { ...issue, path: place } : {
    ...issue,
    path: "",
    message: `${place[0].toUpperCase()}${place.slice(1)}: ${issue.message}`,
  };
}

/** The unit of a metric by its name; seconds, the base unit of Prometheus, without one. */
export function unitOfMetric(
  labels: Labels,
  { unit }: Pick<ReadContext, "unit">,
): Unit {
  return unit ?? unitInName(metricOf(labels.__name__ ?? "")) ?? SECONDS;
}

/** Name of a metric without what tells the parts of a histogram apart. */
export function metricOf(name: string): string {
  return name.replace(/_(?:bucket|sum|count)$/, "");
}

/** Ends of the names of metrics that measure something else than time: the base units of Prometheus, and what is common beside them. */
const NO_TIME =
  /_(?:amperes|bits|bytes|celsius|grams|hertz|joules|meters|percent|ratio|volts|watts)$/;

/** True if a metric may measure durations, by its name. A unit that the user has given makes it so. */
export function mayBeTime(
  { __name__ = "" }: Labels,
  { unit }: Pick<ReadContext, "unit">,
): boolean {
  return unit !== undefined || !NO_TIME.test(metricOf(__name__));
}

/**
 * Makes series of samples: each set of other labels is a histogram or a summary.
 *
 * @param samples samples of metrics; those without `le` and `quantile` are left out
 */
export function classicSeries(
  samples: Iterable<PromSample>,
  context: ReadContext,
): Reading {
  const { findings, select, merge } = context;
  const groups = new Map<
    string,
    { readonly labels: Labels; readonly samples: PromSample[] }
  >();
  for (const sample of samples) {
    const { le, quantile, ...labels } = sample.labels;
    if (le === undefined && quantile === undefined) {
      findings.leaveOut(
        "samples that are neither of a histogram's bucket nor of a summary's quantile",
        sample.place,
      );
      continue;
    }
    if (!isSelected(labels, select)) {
      findings.unselected("samples", labels, sample.place);
      continue;
    }
    if (!mayBeTime(labels, context)) {
      findings.leaveOut(
        `samples of ${labels.__name__}, which are no durations`,
        sample.place,
      );
      continue;
    }
    // Different metrics measure different things: they are never one.
    const kept = merge ? mergedLabels(labels, select) : labels;
    const key = JSON.stringify(
      Object.entries(kept).toSorted(([a], [b]) => a < b ? -1 : 1),
    );
    const group = groups.get(key) ?? { labels: kept, samples: [] };
    group.samples.push(sample);
    groups.set(key, group);
  }
  const units = new Set<string>();
  const series = Array.from(groups.values()).flatMap(
    ({ labels, samples }): Series[] => {
      const unit = unitOfMetric(samples[0].labels, context);
      units.add(unit.name);
      return samples[0].labels.le === undefined
        ? percentileSeries(labels, samples, unit, context)
        : bucketSeries(labels, samples, unit, context);
    },
  );
  return {
    series,
    notes: units.size === 0 ? [] : [`boundaries in ${[...units].join(", ")}`],
  };
}

/** Labels that durations of several series have in common: the selected ones, and the name of the metric. */
export function mergedLabels(labels: Labels, select: Labels): Labels {
  const { __name__ } = labels;
  return { ...__name__ !== undefined && { __name__ }, ...select };
}

function bucketSeries(
  labels: Labels,
  samples: readonly PromSample[],
  unit: Unit,
  context: ReadContext,
): Series[] {
  const { findings } = context;
  // Histograms that are merged may have several samples of the same boundary.
  const summed = new Map<number, Boundary>();
  for (const { labels, value, place } of samples) {
    const le = boundaryIn(labels.le);
    if (Number.isNaN(le)) {
      findings.error(issueAt(place, {
        message: "The boundary of a bucket is no number",
        value: labels.le ?? null,
        allowed: 'a number or "+Inf" as le',
      }));
      continue;
    }
    const before = summed.get(le);
    if (before !== undefined && !context.merge) {
      findings.error(issueAt(place, {
        message:
          `The bucket le="${labels.le}" is given twice, at ${before.place} too`,
        allowed: "each bucket once",
      }));
      continue;
    }
    summed.set(le, { le, count: value + (before?.count ?? 0), place });
  }
  const boundaries = [...summed.values()].toSorted((a, b) => a.le - b.le);
  if (boundaries.at(-1)?.le !== Infinity) {
    findings.error(issueAt(samples[0].place, {
      message:
        'The histogram has no bucket le="+Inf", so that its total is not known',
      value: inWords(labels),
      allowed: "all buckets of a histogram",
    }));
    return [];
  }
  const buckets: MeasuredBucket[] = [];
  let low = 0;
  let counted = 0;
  for (const { le, count, place } of boundaries) {
    if (!(count >= 0) || count === Infinity) {
      findings.error(issueAt(place, {
        message: "The count of a bucket is negative or no number",
        value: String(count),
        allowed: "counts of at least 0",
      }));
      continue;
    }
    if (count < counted * (1 - ROUNDING)) {
      findings.error(issueAt(place, {
        message: `The bucket le="${
          le === Infinity ? "+Inf" : le
        }" has fewer than the one before it: counts of a histogram are cumulative`,
        value: `${count} after ${counted}`,
        allowed: "counts that do not decrease from boundary to boundary",
      }));
      continue;
    }
    if (le <= 0) {
      if (count > 0 && le < 0) {
        findings.error(issueAt(place, {
          message: "A bucket of negative durations is not empty",
          value: String(count),
          allowed: "durations of at least 0",
        }));
      }
      continue;
    }
    const high = le === Infinity ? Infinity : unit.toMilliseconds(le);
    buckets.push({ low, high, count: Math.max(0, count - counted) });
    counted = Math.max(counted, count);
    low = high;
  }
  if (counted === 0) {
    findings.leaveOut("histograms without durations", samples[0].place);
    return [];
  }
  return [{ labels, durations: { kind: "buckets", buckets } }];
}

function percentileSeries(
  labels: Labels,
  samples: readonly PromSample[],
  unit: Unit,
  { findings, merge }: ReadContext,
): Series[] {
  if (
    merge &&
    new Set(samples.map((s) => s.labels.quantile)).size < samples.length
  ) {
    findings.error(issueAt(samples[0].place, {
      message: "Percentiles of several series cannot be merged",
      allowed: "--select NAME=VALUE for one of them",
    }));
    return [];
  }
  const points: MeasuredPercentile[] = [];
  const sorted = samples
    .map(({ labels, value, place }) => ({
      probability: boundaryIn(labels.quantile),
      value: unit.toMilliseconds(value),
      place,
    }))
    .toSorted((a, b) => a.probability - b.probability);
  for (const { probability, value, place } of sorted) {
    if (Number.isNaN(value)) {
      findings.leaveOut("quantiles without a value (NaN)", place);
      continue;
    }
    const before = points.at(-1);
    if (!(probability >= 0 && probability <= 1)) {
      findings.error(issueAt(place, {
        message: "The label quantile is not between 0 and 1",
        value: String(probability),
        allowed: "0 to 1",
      }));
    } else if (before !== undefined && value < before.value) {
      findings.error(issueAt(place, {
        message: `The quantile ${probability} is less than the one before it`,
        value: `${value} ms after ${before.value} ms`,
        allowed: "durations that do not decrease from quantile to quantile",
      }));
    }
    points.push({ probability, value });
  }
  return points.length === 0
    ? []
    : [{ labels, durations: { kind: "percentiles", points } }];
}

/** Reads a boundary or a probability; NaN if it is none. */
function boundaryIn(text: string | undefined): number {
  if (text === undefined || text.trim() === "") return NaN;
  return /^\+?Inf$/i.test(text) ? Infinity : Number(text);
}

/** Path of an element of a document. */
export function pointer(...keys: readonly (string | number)[]): string {
  return toPointer(keys.map(String));
}
