/**
 * A fit as YAML with comments, and as a table for the terminal.
 *
 * @module
 */
import type { Candidate, FitAnswer, LeftOut } from "../../core/import.ts";
import { alignedLines, oneLine } from "../../core/import.ts";
import { inWords } from "./samples/series.ts";
import { percentileName } from "./statistics/durations.ts";
import { chanceInWords, fitInWords } from "./statistics/words.ts";
import { errorOf } from "./statistics/verdict.ts";

/** Strings that YAML reads as themselves without quotes. */
const PLAIN = /^[A-Za-z0-9][\w.]*$/;

/** Words that mean something else in YAML without quotes. */
const RESERVED = /^(?:true|false|null|yes|no|on|off|[\d.]+(?:e\d+)?|0x.*)$/i;

/** Writes a JSON value as YAML in one line. */
export function flow(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(flow).join(", ")}]`;
  if (typeof value === "object" && value !== null) {
    const entries = Object.entries(value)
      .map(([key, item]) => `${flow(key)}: ${flow(item)}`);
    return `{ ${entries.join(", ")} }`;
  }
  return typeof value === "string" && PLAIN.test(value) && !RESERVED.test(value)
    ? value
    : JSON.stringify(value);
}

/** Wraps a distribution, so that `check` can say where it does not fit. */
export function asFitted(distribution: unknown, from: string): unknown {
  return { fitted: { of: distribution, from } };
}

/** The recommended distribution as YAML, with the goodness of fit in comments. */
export function blockOf(answer: FitAnswer): string {
  const { best, file } = answer;
  return `# ${oneLine(fitInWords(answer))}\nserviceTime: ${
    flow(asFitted(best.distribution, nameOf(file)))
  }\n`;
}

/** Name of a file, without its folder. */
function nameOf(file: string): string {
  return file.split(/[\\/]/).at(-1) ?? file;
}

/** The fit as YAML: comments around the recommended distribution. */
export function tableOf(answer: FitAnswer): string {
  const { file, format, labels, count, notes, leftOut, reason, unknown } =
    answer;
  const lines = [
    `${file} (${format}): ${
      count === undefined
        ? "an unknown number of durations"
        : count === 1
        ? "1 duration"
        : `${count} durations`
    }${Object.keys(labels).length === 0 ? "" : `, ${inWords(labels)}`}${
      notes.map((note) => `; ${note}`).join("")
    }`,
    ...leftOut.map((left) => `left out: ${leftOutInWords(left)}`),
    "",
    ...comparison(answer),
    "",
    `recommended: ${reason}`,
    ...unknown.map((sentence) => `not known: ${sentence}`),
  ];
  const comments = lines.map((line) => `# ${oneLine(line)}`.trimEnd());
  const other = answer.best === answer.nonParametric
    ? answer.parametric[0]
    : answer.nonParametric;
  const beside = other === undefined ? [] : [
    `# ${
      other.method === "non-parametric"
        ? "without a formula"
        : "nearest parametric one"
    }:`,
    `# serviceTime: ${flow(asFitted(other.distribution, nameOf(file)))}`,
  ];
  return `${comments.join("\n")}\n\n${blockOf(answer)}\n${beside.join("\n")}\n`;
}

/** Words about what was left out. */
export function leftOutInWords({ reason, count, places }: LeftOut): string {
  return `${count} ${reason} (${places.join(", ")}${
    count > places.length ? ", …" : ""
  })`;
}

/** Table of the fitted distributions: their distances, and their quantiles beside the measured ones. */
function comparison(
  { parametric, nonParametric, criterion }: FitAnswer,
): readonly string[] {
  const all = [...parametric, nonParametric];
  const { tail } = nonParametric;
  const score = criterion === "AIC" ? "ΔAIC" : "error";
  const [first] = parametric;
  return alignedLines([
    [
      "family",
      "method",
      score,
      "KS",
      "A²",
      "by chance",
      ...tail.map(({ probability }) => percentileName(probability)),
    ],
    [
      "measured",
      ...["", "", "", "", ""],
      ...tail.map(({ measured }) => digits(measured)),
    ],
    ...all.map((one) => [
      one.family,
      one.method,
      scoreOf(one, first, criterion),
      digits(one.ks, 2),
      one.ad === undefined ? "" : digits(one.ad),
      one.chance === undefined ? "" : chanceInWords(one.chance),
      ...one.tail.map((quantile) =>
        `${digits(quantile.fitted)} (${signed(errorOf(quantile))})`
      ),
    ]),
  ]);
}

function scoreOf(
  { score }: Candidate,
  first: Candidate | undefined,
  criterion: FitAnswer["criterion"],
): string {
  if (score === undefined) return "";
  return criterion === "AIC"
    ? digits(score - (first?.score ?? score), 3)
    : `${digits(100 * score, 2)} %`;
}

function digits(value: number, number = 4): string {
  return `${Number(value.toPrecision(number))}`;
}

/** A relative error in percent, with its sign; a large one as a factor. */
function signed(error: number): string {
  if (error >= 2) return `×${digits(1 + error, 2)}`;
  const percent = Math.round(1000 * error) / 10;
  return `${percent < 0 ? "−" : "+"}${Math.abs(percent)} %`;
}
