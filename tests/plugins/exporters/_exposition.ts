/** A parser of Prometheus' text formats. Stricter than Prometheus: a repeated sample is an error. */

/** Contents of a text. */
export interface Exposition {
  /** Types by family, in the order of the text. */
  readonly types: ReadonlyMap<string, string>;
  /** Help by family. */
  readonly help: ReadonlyMap<string, string>;
  /** Values by sample: its name and its label pairs, sorted. */
  readonly samples: ReadonlyMap<string, number>;
  /** Exemplars by sample, as they are written; OpenMetrics only. */
  readonly exemplars: ReadonlyMap<string, string>;
  /** True if the text ends as OpenMetrics requires. */
  readonly complete: boolean;
}

const LABELS = String.raw`\{((?:[^"}]|"(?:[^"\\]|\\.)*")*)\}`;
const SAMPLE = new RegExp(
  String.raw`^([a-zA-Z_:][\w:]*)(?:${LABELS})? (\S+)(?: # (.*))?$`,
);
const LABEL = /([a-zA-Z_]\w*)="((?:[^"\\]|\\.)*)"(?:,|$)/gy;

/** Parses a text; throws an Error at the first line that breaks the format or repeats a sample. */
export function parse(text: string): Exposition {
  const types = new Map<string, string>();
  const help = new Map<string, string>();
  const samples = new Map<string, number>();
  const exemplars = new Map<string, string>();
  const complete = text.endsWith("# EOF\n");
  const lines = (complete ? text.slice(0, -"# EOF\n".length) : text).split(
    "\n",
  );
  if (lines.pop() !== "") throw new Error("The text must end with a newline");
  for (const line of lines) {
    const comment = line.match(/^# (HELP|TYPE) (\S+) (.*)$/);
    if (comment !== null) {
      const [, kind, name, rest] = comment;
      put(kind === "HELP" ? help : types, name, unescape(rest));
    } else if (line !== "") {
      const [key, value, exemplar] = sample(line);
      put(samples, key, value);
      if (exemplar !== undefined) exemplars.set(key, exemplar);
    }
  }
  return { types, help, samples, exemplars, complete };
}

/** Key of a sample in {@linkcode Exposition.samples}. */
export function sampleKey(
  name: string,
  labels: Readonly<Record<string, string>>,
): string {
  return JSON.stringify([name, ...Object.entries(labels).sort()]);
}

function sample(line: string): [string, number, string | undefined] {
  const match = line.match(SAMPLE);
  if (match === null) throw new Error(`Cannot read line: ${line}`);
  const [, name, pairs = "", value, exemplar] = match;
  const labels: Record<string, string> = {};
  let length = 0;
  for (const [pair, label, escaped] of pairs.matchAll(LABEL)) {
    const read = unescape(escaped);
    // 1 and 1.0 are the same bucket.
    labels[label] = label === "le" && read !== "+Inf"
      ? String(number(read))
      : read;
    length += pair.length;
  }
  if (length !== pairs.length) throw new Error(`Cannot read labels: ${line}`);
  return [sampleKey(name, labels), number(value), exemplar];
}

function number(text: string): number {
  if (text === "+Inf") return Infinity;
  if (text === "-Inf") return -Infinity;
  const value = Number(text);
  if (Number.isNaN(value) && text !== "NaN") {
    throw new Error(`Cannot read value: ${text}`);
  }
  return value;
}

function unescape(text: string): string {
  return text.replace(/\\(.)/g, (_, char) => char === "n" ? "\n" : char);
}

function put<Value>(map: Map<string, Value>, key: string, value: Value): void {
  if (map.has(key)) throw new Error(`Twice in the text: ${key}`);
  map.set(key, value);
}
