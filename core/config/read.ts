/**
 * Reads configuration files: the key `perfmock` of deno.json or deno.jsonc, or a JSON or YAML file of the same shape.
 *
 * Comments and trailing commas are allowed in deno.json, deno.jsonc and .jsonc, but not in other .json files, which other
 * tools have to read too. A key that occurs twice is an error in every syntax.
 *
 * @module
 */
import { basename, dirname, extname, join, resolve } from "node:path";
import { type Issue, PerfmockError } from "../errors.ts";
import { fromPointer } from "../lib/pointer.ts";
import { FileError, readText } from "../lib/read_file.ts";
import { suggest } from "../lib/suggest.ts";
import { parseText, placeIn, type Syntax } from "./_parse_text.ts";
import { type Filling, type Variables, variablesIn } from "./_placeholders.ts";
import type { PlaceholderNotes, Position, SyntaxIssue } from "./_syntax.ts";
import type { TextReader } from "./text_reader.ts";
import { alternatives, kindInWords, sentence } from "./words.ts";

export type { Position } from "./_syntax.ts";

/** Key of deno.json that holds the configuration. */
const KEY = "perfmock";

const DENO_FILES: readonly string[] = ["deno.json", "deno.jsonc"];
const EXTENSIONS: readonly string[] = [".json", ".jsonc", ".yaml", ".yml"];

/** A configuration file, read but not validated. */
export interface ConfigFile extends PlaceholderNotes {
  /** Absolute path of the file. */
  readonly file: string;
  /** Absolute path of the folder that relative paths in the configuration start from. */
  readonly folder: string;
  /** The configuration as written. */
  readonly value: Readonly<Record<string, unknown>>;
  /**
   * Finds settings in the file.
   *
   * @param pointers JSON Pointers into the configuration, such as issues' paths
   * @returns the position of each key; of the closest enclosing setting where the key is absent
   */
  positions(pointers: readonly string[]): Promise<readonly Position[]>;
}

/** A text whose syntax was read: its value, or all its syntax errors. */
type ReadText =
  | PlaceholderNotes & {
    readonly value: unknown;
    /** Returns the place of each value, or of the closest one around it. */
    positions(
      paths: readonly (readonly string[])[],
    ): Promise<readonly Position[]>;
    readonly issues?: undefined;
  }
  | { readonly issues: readonly SyntaxIssue[] };

/** Options of reading a file. */
export interface ReadOptions {
  /** Thread that parses it; default this thread, which it keeps meanwhile. */
  readonly texts?: TextReader | undefined;
  /** Variables that replace placeholders such as `${NAME}`; undefined to leave these as they are. */
  readonly variables?: Variables | undefined;
}

/**
 * Reads a configuration file.
 *
 * @param file path, absolute or relative to the working directory
 * @throws PerfmockError `CONFIG_UNREADABLE`; `CONFIG_SYNTAX` with all syntax errors; `CONFIG_INVALID` where the file does
 * not hold an object, or deno.json has no configuration
 */
export async function readConfig(
  file: string,
  options: ReadOptions = {},
): Promise<ConfigFile> {
  const path = resolve(file);
  if (!EXTENSIONS.includes(extname(path))) {
    if (await isFolder(path)) {
      const files = await configFilesIn(path);
      throw unreadable(file, "it is a folder, not a file", {
        ...files.length > 0 && { allowed: `a file in it: ${files.join(", ")}` },
      });
    }
    throw unreadable(file, "its name has an unknown extension", {
      ...extname(path) !== "" && { value: extname(path) },
      allowed: alternatives(EXTENSIONS),
      suggestion: suggest(basename(path), await configFilesIn(dirname(path))),
    });
  }
  const parsed = await parse(await textOf(file, path), path, options);
  if (parsed.issues !== undefined) {
    throw syntaxError(
      file,
      parsed.issues.map(({ line, column, message }) =>
        `line ${line}, column ${column}: ${message}`
      ),
    );
  }
  const prefix = DENO_FILES.includes(basename(path)) ? [KEY] : [];
  return {
    file: path,
    folder: dirname(path),
    value: objectIn(file, parsed.value, prefix),
    placeholders: parsed.placeholders,
    filled: parsed.filled.map(({ path, text }) => ({
      path: path.slice(prefix.length),
      text,
    })),
    positions: (pointers) =>
      parsed.positions(
        pointers.map((pointer) => [...prefix, ...fromPointer(pointer)]),
      ),
  };
}

/**
 * Finds the default configuration file: deno.json or deno.jsonc, if it has the key `perfmock`.
 *
 * @param folder folder to search
 * @param texts thread that parses them; default this thread
 * @returns path of the file, undefined where there is none. A file with syntax errors is returned too:
 * {@linkcode readConfig} reports them.
 */
export async function findConfig(
  folder: string,
  texts?: TextReader,
): Promise<string | undefined> {
  for (const name of DENO_FILES) {
    const path = join(folder, name);
    let text: string;
    try {
      text = await readText(path);
    } catch (error) {
      if (isMissing(error)) continue;
      return path;
    }
    const parsed = await parse(text, path, { texts });
    if (parsed.issues !== undefined) return path;
    const { value } = parsed;
    if (typeof value === "object" && value !== null && KEY in value) {
      return path;
    }
  }
}

async function parse(
  text: string,
  path: string,
  { texts, variables }: ReadOptions,
): Promise<ReadText> {
  const body = text.replace(/^\ufeff/u, "");
  if (body.trim() === "") {
    return { issues: [{ line: 1, column: 1, message: "the file is empty" }] };
  }
  const syntax = syntaxOf(path);
  const filling: Filling = {
    variables: variables && variablesIn(body, variables),
    key: DENO_FILES.includes(basename(path)) ? KEY : undefined,
  };
  if (texts === undefined) {
    const parsed = await parseText(body, syntax, filling);
    if (parsed.issues !== undefined) return parsed;
    return {
      ...parsed,
      positions: (paths) =>
        Promise.resolve(paths.map((each) => placeIn(parsed, each))),
    };
  }
  const read = await texts.read(body, syntax, filling);
  if (read.issues !== undefined) return read;
  return {
    ...read,
    positions: (paths) => texts.positions(body, syntax, paths),
  };
}

function syntaxOf(path: string): Syntax {
  const extension = extname(path);
  if (DENO_FILES.includes(basename(path)) || extension === ".jsonc") {
    return "jsonc";
  }
  return extension === ".json" ? "json" : "yaml";
}

function isMissing(error: unknown): boolean {
  return error instanceof FileError &&
    error.cause instanceof Deno.errors.NotFound;
}

async function textOf(file: string, path: string): Promise<string> {
  try {
    return await readText(path);
  } catch (error) {
    if (!(error instanceof FileError)) {
      throw syntaxError(file, ["the file is not UTF-8"]);
    }
    if (!isMissing(error)) {
      const { message, allowed } = error;
      throw unreadable(file, message, { allowed });
    }
    const others = await configFilesIn(dirname(path));
    throw unreadable(file, "no such file", {
      ...others.length > 0 && { allowed: alternatives(others) },
      suggestion: suggest(basename(path), others),
    });
  }
}

async function isFolder(path: string): Promise<boolean> {
  try {
    return (await Deno.stat(path)).isDirectory;
  } catch {
    return false;
  }
}

/** Returns the names of the files in a folder that may be configurations, sorted. */
async function configFilesIn(folder: string): Promise<string[]> {
  const names: string[] = [];
  try {
    for await (const { name, isFile } of Deno.readDir(folder)) {
      const fits = EXTENSIONS.includes(extname(name)) &&
        !/^(package|tsconfig)|lock/u.test(name);
      if (isFile && fits) names.push(name);
    }
  } catch {
    // A folder that cannot be read has nothing to suggest.
  }
  return names.sort();
}

function objectIn(
  file: string,
  value: unknown,
  path: readonly string[],
): Readonly<Record<string, unknown>> {
  let present = value;
  for (const key of path) {
    const object = asObject(file, present, "");
    if (!Object.hasOwn(object, key)) {
      throw invalid(file, `it has no key "${key}"`, {
        path: `/${key}`,
        message: "Missing",
        allowed: "an object that holds the configuration",
      });
    }
    present = object[key];
  }
  return asObject(file, present, path.map((key) => `/${key}`).join(""));
}

function asObject(
  file: string,
  value: unknown,
  path: string,
): Readonly<Record<string, unknown>> {
  if (typeof value === "object" && value !== null && !Array.isArray(value)) {
    return value as Readonly<Record<string, unknown>>;
  }
  const message = `Expected an object, received ${kindInWords(value)}`;
  throw invalid(file, message.charAt(0).toLowerCase() + message.slice(1), {
    path,
    message,
    value,
    allowed: 'an object such as {"routes": []}',
  });
}

function unreadable(
  file: string,
  reason: string,
  details: Partial<Issue> = {},
): PerfmockError {
  const message = `Cannot read ${file}: ${reason}`;
  return new PerfmockError("CONFIG_UNREADABLE", message, [
    { path: "", message, value: file, ...details },
  ]);
}

function syntaxError(
  file: string,
  messages: readonly string[],
): PerfmockError {
  return new PerfmockError(
    "CONFIG_SYNTAX",
    `Cannot read ${file}: ${
      messages.length === 1 ? messages[0] : `${messages.length} syntax errors`
    }`,
    messages.map((message) => ({ path: "", message: sentence(message) })),
  );
}

function invalid(file: string, reason: string, issue: Issue): PerfmockError {
  return new PerfmockError("CONFIG_INVALID", `Cannot use ${file}: ${reason}`, [
    issue,
  ]);
}
