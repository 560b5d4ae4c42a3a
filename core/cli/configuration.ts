/**
 * The configuration of a command: found and read, made into a server, its issues located in the file.
 *
 * @module
 */
import { relative } from "node:path";
import { createServer } from "../app.ts";
import {
  applyLayers,
  ENVIRONMENT,
  findConfig,
  type PerfmockInput,
  type Position,
  readConfig,
  requestedFile,
  type TextReader,
} from "../config/mod.ts";
import { type Issue, PerfmockError } from "../errors.ts";
import type { Server } from "../server/server.ts";

/** Options of every command that reads a configuration. */
export interface ConfigurationOptions {
  /** Configuration file. */
  readonly config?: string;
  /** Host name or address to listen on. */
  readonly host?: string;
  /** Port, as typed. */
  readonly port?: string;
  /** Seed, as typed. */
  readonly seed?: string;
}

/** A configuration that was read but not validated. */
export interface LoadedConfiguration {
  /** File, environment and command line combined. */
  readonly input: PerfmockInput;
  /** Folder that relative paths start from. */
  readonly folder: string;
  /** Name of the file, as the user would write it; "defaults" without a file. */
  readonly source: string;
  /**
   * Creates a server.
   *
   * @param options whether it listens, and on which port where that is not the configuration's; `serves`: whether plugins may reach
   * other systems, default `listen`
   * @throws LocatedError with all issues
   */
  createServer(
    options: {
      readonly listen: boolean;
      readonly port?: number;
      readonly serves?: boolean;
    },
  ): Promise<Server>;
  /** Runs an operation on the configuration; the issues of its errors are located in the file. */
  locate<T>(operation: () => Promise<T>): Promise<T>;
}

/** An issue and its position in a file; undefined where it does not come from the file. */
export interface LocatedIssue {
  readonly issue: Issue;
  readonly position: Position | undefined;
}

/** A PerfmockError whose issues have places in a file, sorted by place. */
export class LocatedError extends PerfmockError {
  /** Place of each issue as `file:line:column`; undefined where it does not come from the file. */
  readonly places: readonly (string | undefined)[];

  /**
   * Copies an error.
   *
   * @param error the error
   * @param issues its issues with their positions
   * @param source name of the file, as the user would write it
   */
  constructor(
    error: PerfmockError,
    issues: readonly LocatedIssue[],
    source: string,
  ) {
    const ordered = issues.toSorted(({ position: a }, { position: b }) =>
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
 * @param how `optional`: true for commands that work without a configuration file; `texts`: thread that parses the file, default
 * this one
 * @throws PerfmockError where there is none, or it cannot be read
 */
export async function loadConfiguration(
  options: ConfigurationOptions,
  { optional = false, texts }: {
    readonly optional?: boolean;
    readonly texts?: TextReader;
  } = {},
): Promise<LoadedConfiguration> {
  const environment = Object.fromEntries(
    ENVIRONMENT.map((name) => [name, Deno.env.get(name)]),
  );
  const requested = requestedFile(options, environment);
  const name = requested ?? await findConfig(Deno.cwd(), texts);
  const file = name === undefined ? undefined : await readConfig(name, texts);
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
  const input = layered.value as PerfmockInput;
  const folder = file?.folder ?? Deno.cwd();
  const source = file === undefined
    ? "defaults"
    : requested ?? relative(".", file.file);
  const locate = async <T>(operation: () => Promise<T>): Promise<T> => {
    try {
      return await operation();
    } catch (error) {
      if (!(error instanceof PerfmockError)) throw error;
      const positions = await file?.positions(
        error.issues.map(({ path }) => path),
      );
      throw new LocatedError(
        error,
        layered.attribute(error.issues).map((issue, index) => ({
          issue,
          // Issues attributed to another source have no place in the file.
          position: issue === error.issues[index]
            ? positions?.[index]
            : undefined,
        })),
        source,
      );
    }
  };
  return {
    input,
    folder,
    source,
    createServer: ({ listen, port, serves = listen }) =>
      locate(() =>
        createServer(
          port === undefined ? input : withPort(input, port),
          { folder, listen, serves },
        )
      ),
    locate,
  };
}

/** Sets the port, except where `server` is not an object, which the schema reports. */
function withPort(input: PerfmockInput, port: number): PerfmockInput {
  const { server = {} } = input;
  return typeof server === "object" && server !== null
    ? { ...input, server: { ...server, port } }
    : input;
}
