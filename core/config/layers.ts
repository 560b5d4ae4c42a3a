/**
 * Layers of a configuration. The command line takes precedence over the environment, the environment over the file; the
 * schema's defaults apply last.
 *
 * @module
 */
import type { Issue } from "../errors.ts";
import { lookUp, toPointer } from "../lib/pointer.ts";
import { isRecord } from "./_schema_lookup.ts";

/** All environment variables that perfmock reads. */
export const ENVIRONMENT: readonly string[] = [
  "PERFMOCK_CONFIG",
  "PERFMOCK_HOST",
  "PERFMOCK_PORT",
  "PERFMOCK_SEED",
  "PERFMOCK_TOKEN",
];

/** Environment variables by name. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** Options of the command line as typed; undefined where absent. */
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

/** A configuration assembled from all layers. */
export interface Layered {
  /** The configuration, as it would be written in one file; not validated. */
  readonly value: Readonly<Record<string, unknown>>;
  /**
   * Adds the source, such as `PERFMOCK_PORT` or `--port`, to the issues of settings that do not come from the file.
   *
   * @param issues issues found in the value
   */
  attribute(issues: readonly Issue[]): readonly Issue[];
}

/** A setting that can come from outside the file. */
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
 * Returns the configuration file that the command line or else the environment names.
 *
 * @returns path as typed; undefined if neither names one
 */
export function requestedFile(
  commandLine: CommandLine,
  environment: Environment,
): string | undefined {
  return commandLine.config ?? variableOf(environment, "PERFMOCK_CONFIG");
}

/**
 * Applies environment and command line to the configuration of a file. Empty environment variables are ignored.
 *
 * @param file the configuration as read; it is not changed
 * @param environment variables by name; only those in {@linkcode ENVIRONMENT} are read
 * @param commandLine options as typed
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
    // A value of the wrong type is left in place for the schema to report.
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
        // Secrets must not appear in logs.
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

/** Returns a whole number in decimal digits as a number, any other text unchanged for the schema to report. */
function numberOrText(text: string): number | string {
  const number = Number(text);
  return /^\s*[+-]?\d+\s*$/u.test(text) && Number.isSafeInteger(number)
    ? number
    : text;
}
