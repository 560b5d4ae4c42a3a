/**
 * Reads a recording line by line, and prepares one that is continued.
 *
 * @module
 */
import { FileError, type PerfmockError } from "../../../core/plugin.ts";
import { inFile } from "../mocks/read_source.ts";
import { Reader } from "../reading/reader.ts";
import {
  type AnswerLine,
  type ExchangeLine,
  type HeadLine,
  lineOf,
  type RecordingLine,
  type StopLine,
  VERSION,
} from "./format.ts";

/** Longest line, in characters: a body of 256 KiB whose characters are all escaped. */
const LONGEST_LINE = 2 * 1024 ** 2;

/** Greatest number of wrong lines after which the file is taken for another one. */
const MOST_WRONG = 20;

/** Receives the parts of a recording. */
export interface RecordingParts {
  /** Receives the first line. */
  readonly head?: (line: HeadLine) => void;
  /** Receives an answer. */
  readonly answer?: (line: AnswerLine) => void;
  /** Receives an exchange and its place. */
  readonly exchange: (line: ExchangeLine, place: string) => void;
  /** Receives the sums of a stop. */
  readonly stopped?: (line: StopLine) => void;
  /** Receives the place of a line that cannot be read, such as the last one after a crash. */
  readonly wrong?: (place: string, isLast: boolean) => void;
}

/**
 * Reads the first line of a recording.
 *
 * @throws as {@linkcode readRecording}
 */
export async function checkRecording(file: string): Promise<void> {
  for await (const { text } of linesWithEnds(file, new Reader())) {
    checkHead(file, lineOf(text));
    return;
  }
  throw emptyFile(file);
}

function emptyFile(file: string): PerfmockError {
  return inFile(file, "it is empty", "a file that perfmock record has written");
}

/**
 * Reads a recording.
 *
 * @throws PerfmockError `IMPORT_INVALID` where the file cannot be read, is no recording, or is one of another version
 */
export async function readRecording(
  file: string,
  parts: RecordingParts,
  reader: Reader = new Reader(),
): Promise<void> {
  let number = 0;
  let wrong: number[] = [];
  for await (const { text, isEnded } of linesWithEnds(file, reader)) {
    number++;
    if (text.trim() === "") continue;
    const line = lineOf(text);
    if (number === 1) {
      checkHead(file, line);
      parts.head?.(line);
      continue;
    }
    // A line without an end was being written when the recorder ended.
    if (line === undefined || !isEnded) {
      wrong = [...wrong, number].slice(0, MOST_WRONG);
      if (wrong.length === MOST_WRONG) {
        throw inFile(
          file,
          `lines ${
            wrong.slice(0, 5).join(", ")
          } and others are no lines of a recording`,
          "a file that perfmock record has written",
        );
      }
      parts.wrong?.(`line ${number}`, !isEnded);
      continue;
    }
    take(line, `line ${number}`, parts);
  }
  if (number === 0) throw emptyFile(file);
}

function take(
  line: RecordingLine,
  place: string,
  parts: RecordingParts,
): void {
  switch (line.kind) {
    case "answer":
      return parts.answer?.(line);
    case "exchange":
      return parts.exchange(line, place);
    case "stopped":
      return parts.stopped?.(line);
    case "recording":
    case "continued":
      return;
  }
}

function checkHead(
  file: string,
  line: RecordingLine | undefined,
): asserts line is HeadLine {
  if (line?.kind !== "recording") {
    throw inFile(
      file,
      "its first line is not that of a recording",
      "a file that perfmock record has written",
    );
  }
  if (line.version !== VERSION) {
    throw inFile(
      file,
      `it is a recording of version ${line.version}, written by perfmock ${
        String(line.perfmock).slice(0, 40)
      }`,
      `version ${VERSION}`,
    );
  }
}

/** Yields lines, and whether each ends with a line break. */
async function* linesWithEnds(
  file: string,
  reader: Reader,
): AsyncGenerator<{ readonly text: string; readonly isEnded: boolean }> {
  let rest = "";
  try {
    for await (const part of reader.parts(file)) {
      rest += part;
      let start = 0;
      for (let end; (end = rest.indexOf("\n", start)) >= 0; start = end + 1) {
        yield { text: rest.slice(start, end), isEnded: true };
      }
      rest = rest.slice(start);
      if (rest.length > LONGEST_LINE) {
        throw inFile(
          file,
          `a line has more than ${LONGEST_LINE} characters`,
          "a file that perfmock record has written",
        );
      }
    }
  } catch (error) {
    if (!(error instanceof FileError)) throw error;
    throw inFile(file, error.message, error.allowed);
  }
  if (rest !== "") yield { text: rest, isEnded: false };
}

/** A recording that is continued. */
export interface FoundRecording {
  /** First line. */
  readonly head: HeadLine;
  /** Greatest number of an answer. */
  readonly answers: number;
  /** Size up to the end of the last whole line. */
  readonly whole: number;
}

/**
 * Looks at a recording that is to be continued.
 *
 * @throws as {@linkcode readRecording}
 */
export async function findRecording(file: string): Promise<FoundRecording> {
  const reader = new Reader();
  let head: HeadLine | undefined;
  let answers = 0;
  await readRecording(file, {
    head: (line) => void (head = line),
    answer: ({ id }) => void (answers = Math.max(answers, id)),
    exchange: () => {},
  }, reader);
  if (!reader.isReplayable(file)) {
    throw inFile(file, "it is compressed, or no UTF-8", "a plain file");
  }
  if (head === undefined) throw emptyFile(file);
  return { head, answers, whole: wholeSize(file) };
}

/** Returns the size of a file up to the end of its last line break. */
function wholeSize(file: string): number {
  using opened = Deno.openSync(file);
  const { size } = opened.statSync();
  const buffer = new Uint8Array(65_536);
  for (let end = size; end > 0;) {
    const start = Math.max(0, end - buffer.length);
    opened.seekSync(start, Deno.SeekMode.Start);
    const length = opened.readSync(buffer.subarray(0, end - start)) ?? 0;
    const at = buffer.subarray(0, length).lastIndexOf(10);
    if (at >= 0) return start + at + 1;
    end = start;
  }
  return 0;
}
