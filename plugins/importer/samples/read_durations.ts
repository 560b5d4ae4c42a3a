/**
 * Reads the durations in a file, in any of the formats.
 *
 * @module
 */
import type { FitOptions, LeftOut } from "../../../core/import.ts";
import { readText } from "../../../core/import.ts";
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
import { headOfFile, linesOfFile } from "./read_lines.ts";
import {
  Findings,
  invalidFile,
  inWords,
  type Labels,
  type Reading,
  type Series,
} from "./series.ts";
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

/** Largest JSON document, in bytes: it is in memory as a whole. */
const LARGEST_DOCUMENT = 64 * 1024 ** 2;

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
    const head = withoutMark(await headOfFile(file));
    if (head.trim() === "") {
      throw invalidFile(file, [{
        path: "",
        message: "The file is empty",
        allowed: "durations in one of the formats",
      }]);
    }
    const lines = lineFormat(head, options.format);
    if (lines === undefined) {
      return await readDocument(file, options.format, context);
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

function withoutMark(text: string): string {
  return text.startsWith("\ufeff") ? text.slice(1) : text;
}

async function readDocument(
  file: string,
  name: string | undefined,
  context: ReadContext,
): Promise<Read> {
  const document = parse(
    file,
    withoutMark(await readText(file, { bytes: LARGEST_DOCUMENT })),
  );
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
      message: Object.keys(select).length === 0
        ? "The file has no durations"
        : `The file has no durations with ${inWords(select)}`,
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
