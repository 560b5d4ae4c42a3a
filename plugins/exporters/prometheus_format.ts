/**
 * What Prometheus' two text formats share, and where they differ.
 *
 * @see https://prometheus.io/docs/instrumenting/exposition_formats/#text-based-format
 * @module
 */
import type { Exemplar } from "../../core/plugin.ts";

/** A text format. */
export interface ExpositionFormat {
  /** The content type of what is written in it. */
  readonly contentType: string;
  /**
   * The lines that begin a family.
   *
   * @param name of the metric; a counter's ends in `_total`, where it is ours
   * @param type in Prometheus' words
   */
  head(name: string, help: string, type: string): string;
  /** What follows a sample's value on its line: the exemplar, or nothing. */
  readonly exemplar?: (exemplar: Exemplar) => string;
  /** What ends the text. */
  readonly end: string;
}

/** Prometheus' text format 0.0.4. */
export const PROMETHEUS_TEXT: ExpositionFormat = {
  contentType: "text/plain; version=0.0.4; charset=utf-8",
  head: (name, help, type) =>
    `# HELP ${name} ${escapeHelp(help)}\n# TYPE ${name} ${type}\n`,
  end: "",
};

/** A sample's value. */
export function formatValue(value: number): string {
  if (value === Infinity) return "+Inf";
  if (value === -Infinity) return "-Inf";
  return String(value);
}

/**
 * A number in the one way to write it that OpenMetrics allows in `le` and `quantile`. The text format leaves it open: with the
 * same in both, a series keeps its name whatever format a scrape asks for.
 *
 * @see https://github.com/prometheus/OpenMetrics/blob/v1.0.0/specification/OpenMetrics.md#considerations-canonical-numbers
 */
export function canonical(value: number): string {
  const size = Math.abs(value);
  if (!Number.isFinite(value)) return formatValue(value);
  if (value === 0 || size >= 1e-4 && size < 1e6) {
    return Number.isInteger(value) ? `${value}.0` : String(value);
  }
  return value.toExponential().replace(/e([+-])(\d)$/, "e$10$2");
}

/** One pair of a label set, escaped. */
export function labelPair(name: string, value: string): string {
  return `${name}="${escapeQuoted(value)}"`;
}

/** Backslash, newline and quote, as in the value of a label. */
export function escapeQuoted(text: string): string {
  return escapeHelp(text).replaceAll('"', '\\"');
}

function escapeHelp(text: string): string {
  return text.replaceAll("\\", "\\\\").replaceAll("\n", "\\n");
}
