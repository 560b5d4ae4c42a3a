/**
 * Reads the durations in a file, in any of the formats.
 *
 * @module
 */
import type { FitOptions, LeftOut } from "../../../core/import.ts";
import { FileError, PerfmockError } from "../../../core/plugin.ts";
import type { Durations } from "../statistics/fit.ts";
import { hdrLog } from "./hdr_log.ts";
import type { DocumentFormat, LineFormat, ReadContext } from "./format.ts";
import { gatlingLog, gatlingStats, gatlingText } from "./gatling.ts";
import { hgrm } from "./hgrm.ts";
import { jtlCsv, jtlXml } from "./jtl.ts";
import { k6Csv, k6Points, k6Summary, k6Text } from "./k6.ts";
import { numbers } from "./numbers.ts";
import { percentileObject, percentileTable } from "./percentile_table.ts";
import { prometheusJson } from "./prometheus_json.ts";
import { prometheusText } from "./prometheus_text.ts";
import {
  Findings,
  invalidFile,
  inWords,
  type Labels,
  type Reading,
  type Series,
} from "./series.ts";
import { documentOfFile, headOfFile, linesOfFile } from "./text_file.ts";
import { chosenUnit } from "./units.ts";

/** Formats of lines, those first that are easiest to tell. */
const LINE_FORMATS: readonly LineFormat[] = [
  hdrLog,
  hgrm,
  prometheusText,
  k6Points,
  k6Csv,
  k6Text,
  gatlingText,
  gatlingLog,
  jtlXml,
  jtlCsv,
  percentileTable,
  numbers,
];

/** Formats of JSON documents, those first that are easiest to tell. */
const DOCUMENT_FORMATS: readonly DocumentFormat[] = [
  prometheusJson,
  gatlingStats,
  k6Summary,
  percentileObject,
];

/** Names of all formats. */
export const FORMATS: readonly string[] = [
  ...LINE_FORMATS,
  ...DOCUMENT_FORMATS,
].map(({ name }) => name);

/** Number of series that an error lists. */
const LISTED = 20;

/** Durations of a file. */
export interface FileDurations {
  /** Durations. */
  readonly durations: Durations;
  /** Their labels. */
  readonly labels: Labels;
  /** Name of the format for people. */
  readonly format: string;
  /** Sentences about how the file was read. */
  readonly notes: readonly string[];
  /** Everything that was left out. */
  readonly leftOut: readonly LeftOut[];
}

/**
 * Reads the durations in a file. Files of lines are read in bounded memory, whatever their size.
 *
 * @throws PerfmockError `IMPORT_INVALID` with all errors of the file; `ARGUMENT_INVALID` for options that are wrong
 */
export async function readDurations(
  file: string,
  options: FitOptions = {},
): Promise<FileDurations> {
  const findings = new Findings();
  const context: ReadContext = {
    unit: chosenUnit(options.unit),
    select: options.select ?? {},
    merge: options.merge ?? false,
    column: options.column,
    findings,
  };
  const { title, reading } = await read(file, options, context);
  findings.check(file);
  const { labels, durations, notes = [] } = only(file, reading.series, context);
  return {
    durations,
    labels,
    format: title,
    notes: [...reading.notes, ...notes],
    leftOut: findings.leftOut(),
  };
}

interface Read {
  readonly title: string;
  readonly reading: Reading;
}

async function read(
  file: string,
  options: FitOptions,
  context: ReadContext,
): Promise<Read> {
  try {
    const head = await headOfFile(file, options);
    if (head.trim() === "") {
      throw invalidFile(file, [{
        path: "",
        message: "The file is empty",
        allowed: "durations in one of the formats",
      }]);
    }
    checkText(file, head);
    checkKind(file, head, options.format);
    const lines = lineFormat(head, options.format);
    if (lines === undefined) {
      return await readDocument(file, options, context);
    }
    const reader = await lines.lines(context);
    for await (const { first, lines } of linesOfFile(file, options)) {
      for (let i = 0; i < lines.length; i++) reader.take(lines[i], first + i);
    }
    return { title: lines.title, reading: reader.finish() };
  } catch (error) {
    if (!(error instanceof FileError)) throw error;
    const { message, allowed } = error;
    throw invalidFile(file, [{
      path: "",
      message: `Cannot read the file: ${message}`,
      allowed,
    }]);
  }
}

/** Refuses a file that is no text. */
function checkText(file: string, head: string): void {
  if (!head.includes("\0")) return;
  const gatling = /^\0{4,5}.(3\.\d+\.\d+)/.exec(head)?.[1];
  throw invalidFile(file, [{
    path: "",
    message: gatling === undefined
      ? "The file is no text"
      : `The file is a binary log of Gatling ${gatling}, which only Gatling reads`,
    allowed: gatling === undefined
      ? "durations in one of the formats"
      : "js/stats.json or js/global_stats.json of the report, or a log of Gatling up to 3.10",
  }]);
}

/** Beginnings of files that `import` reads, with their names. */
const RECORDINGS: readonly (readonly [beginning: RegExp, name: string])[] = [
  [/^[^\n]*\[\d{2}\/[A-Z][a-z]{2}\/\d{4}:[^\n]*\] /, "an access log"],
  [/^\s*\{\s*"log"\s*:\s*\{/, "a HAR"],
  [/^\s*(?:\{\s*")?(?:openapi|swagger)"?\s*:/, "an OpenAPI document"],
];

/** Refuses recordings, which have durations for each route. */
function checkKind(
  file: string,
  head: string,
  format: string | undefined,
): void {
  const found = RECORDINGS.find(([beginning]) => beginning.test(head));
  if (format !== undefined || found === undefined) return;
  throw invalidFile(file, [{
    path: "",
    message: `The file is ${found[1]}, which import makes a mock of`,
    allowed: "durations in one of the formats",
    suggestion: "Use the command import in place of fit",
  }]);
}

/** The format of a file of lines; undefined for a JSON document. */
function lineFormat(
  head: string,
  name: string | undefined,
): LineFormat | undefined {
  if (name !== undefined) {
    const format = LINE_FORMATS.find((format) => format.name === name);
    if (format !== undefined || FORMATS.includes(name)) return format;
    throw new PerfmockError("ARGUMENT_INVALID", "Cannot read the file", [{
      path: "--format",
      message: "There is no such format",
      value: name,
      allowed: FORMATS.join(", "),
    }]);
  }
  const known = LINE_FORMATS.find((format) => format.matches(head));
  if (known !== undefined && (known !== numbers || !isDocument(head))) {
    return known;
  }
  // A table that names no column is told what is wrong with it.
  return isDocument(head) ? undefined : numbers;
}

function isDocument(head: string): boolean {
  return /^\s*[{[]/.test(head);
}

async function readDocument(
  file: string,
  options: FitOptions,
  context: ReadContext,
): Promise<Read> {
  const name = options.format;
  const document = parse(file, await documentOfFile(file, options));
  const format = DOCUMENT_FORMATS.find((format) =>
    name === undefined ? format.recognises(document) : format.name === name
  );
  if (format === undefined) {
    throw invalidFile(file, [{
      path: "",
      message: "The JSON document has none of the known formats",
      allowed: DOCUMENT_FORMATS.map(({ title }) => title).join(", "),
    }]);
  }
  return { title: format.title, reading: format.document(document, context) };
}

function parse(file: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw invalidFile(file, [{
      path: "",
      message: `The file is no JSON: ${
        error instanceof Error ? error.message : error
      }`,
      allowed: "a whole JSON document",
    }]);
  }
}

/** Reasons why a file has no durations, but for labels, of which the error lists others. */
function lossesInWords(findings: Findings): string {
  const left = findings.leftOut()
    .filter(({ reason }) => !reason.endsWith("other labels"))
    .map(({ count, reason, places }) =>
      `${count} ${reason} (${places[0]}${count > 1 ? ", …" : ""})`
    );
  return left.length === 0 ? "" : `; left out: ${left.join(", ")}`;
}

/** The one series that was read, or all of them as one. */
function only(
  file: string,
  series: readonly Series[],
  { select, merge, findings }: ReadContext,
): Series {
  const [first] = series;
  if (first === undefined) {
    throw invalidFile(file, [{
      path: "",
      message: `The file has no durations${
        Object.keys(select).length === 0 ? "" : ` with ${inWords(select)}`
      }${lossesInWords(findings)}`,
      allowed: findings.others.length === 0
        ? "one duration or more"
        : `those that there are, among them ${findings.others.join("; ")}`,
    }]);
  }
  if (series.length === 1) return first;
  const listed = series.slice(0, LISTED).map(({ labels }) => inWords(labels));
  const more = series.length - listed.length;
  throw invalidFile(file, [{
    path: "",
    message: `The file has durations of ${series.length} kinds: ${
      listed.join("; ")
    }${more > 0 ? `; and ${more} more` : ""}`,
    allowed: merge
      ? "durations that can be merged: percentiles and different metrics cannot"
      : "--select NAME=VALUE for one of them, or --merge to take all as one",
  }]);
}
