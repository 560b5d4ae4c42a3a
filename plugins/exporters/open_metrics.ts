/**
 * OpenMetrics 1.0: what Prometheus itself asks for first, since it alone carries exemplars.
 *
 * @see https://github.com/prometheus/OpenMetrics/blob/v1.0.0/specification/OpenMetrics.md
 * @module
 */
import {
  escapeQuoted,
  type ExpositionFormat,
  formatValue,
} from "./prometheus_format.ts";

/**
 * The format, for exemplars of one clock.
 *
 * @param origin the wall-clock time at which the clock was 0, in milliseconds since 1970
 */
export function openMetrics(origin: number): ExpositionFormat {
  return {
    contentType: "application/openmetrics-text; version=1.0.0; charset=utf-8",
    head(name, help, type) {
      const [family, kind] = familyOf(name, type);
      return `# TYPE ${family} ${kind}\n# HELP ${family} ${
        escapeQuoted(help)
      }\n`;
    },
    exemplar: ({ trace, value, at }) =>
      ` # {trace_id="${trace}"} ${formatValue(value / 1000)} ${
        ((origin + at) / 1000).toFixed(3)
      }`,
    end: "# EOF\n",
  };
}

/**
 * The name and type of a metric as a family. A counter's samples end in `_total` and its family does not; one that is called
 * otherwise, as prom-client allows, keeps its name and goes without its type.
 */
export function familyOf(
  name: string,
  type: string,
): readonly [family: string, type: string] {
  if (type !== "counter") return [name, type];
  return name.endsWith("_total")
    ? [name.slice(0, -"_total".length), type]
    : [name, "unknown"];
}
