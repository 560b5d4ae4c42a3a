/**
 * Reads the files that are imported: in parts, so that a file of hundreds of MiB is never in memory as a whole.
 *
 * @module
 */
import { JSONParser } from "@streamparser/json";
import { basename } from "node:path";
import {
  checkFile,
  FileError,
  type FileLimits,
  type LineLimits,
  linesOf,
  partsOf,
  PerfmockError,
} from "../../../core/plugin.ts";

/** Limits of a file that is read in parts. */
export const STREAM_LIMITS: FileLimits = { bytes: 16 * 1024 ** 3 };

/** Limits of a file that is read as a whole, such as an OpenAPI document. */
export const WHOLE_LIMITS: FileLimits = { bytes: 64 * 1024 ** 2 };

/** Limits of a file that is read line by line. */
export const LOG_LIMITS: LineLimits = {
  bytes: STREAM_LIMITS.bytes,
  lines: Infinity,
  length: 1024 ** 2,
};

/** Characters between two reports of progress. */
const STRETCH = 4 * 1024 ** 2;

/** Receives the number of bytes that were read of a file, about, and its size. */
export type OnRead = (file: string, read: number, size: number) => void;

/** Returns a place in a file; of several files, with the name of the file. */
export function placeIn(
  files: readonly string[],
  file: string,
  place: string,
): string {
  return files.length === 1 ? place : `${basename(file)}: ${place}`;
}

/** Makes the error of a file. */
export function inFile(
  file: string,
  message: string,
  allowed: string,
): PerfmockError {
  return new PerfmockError("IMPORT_INVALID", `Cannot import ${file}`, [{
    path: "",
    message: `${file}: ${message}`,
    allowed,
  }]);
}

/**
 * Yields the text of a file in parts.
 *
 * @throws FileError where it cannot be read
 */
export function* textParts(
  path: string,
  onRead: OnRead,
  limits: FileLimits = STREAM_LIMITS,
): Generator<string, void> {
  const size = sizeOf(path, limits);
  let read = 0;
  let next = STRETCH;
  for (const part of partsOf(path, limits)) {
    read += part.length;
    if (read >= next) {
      next += STRETCH;
      onRead(path, Math.min(read, size), size);
    }
    yield part;
  }
}

/**
 * Yields the lines of a file.
 *
 * @throws FileError where it cannot be read, or a line is too long
 */
export function* textLines(
  path: string,
  onRead: OnRead,
): Generator<string, void> {
  const size = sizeOf(path, LOG_LIMITS);
  let read = 0;
  let next = STRETCH;
  for (const line of linesOf(path, LOG_LIMITS)) {
    read += line.length + 1;
    if (read >= next) {
      next += STRETCH;
      onRead(path, Math.min(read, size), size);
    }
    yield line;
  }
}

/**
 * Reads a whole file.
 *
 * @throws FileError where it cannot be read
 */
export function wholeText(path: string, onRead: OnRead): string {
  return [...textParts(path, onRead, WHOLE_LIMITS)].join("");
}

/** Returns the first characters of a file, about 64 KiB. */
export function beginningOf(path: string): string {
  checkFile(path, STREAM_LIMITS);
  let text = "";
  for (const part of partsOf(path, STREAM_LIMITS)) {
    text += part;
    if (text.length >= 65_536) break;
  }
  return text;
}

function sizeOf(path: string, limits: FileLimits): number {
  checkFile(path, limits);
  return Deno.statSync(path).size;
}

/** Returns the files below a folder whose names end with .json, in alphabetical order; undefined where the path is no folder. */
export function jsonFilesIn(path: string): string[] | undefined {
  try {
    if (!Deno.statSync(path).isDirectory) return undefined;
  } catch {
    // Reading it as a file reports the error.
    return undefined;
  }
  const files: string[] = [];
  const folders = [path];
  for (const folder of folders) {
    for (const { name, isDirectory, isFile } of Deno.readDirSync(folder)) {
      const child = `${folder.replace(/\/$/, "")}/${name}`;
      if (isDirectory) folders.push(child);
      else if (isFile && name.endsWith(".json")) files.push(child);
    }
  }
  return files.sort();
}

/** Returns the text of a small file beside an imported one, such as the body of a stub; undefined where it cannot be read as text. */
export function textBeside(path: string, most: number): string | undefined {
  try {
    const bytes = Deno.readFileSync(path);
    return bytes.length > most
      ? undefined
      : new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    return undefined;
  }
}

/** Returns the size of a file beside an imported one, in bytes; undefined where there is none. */
export function sizeBeside(path: string): number | undefined {
  try {
    const { isFile, size } = Deno.statSync(path);
    return isFile ? size : undefined;
  } catch {
    return undefined;
  }
}

/**
 * Yields the values at a path of a JSON document, one by one.
 *
 * @param at path as of @streamparser/json, such as `$.log.entries.*`
 * @throws FileError where the text is no JSON
 */
export function* jsonValues(
  parts: Iterable<string>,
  at: string,
): Generator<unknown, void> {
  const found: unknown[] = [];
  let length = 0;
  // Without a stack, what was yielded is forgotten: memory is that of one value.
  const parser = new JSONParser({ paths: [at], keepStack: false });
  let problem: string | undefined;
  parser.onValue = ({ value }) => void found.push(value);
  parser.onError = (error) => {
    // Errors of the order of tokens have no position: that of the part is near.
    problem ??= /absolute position "(\d+)"/.exec(error.message)?.[1] ??
      `${length}`;
  };
  for (const part of parts) {
    length += part.length;
    // White space after the value would be an error of the parser.
    if (!parser.isEnded) parser.write(part);
    else if (part.trim() !== "") problem ??= `${length}`;
    yield* found.splice(0);
    if (problem !== undefined) {
      throw new FileError(
        `it is not JSON, at about byte ${problem}`,
        "a file in JSON",
      );
    }
  }
  if (!parser.isEnded) {
    throw new FileError(
      length === 0 ? "it is empty" : "it is not JSON: it ends too early",
      "a file in JSON",
    );
  }
}
