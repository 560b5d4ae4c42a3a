import type { Metric, Timing } from "../../../core/plugin.ts";
import type { Change, Series } from "../push/mod.ts";
import type { StatsdOptions } from "./options.ts";
import { dogstatsdTags, plainName } from "./names.ts";

/** The quantiles that are sent of a histogram, each with the end of its name. */
const QUANTILES: readonly (readonly [number, string])[] = [
  [0.5, ".p50"],
  [0.9, ".p90"],
  [0.95, ".p95"],
  [0.99, ".p99"],
];

/** What never changes in the lines of a series. */
interface Frame {
  readonly name: string;
  readonly tags: string;
}

/** Writes the lines of series; without the last newline. */
export class LineWriter {
  readonly #options: Pick<StatsdOptions, "format" | "prefix">;
  readonly #frames = new WeakMap<Series, Frame>();

  /**
   * Makes a writer.
   *
   * @param options how names and labels are written
   */
  constructor(options: Pick<StatsdOptions, "format" | "prefix">) {
    this.#options = options;
  }

  /** A gauge's line; undefined where its value is no finite number, which StatsD cannot write. */
  gauge(
    metric: Metric,
    values: readonly string[],
    series: Series & { readonly value: number },
  ): string | undefined {
    const { value } = series;
    if (!Number.isFinite(value)) return undefined;
    const { name, tags } = this.#frame(metric, values, series);
    const line = `${name}:${value}|g${tags}`;
    // Plain StatsD takes a sign for a change: from 0, that is the value.
    return value < 0 && this.#options.format === "plain"
      ? `${name}:0|g\n${line}`
      : line;
  }

  /** A counter's line. */
  counter(
    metric: Metric,
    values: readonly string[],
    { series, change }: { series: Series; change: Change },
  ): string {
    const { name, tags } = this.#frame(metric, values, series);
    return `${name}:${change.growth[0]}|c${tags}`;
  }

  /** A histogram's lines. */
  timing(
    metric: Metric,
    values: readonly string[],
    { series, change }: { series: Timing; change: Change },
  ): string {
    const { name, tags } = this.#frame(metric, values, series);
    const { growth } = change;
    const count = growth[growth.length - 1];
    let lines = `${name}.count:${count}|c${tags}\n${name}.sum:${
      seconds(growth[0])
    }|c${tags}`;
    for (const [p, end] of QUANTILES) {
      const value = quantile(p, growth, metric.boundaries ?? []);
      lines += `\n${name}${end}:${seconds(value)}|g${tags}`;
    }
    return lines;
  }

  #frame(metric: Metric, values: readonly string[], series: Series): Frame {
    const known = this.#frames.get(series);
    if (known !== undefined) return known;
    const { format, prefix } = this.#options;
    const { name, labels = [] } = metric.definition;
    const full = prefix === "" ? name : `${prefix}.${name}`;
    const frame = format === "plain"
      ? { name: plainName(full, labels, values), tags: "" }
      : { name: full, tags: dogstatsdTags(labels, values) };
    this.#frames.set(series, frame);
    return frame;
  }
}

/** Milliseconds as seconds, to a tenth of a nanosecond: what is beyond is rounding, and no daemon needs an exponent. */
function seconds(milliseconds: number): number {
  return Number((milliseconds / 1000).toFixed(10));
}

/**
 * The value at probability p, linear within its bucket, as Prometheus' histogram_quantile has it: beyond the last boundary,
 * that boundary.
 *
 * @param growth the sum, then cumulative buckets
 */
function quantile(
  p: number,
  growth: Float64Array,
  boundaries: readonly number[],
): number {
  const rank = p * growth[growth.length - 1];
  let index = 0;
  while (index < boundaries.length && growth[index + 1] < rank) index++;
  if (index === boundaries.length) return boundaries[index - 1];
  const lower = index === 0 ? 0 : boundaries[index - 1];
  const below = index === 0 ? 0 : growth[index];
  const share = (rank - below) / (growth[index + 1] - below);
  return lower + (boundaries[index] - lower) * share;
}
