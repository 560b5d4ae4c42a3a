import type { Counter, Gauge, Metric, Timing } from "../../../core/plugin.ts";
import type { Change, Ledger, Series } from "../push/mod.ts";
import type { LineWriter } from "./lines.ts";

/** As much as fits an Ethernet frame by way of most tunnels, in bytes; what every StatsD client takes. */
const USUAL = 1400;

/** The most that UDP can carry, in bytes. */
const MOST = 65_507;

/** How many series are looked at before others get their turn: less than 1 ms. */
const BREATH = 250;

/** What goes out at once. */
export interface Datagram {
  /** Lines, in UTF-8. */
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** What is delivered with them; gauges settle nothing. */
  readonly changes: readonly (readonly [Series, Change])[];
  /** Whether it is too large to be sent at all. */
  readonly isTooLarge: boolean;
}

/** The lines of one series, which go out together. */
interface Chunk {
  readonly text: string;
  readonly settles?: readonly [Series, Change];
}

/**
 * The datagrams of one flush, each made when it is asked for; undefined where others should get their turn.
 *
 * @param metrics what is sent
 * @param writer writes the lines
 * @param ledger knows what was delivered
 */
export function* datagrams(
  metrics: Iterable<Metric>,
  writer: LineWriter,
  ledger: Ledger,
): Generator<Datagram | undefined> {
  const encoder = new TextEncoder();
  let parts: Uint8Array[] = [];
  let changes: (readonly [Series, Change])[] = [];
  let size = 0;
  for (const chunk of chunks(metrics, writer, ledger)) {
    if (chunk === undefined) {
      yield undefined;
      continue;
    }
    const bytes = encoder.encode(`${chunk.text}\n`);
    if (size > 0 && size + bytes.length - 1 > USUAL) {
      yield pack(parts, changes);
      [parts, changes, size] = [[], [], 0];
    }
    parts.push(bytes);
    size += bytes.length;
    if (chunk.settles !== undefined) changes.push(chunk.settles);
  }
  if (size > 0) yield pack(parts, changes);
}

function* chunks(
  metrics: Iterable<Metric>,
  writer: LineWriter,
  ledger: Ledger,
): Generator<Chunk | undefined> {
  let seen = 0;
  for (const metric of metrics) {
    for (const [values, series] of metric.entries()) {
      if (++seen % BREATH === 0) yield undefined;
      if (metric.type === "gauge") {
        const text = writer.gauge(metric, values, series as Gauge);
        if (text !== undefined) yield { text };
        continue;
      }
      const counts = series as Counter | Timing;
      const change = ledger.change(counts);
      if (change === undefined) continue;
      const text = "cumulative" in counts
        ? writer.timing(metric, values, { series: counts, change })
        : writer.counter(metric, values, { series, change });
      yield { text, settles: [series, change] };
    }
  }
}

/** The last newline stays off, since some daemons read an empty line after it. */
function pack(
  parts: readonly Uint8Array[],
  changes: readonly (readonly [Series, Change])[],
): Datagram {
  const size = parts.reduce((sum, part) => sum + part.length, 0) - 1;
  const bytes = new Uint8Array(size);
  let offset = 0;
  for (const part of parts) {
    bytes.set(part.subarray(0, size - offset), offset);
    offset += part.length;
  }
  return { bytes, changes, isTooLarge: size > MOST };
}
