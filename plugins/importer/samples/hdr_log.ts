/**
 * Logs of HdrHistogram: a line for each interval with its histogram in base64. Histograms of version 2 are decoded by
 * hdr-histogram-js, which is loaded only for them; those of version 1 here.
 *
 * @module
 */
import type { MeasuredBucket } from "../statistics/fit.ts";
import {
  isSelected,
  type LineFormat,
  type LineReader,
  type ReadContext,
} from "./format.ts";
import { type Decoder, decoderOf, type RawCount } from "./hdr_decoder.ts";
import type { Labels, Reading } from "./series.ts";
import { MILLISECONDS, type Unit, unitNamed } from "./units.ts";

/** A line: tag, start, length, greatest value in the unit of the log, and the histogram. */
const INTERVAL =
  /^(?:Tag=([^,]+),)?\s*([\d.eE+-]+),\s*([\d.eE+-]+),\s*([\d.eE+-]+),\s*"?([A-Za-z0-9+/=]+)"?\s*$/;

/** Base64 of the cookies of compressed histograms of versions 0, 1 and 2 begins so. */
const COOKIE = /,"?HIST[A-Za-z0-9+/]/;

/** Greatest number of different tags. */
const MOST_TAGS = 1000;

/** Log of intervals. */
export const hdrLog: LineFormat = {
  name: "hdr-log",
  title: "log of HdrHistogram",
  matches: (head) =>
    /^#\[Histogram log format version/m.test(head) || COOKIE.test(head),
  lines: async (context) => new HdrLogReader(context, await decoderOf()),
};

/** Counts of one tag. */
interface Tagged {
  readonly labels: Labels;
  /** Counts by the lowest value of their bucket. */
  readonly counts: Map<number, RawCount>;
}

class HdrLogReader implements LineReader {
  readonly #context: ReadContext;
  readonly #decode: Decoder;
  readonly #tags = new Map<string, Tagged>();
  /** Greatest value of the log in its own unit and in that of its last column. */
  #greatest: readonly [raw: number, shown: number] = [0, 0];
  #intervals = 0;

  constructor(context: ReadContext, decode: Decoder) {
    this.#context = context;
    this.#decode = decode;
  }

  take(line: string, number: number): void {
    if (line.trim() === "" || line.startsWith("#")) return;
    if (/^"?StartTimestamp"?,/.test(line)) return;
    const { findings, select, merge } = this.#context;
    const [, tag, , , shown, base64] = INTERVAL.exec(line) ?? [];
    if (base64 === undefined) {
      findings.lineError(number, {
        message: "is no interval of a log",
        value: line,
        allowed: "start, length, greatest value and histogram in base64",
      });
      return;
    }
    const labels: Labels = tag === undefined ? {} : { tag };
    if (!isSelected(labels, select)) {
      findings.unselected("intervals", labels, `line ${number}`);
      return;
    }
    const key = merge ? "" : tag ?? "";
    if (!this.#tags.has(key) && this.#tags.size === MOST_TAGS) {
      findings.lineError(number, {
        message: `has another tag after ${MOST_TAGS} different ones`,
        value: key,
        allowed: "--select tag=VALUE for one of them, or --merge",
      });
      return;
    }
    const tagged = this.#tags.get(key) ??
      { labels: merge ? select : labels, counts: new Map() };
    try {
      for (const raw of this.#decode(base64)) {
        const before = tagged.counts.get(raw.low);
        tagged.counts.set(
          raw.low,
          before === undefined ? raw : {
            low: raw.low,
            // Histograms of different precision have buckets of different widths: the wider one holds both.
            high: Math.max(raw.high, before.high),
            count: raw.count + before.count,
          },
        );
        if (raw.high > this.#greatest[0]) {
          this.#greatest = [raw.high, Number(shown)];
        }
      }
    } catch (error) {
      findings.lineError(number, {
        message: `has a histogram that cannot be decoded: ${
          error instanceof Error ? error.message : error
        }`,
        value: base64,
        allowed: "a histogram of version 1 or 2, compressed, in base64",
      });
      return;
    }
    this.#tags.set(key, tagged);
    this.#intervals++;
  }

  finish(): Reading {
    const unit = this.#context.unit ?? this.#unit();
    return {
      series: Array.from(this.#tags.values(), ({ labels, counts }) => ({
        labels,
        durations: { kind: "buckets" as const, buckets: inOrder(counts, unit) },
      })).filter(({ durations }) => durations.buckets.length > 0),
      notes: [
        `${this.#intervals} intervals, values in ${unit.name}${
          this.#context.unit === undefined
            ? " if the log's greatest values are in ms, as most programs write them; if not, name the unit by --unit"
            : ""
        }`,
      ],
    };
  }

  /** The unit of the values: the log's greatest values are in ms by convention, whatever was recorded. */
  #unit(): Unit {
    const [raw, shown] = this.#greatest;
    const exponent = Math.round(Math.log10(raw / shown));
    const name = ({ 0: "ms", 3: "us", 6: "ns" } as Record<number, string>)[
      exponent
    ];
    const unit = name === undefined ? undefined : unitNamed(name);
    if (unit === undefined && this.#intervals > 0 && raw > 0) {
      this.#context.findings.error({
        path: "",
        message:
          "The log does not tell the unit of its values: their ratio to the greatest values that it shows is no power of 1000",
        value: `${raw} and ${shown}`,
        allowed: "--unit ns, us, ms or s",
      });
    }
    return unit ?? MILLISECONDS;
  }
}

/** Buckets in ascending order. */
function inOrder(
  counts: ReadonlyMap<number, RawCount>,
  unit: Unit,
): MeasuredBucket[] {
  const buckets: MeasuredBucket[] = [];
  let end = 0;
  for (
    const { low, high, count } of [...counts.values()].toSorted((a, b) =>
      a.low - b.low
    )
  ) {
    const last = buckets[buckets.length - 1];
    // A finer histogram's bucket within a coarser one's.
    if (last !== undefined && high <= end) {
      buckets[buckets.length - 1] = { ...last, count: last.count + count };
      continue;
    }
    buckets.push({
      low: unit.toMilliseconds(Math.max(low, end)),
      high: unit.toMilliseconds(high),
      count,
    });
    end = high;
  }
  return buckets;
}
