/**
 * Files that are named as arguments: each is a configuration or a script, as its keys show, so that their order does not matter.
 *
 * @module
 */
import { resolve } from "node:path";
import { readConfig, suggest } from "../config/mod.ts";
import { PerfmockError } from "../errors.ts";

/** Options that name a configuration, and the command that has them. */
interface NamedConfiguration {
  readonly config?: string;
  readonly command?: string;
}

/** Kind of a file. */
export type FileKind = "configuration" | "load script" | "find script";

/** Keys of which a find script has one; it may have routes, too. */
const PROBES = ["page", "beacon", "command"];

/** Keys that tell the kind of a file. */
const KEYS: Readonly<Record<FileKind, readonly string[]>> = {
  configuration: [
    ...["routes", "server", "control", "journal", "sessions"],
    ...["overrides", "backend", "presets", "plugins"],
  ],
  "load script": ["scenarios", "thresholds", "target"],
  "find script": [...PROBES, "budget", "cliffs"],
};

/** The same with an article, for messages. */
const IN_WORDS: Readonly<Record<FileKind, string>> = {
  configuration: "a configuration",
  "load script": "a load script",
  "find script": "a find script",
};

/** Commands that run scripts. */
const RUNS = { "load script": "load", "find script": "find" } as const;

/** Kind of a file by its keys, misspelt ones included; undefined if they do not tell. */
export function kindOf(
  value: Readonly<Record<string, unknown>>,
): FileKind | undefined {
  const written = Object.keys(value);
  if (
    PROBES.some((key) => written.includes(key)) && !("server" in value)
  ) return "find script";
  const counts = (Object.keys(KEYS) as FileKind[]).map((kind) => ({
    kind,
    exact: written.filter((key) => KEYS[kind].includes(key)).length,
    near: written.filter((key) => suggest(key, KEYS[kind]) !== undefined)
      .length,
  }));
  for (const figure of ["exact", "near"] as const) {
    // The first of equal ones: a configuration may have the keys of scripts by mistake.
    const most = counts.reduce((a, b) => b[figure] > a[figure] ? b : a);
    if (most[figure] > 0) return most.kind;
  }
}

/**
 * Kind of a file.
 *
 * @throws PerfmockError if it cannot be read
 */
export async function readKind(file: string): Promise<FileKind | undefined> {
  // Placeholders do not matter to its kind, and each kind has its own.
  const { value } = await readConfig(file, { variables: undefined });
  return kindOf(value);
}

/**
 * Refuses a file of another kind than a command needs, with the call that takes it.
 *
 * @param file path as typed
 * @param value its content
 * @throws PerfmockError `ARGUMENT_INVALID`
 */
export function refuseOtherKind(
  file: string,
  value: Readonly<Record<string, unknown>>,
  wanted: FileKind,
  command = "perfmock serve",
): void {
  const kind = kindOf(value) ?? wanted;
  if (kind === wanted) return;
  const program = command.replace(/ \S+$/, "");
  const keys = Object.keys(value).filter((key) => KEYS[kind].includes(key));
  throw new PerfmockError(
    "ARGUMENT_INVALID",
    `Cannot use ${file} as ${IN_WORDS[wanted]}: it is ${IN_WORDS[kind]}`,
    [{
      path: "",
      message: `${file} has the keys of ${IN_WORDS[kind]}${
        keys.length === 0 ? "" : `: ${keys.join(", ")}`
      }`,
      value: file,
      allowed: IN_WORDS[wanted],
      suggestion: kind === "configuration"
        ? `${command} SCRIPT --config ${file}`
        : `${program} ${RUNS[kind]} ${file}`,
    }],
  );
}

/**
 * Adds the configuration that an argument names to the options.
 *
 * @param file path as typed; undefined for none
 * @throws PerfmockError `ARGUMENT_INVALID` if the options name another one
 */
export function withConfiguration<Options extends NamedConfiguration>(
  options: Options,
  file: string | undefined,
): Options {
  if (file === undefined) return options;
  const { config, command = "perfmock serve" } = options;
  if (config === undefined || resolve(config) === resolve(file)) {
    return { ...options, config: file };
  }
  throw new PerfmockError(
    "ARGUMENT_INVALID",
    "Cannot use two configurations",
    [{
      path: "",
      message: `${file} is a configuration, and so is that of --config`,
      value: config,
      allowed: "one of them",
      suggestion: `${command} --config ${file}`,
    }],
  );
}

/** A script, and options with the configuration that it runs against. */
export interface ScriptCall<Options> {
  /** Path of the script. */
  readonly script: string;
  readonly options: Options;
}

/**
 * Tells a script and a configuration apart.
 *
 * @param first path as typed
 * @param second path as typed; undefined for none
 * @throws PerfmockError `ARGUMENT_INVALID` if both are scripts, or the options name another configuration
 */
export async function scriptAndConfiguration<
  Options extends NamedConfiguration,
>(
  first: string,
  second: string | undefined,
  options: Options,
): Promise<ScriptCall<Options>> {
  if (second === undefined) return { script: first, options };
  const kinds = [await readKind(first), await readKind(second)];
  if (kinds.every((kind) => kind?.endsWith("script"))) {
    const { command = "perfmock load" } = options;
    throw new PerfmockError("ARGUMENT_INVALID", "Cannot run two scripts", [{
      path: "",
      message: `${first} and ${second} are both scripts`,
      value: second,
      allowed: "one script, and the configuration that it runs against",
      suggestion: `${command} ${first}`,
    }]);
  }
  const turned = kinds[0] === "configuration" && kinds[1] !== "configuration";
  const [script, config] = turned ? [second, first] : [first, second];
  return { script, options: withConfiguration(options, config) };
}
