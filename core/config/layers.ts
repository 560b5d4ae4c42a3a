/**
 * Which setting wins: command line over environment over file; what none of them says, the schema's defaults do.
 *
 * @module
 */
import type { Issue } from "../errors.ts";
import { isRecord } from "./_schema_lookup.ts";
import { lookUp, toPointer } from "../lib/pointer.ts";

/** The environment variables that are read; no other one is. */
export const ENVIRONMENT: readonly string[] = [
  "PERFMOCK_CONFIG",
  "PERFMOCK_HOST",
  "PERFMOCK_PORT",
  "PERFMOCK_SEED",
  "PERFMOCK_TOKEN",
];

/** The environment as a record, so that nothing here reads the real one. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** What the command line says, as it was typed; undefined where it says nothing. */
export interface CommandLine {
  /** `--config` */
  readonly config?: string | undefined;
  /** `--host` */
  readonly host?: string | undefined;
  /** `--port` */
  readonly port?: string | undefined;
  /** `--seed` */
  readonly seed?: string | undefined;
}

/** A configuration put together from all layers. */
export interface Layered {
  /** As a user would have written it in one file; unchecked. */
  readonly value: Readonly<Record<string, unknown>>;
  /**
   * Names the source in the faults of settings that do not come from the file: `PERFMOCK_PORT` or `--port`.
   *
   * @param issues as validating the value found them
   */
  attribute(issues: readonly Issue[]): readonly Issue[];
}

/** Where a setting lies in the configuration, and what may set it. */
interface Setting {
  readonly path: readonly [string] | readonly [string, string];
  readonly option?: "host" | "port" | "seed";
  readonly variable: string;
  read(text: string): unknown;
}

const SETTINGS: readonly Setting[] = [
  {
    path: ["server", "host"],
    option: "host",
    variable: "PERFMOCK_HOST",
    read: (text) => text,
  },
  {
    path: ["server", "port"],
    option: "port",
    variable: "PERFMOCK_PORT",
    read: numberOrText,
  },
  {
    path: ["seed"],
    option: "seed",
    variable: "PERFMOCK_SEED",
    read: numberOrText,
  },
  {
    path: ["control", "token"],
    variable: "PERFMOCK_TOKEN",
    read: (text) => text,
  },
];

/**
 * The configuration file that was asked for, on the command line or else in the environment.
 *
 * @returns its path; undefined where none was asked for
 */
export function requestedFile(
  commandLine: CommandLine,
  environment: Environment,
): string | undefined {
  return commandLine.config ?? variableOf(environment, "PERFMOCK_CONFIG");
}

/**
 * Lays environment and command line over a file. An empty environment variable counts as not set.
 *
 * @param file the configuration as read; it is not changed
 * @param environment all variables, of which {@linkcode ENVIRONMENT} are read
 * @param commandLine as it was typed
 */
export function applyLayers(
  file: Readonly<Record<string, unknown>>,
  environment: Environment,
  commandLine: CommandLine = {},
): Layered {
  const sources = new Map<string, string>();
  let value = file;
  for (const { path, option, variable, read } of SETTINGS) {
    const typed = option === undefined ? undefined : commandLine[option];
    const text = typed ?? variableOf(environment, variable);
    if (text === undefined) continue;
    const [first, second] = path;
    const within = value[first];
    // What is no object is a fault that the schema has to see: nothing is laid over it.
    if (second !== undefined && within !== undefined && !isRecord(within)) {
      continue;
    }
    const set = read(text);
    value = {
      ...value,
      [first]: second === undefined
        ? set
        : { ...within as object | undefined, [second]: set },
    };
    const source = typed === undefined ? variable : `--${option}`;
    sources.set(toPointer(path), source);
  }
  const hides = (path: string, issue: Issue) =>
    path === "/control/token" && issue.value !== undefined;
  return {
    value,
    attribute: (issues) =>
      issues.map((issue) => {
        const source = sources.get(issue.path);
        if (source === undefined) return issue;
        const message = `${issue.message} (from ${source})`;
        // A secret does not belong into a log.
        return hides(issue.path, issue)
          ? { ...issue, message, value: "…" }
          : { ...issue, message };
      }),
  };
}

function variableOf(
  environment: Environment,
  name: string,
): string | undefined {
  const text = lookUp(environment, [name]);
  return typeof text === "string" && text !== "" ? text : undefined;
}

/** A whole number in decimal digits as a number, anything else as it is: the schema says what is wrong with it. */
function numberOrText(text: string): number | string {
  const number = Number(text);
  return /^\s*[+-]?\d+\s*$/u.test(text) && Number.isSafeInteger(number)
    ? number
    : text;
}
