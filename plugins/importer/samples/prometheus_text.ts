/**
 * Prometheus and OpenMetrics text, as `/metrics` answers it.
 *
 * @module
 */
import { classicSeries, type PromSample } from "./classic_buckets.ts";
import type { LineFormat } from "./format.ts";

/** A sample: name, labels, value, and the time stamp, which has no meaning here. */
const SAMPLE =
  /^([a-zA-Z_:][\w:]*)\s*(?:\{(.*?)\})?\s+([^\s{}]+)(?:\s+-?[\d.eE+]+)?(?:\s+#.*)?\s*$/;

/** A label. */
const LABEL = /\s*([a-zA-Z_]\w*)\s*=\s*"((?:[^"\\]|\\.)*)"\s*(,|$)/y;

/** Greatest number of samples: a page of metrics has thousands. */
const MOST_SAMPLES = 500_000;

/** Text of Prometheus. */
export const prometheusText: LineFormat = {
  name: "prometheus-text",
  title: "Prometheus text",
  matches: (head) =>
    /^# (?:HELP|TYPE|UNIT) \S+/m.test(head) ||
    /^[a-zA-Z_:][\w:]*\{[^}]*(?:le|quantile)="/m.test(head),
  lines: (context) => {
    const { findings } = context;
    const samples: PromSample[] = [];
    return {
      take: (line, number) => {
        const text = line.trim();
        if (text === "" || text.startsWith("#")) return;
        // Labels may contain braces and spaces: they end at the last brace before the value.
        const [, name, inner, value] = SAMPLE.exec(text) ?? [];
        const labels = inner === undefined ? {} : labelsIn(inner);
        const read = value === undefined ? NaN : numberIn(value);
        if (
          labels === undefined || name === undefined ||
          Number.isNaN(read) && value !== "NaN"
        ) {
          findings.lineError(number, {
            message: "has no sample",
            value: line,
            allowed: 'a sample such as name_bucket{le="0.1"} 24',
          });
          return;
        }
        if (!("le" in labels) && !("quantile" in labels)) return;
        if (samples.length === MOST_SAMPLES) {
          findings.lineError(number, {
            message: `follows ${MOST_SAMPLES} samples`,
            allowed: `at most ${MOST_SAMPLES} samples of buckets and quantiles`,
          });
        }
        if (samples.length > MOST_SAMPLES) return;
        samples.push({
          labels: { __name__: name.replace(/_bucket$/, ""), ...labels },
          value: read,
          place: `line ${number}`,
        });
      },
      finish: () => classicSeries(samples, context),
    };
  },
};

/** The labels between braces; undefined if they are none. */
function labelsIn(text: string): Record<string, string> | undefined {
  const labels: Record<string, string> = {};
  let at = 0;
  while (at < text.length) {
    LABEL.lastIndex = at;
    const [, name, value] = LABEL.exec(text) ?? [];
    if (name === undefined) return undefined;
    labels[name] = value.replace(
      /\\(.)/g,
      (_, character: string) => character === "n" ? "\n" : character,
    );
    at = LABEL.lastIndex;
  }
  return labels;
}

function numberIn(text: string): number {
  if (/^[+-]?Inf$/i.test(text)) {
    return text.startsWith("-") ? -Infinity : Infinity;
  }
  return Number(text);
}
