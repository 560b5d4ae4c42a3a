/**
 * Where the command line's configuration comes from, and where in it a fault lies.
 *
 * @module
 */
import { relative } from "node:path";
import {
  applyLayers,
  ENVIRONMENT,
  findConfig,
  type PerfmockInput,
  type Position,
  readConfig,
  requestedFile,
} from "../config/mod.ts";
import { type Issue, PerfmockError } from "../errors.ts";

/** The options that every command with a configuration takes. */
export interface ConfigurationOptions {
  /** The configuration file. */
  readonly config?: string;
  /** Where to listen. */
  readonly host?: string;
  /** The port, as typed. */
  readonly port?: string;
  /** The seed, as typed. */
  readonly seed?: string;
}

/** A configuration, and what is needed to speak of it. */
export interface LoadedConfiguration {
  /** File, environment and command line together, unchecked. */
  readonly input: PerfmockInput;
  /** Where relative paths start from. */
  readonly folder: string;
  /** The file, as the user would name it. */
  readonly source: string;
  /** Does something with it; faults are given their places in the file. */
  use<T>(work: () => Promise<T>): Promise<T>;
}

/** A fault, and where in a file it lies, if it does. */
interface Located {
  readonly issue: Issue;
  readonly position: Position | undefined;
}

/** A PerfmockError whose faults have places in a file, in the order of the file. */
export class LocatedError extends PerfmockError {
  /** For each fault `file:line:column`, or undefined where it does not come from the file. */
  readonly places: readonly (string | undefined)[];

  /**
   * Takes over an error.
   *
   * @param error what was thrown
   * @param faults its faults, with the names of their sources
   * @param source the file, as the user would name it
   */
  constructor(
    error: PerfmockError,
    faults: readonly Located[],
    source: string,
  ) {
    const ordered = faults.toSorted(({ position: a }, { position: b }) =>
      a === undefined || b === undefined
        ? Number(b === undefined) - Number(a === undefined)
        : a.line - b.line || a.column - b.column
    );
    super(
      error.code,
      error.message,
      ordered.map(({ issue }) => issue),
      { cause: error.cause },
    );
    this.places = ordered.map(({ position }) =>
      position && `${source}:${position.line}:${position.column}`
    );
  }
}

/**
 * Reads the configuration that the command line, the environment or the working directory names.
 *
 * @param options as typed
 * @param optional whether a command can do without one
 * @throws PerfmockError where there is none, or it cannot be read
 */
export async function loadConfiguration(
  options: ConfigurationOptions,
  optional = false,
): Promise<LoadedConfiguration> {
  const environment = Object.fromEntries(
    ENVIRONMENT.map((name) => [name, Deno.env.get(name)]),
  );
  const requested = requestedFile(options, environment);
  const name = requested ?? await findConfig(Deno.cwd());
  const file = name === undefined ? undefined : await readConfig(name);
  if (file === undefined && !optional) {
    throw new PerfmockError(
      "CONFIG_UNREADABLE",
      "Cannot find a configuration",
      [{
        path: "",
        message: 'There is no deno.json with a key "perfmock" in this folder',
        allowed:
          "that key in deno.json, or a .json, .jsonc or .yaml file named by --config or PERFMOCK_CONFIG",
        suggestion: "perfmock serve --config FILE",
      }],
    );
  }
  const layered = applyLayers(file?.value ?? {}, environment, options);
  const source = file === undefined
    ? "defaults"
    : requested ?? relative(".", file.file);
  return {
    input: layered.value as PerfmockInput,
    folder: file?.folder ?? Deno.cwd(),
    source,
    async use(work) {
      try {
        return await work();
      } catch (error) {
        if (!(error instanceof PerfmockError)) throw error;
        throw new LocatedError(
          error,
          layered.attribute(error.issues).map((issue, index) => ({
            issue,
            // What was attributed to another source is not in the file.
            position: issue === error.issues[index]
              ? file?.position(issue.path)
              : undefined,
          })),
          source,
        );
      }
    },
  };
}
