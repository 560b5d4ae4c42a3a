/**
 * `perfmock explain` prints the statistics of a distribution.
 *
 * @module
 */
import { type Issue, PerfmockError } from "../errors.ts";
import {
  type ConfigurationOptions,
  loadConfiguration,
} from "./configuration.ts";
import type { Terminal } from "./terminal.ts";

/** Number of equally likely values that the histogram is made from. */
const VALUES = 500;
/** Width of its longest bar, in characters. */
const WIDTH = 50;
/** Number of bars up to the 99th percentile. */
const BARS = 20;

/** Answer of the control call, as far as it is printed. */
interface Explanation {
  readonly mean: number | null;
  readonly standardDeviation: number | null;
  readonly quantiles: Readonly<Record<string, number>>;
  readonly requestsNeeded: Readonly<Record<string, number | null>>;
  readonly exactBlock: {
    readonly requests: number;
    readonly mean: number;
  } | null;
  readonly estimated: boolean;
  readonly warnings: readonly string[];
}

/**
 * Prints mean, standard deviation, percentiles, a histogram, and the number of requests needed to read percentiles
 * within ±2 %.
 *
 * @param text JSON, the text form, a duration, or the name of a profile in the configuration
 * @throws PerfmockError where the text is not a distribution
 */
export async function explain(
  text: string,
  options: ConfigurationOptions,
  out: Terminal,
): Promise<number> {
  const configuration = await loadConfiguration(options, { optional: true });
  await using server = await configuration.createServer({ listen: false });
  const ask = async (probabilities?: readonly number[]) => {
    // Through the control API, so that the output is what a server would answer.
    const response = await server.fetch(
      new Request(
        `http://127.0.0.1${server.config.control.path}/distributions/explain`,
        {
          method: "POST",
          headers: authorization(server.config.control.token),
          body: JSON.stringify({ distribution: parse(text), probabilities }),
        },
      ),
    );
    const answer = await response.json();
    if (response.ok) return answer as Explanation;
    const { issues = [] } = answer as { readonly issues?: readonly Issue[] };
    throw new PerfmockError(
      "ARGUMENT_INVALID",
      "Cannot explain this distribution",
      issues.map((issue) => ({
        ...issue,
        path: issue.path.replace(/^\/distribution/, ""),
      })),
    );
  };
  const figures = await ask();
  const values = await ask(
    Array.from({ length: VALUES }, (_, i) => (i + 0.5) / VALUES),
  );
  print(figures, Object.values(values.quantiles), out);
  return 0;
}

function authorization(token: string | null): HeadersInit {
  return token === null ? {} : { authorization: `Bearer ${token}` };
}

function parse(text: string): unknown {
  if (!/^\s*[{[]/.test(text)) return text;
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new PerfmockError(
      "ARGUMENT_INVALID",
      "Cannot explain this distribution: it is not JSON",
      [{
        path: "",
        message: error instanceof Error ? error.message : String(error),
        value: text,
        allowed:
          '{"lognormal": {"median": "120ms", "p99": "800ms"}} or lognormal(median=120ms, p99=800ms)',
      }],
    );
  }
}

function print(
  figures: Explanation,
  values: readonly number[],
  out: Terminal,
): void {
  const ms = (value: number | null) =>
    value === null ? "infinite" : `${Number(value.toPrecision(6))} ms`;
  out.write(`mean                ${ms(figures.mean)}\n`);
  out.write(`standard deviation  ${ms(figures.standardDeviation)}\n`);
  if (figures.estimated) out.write("estimated from 100 000 seeded draws\n");
  out.write("\n");
  for (const [p, value] of byProbability(figures.quantiles)) {
    out.write(`p${Number((p * 100).toFixed(4))}`.padEnd(8) + `${ms(value)}\n`);
  }
  out.write(`\n${histogram(values)}\n`);
  out.write(
    "requests needed to read a percentile within ±2 %, 19 times in 20:\n",
  );
  const none = figures.exactBlock === null
    ? "unknown: this family can only be sampled"
    : "no number suffices: there is a gap";
  for (const [p, needed] of byProbability(figures.requestsNeeded)) {
    out.write(`p${p * 100}`.padEnd(8) + `${needed ?? none}\n`);
  }
  const { exactBlock, mean } = figures;
  if (exactBlock !== null) {
    const error = mean === null || mean === 0
      ? ""
      : ` (${percent(exactBlock.mean / mean - 1)} from the mean)`;
    out.write(
      `with sampling.scheme exact: one whole block, ${exactBlock.requests} by default, with a mean of ${
        ms(exactBlock.mean)
      }${error}\n`,
    );
  }
  for (const warning of figures.warnings) out.write(`warning: ${warning}\n`);
}

/** A difference with its sign, in percent: "+0.04 %", "0.00 %". */
function percent(difference: number): string {
  const digits = (100 * difference).toFixed(2);
  if (Number(digits) === 0) return "0.00 %";
  return `${difference > 0 ? "+" : ""}${digits} %`;
}

/** Sorts by number: an object lists keys that look like integers first. */
function byProbability<T>(record: Readonly<Record<string, T>>): [number, T][] {
  return Object.entries(record)
    .map(([key, value]): [number, T] => [Number(key), value])
    .sort(([a], [b]) => a - b);
}

/** Formats bars of equal width from the minimum to the 99th percentile, and one for all values beyond. */
function histogram(values: readonly number[]): string {
  const sorted = values.toSorted((a, b) => a - b);
  const low = sorted[0];
  const high = sorted[Math.floor(sorted.length * 0.99) - 1];
  const step = (high - low) / BARS;
  if (!(step > 0)) return `all at ${Number(low.toPrecision(6))} ms\n`;
  const counts = new Array<number>(BARS + 1).fill(0);
  for (const value of sorted) {
    counts[Math.min(BARS, Math.floor((value - low) / step))]++;
  }
  const top = Math.max(...counts);
  const label = (i: number) =>
    `${i === BARS ? "≥" : " "}${(low + i * step).toFixed(1)} ms`.padStart(14);
  return counts.map((count, i) => {
    const bar = "█".repeat(Math.round(count / top * WIDTH));
    return `${label(i)} ${bar} ${(count / sorted.length * 100).toFixed(1)} %\n`;
  }).join("");
}
