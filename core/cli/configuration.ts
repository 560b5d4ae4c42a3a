/**
 * The configuration of a command: found and read, made into a server, its issues located in the file.
 *
 * @module
 */
import { relative } from "node:path";
import { configurationSchema, createServer } from "../app.ts";
import type { ReplicaOptions } from "../cluster/identity.ts";
import {
  applyLayers,
  type ConfigFile,
  ENVIRONMENT,
  findConfig,
  mayBeTyped,
  type PerfmockInput,
  type Position,
  readConfig,
  requestedFile,
  type TextReader,
  typedBySchema,
  type Variables,
} from "../config/mod.ts";
import { type Issue, PerfmockError } from "../errors.ts";
import type { Awaitable } from "../plugin.ts";
import { parseSegment, type Segment } from "../scale/segment.ts";
import type { Server, ServerOptions } from "../server/server.ts";
import { refuseOtherKind } from "./files.ts";
import {
  LocatedError,
  type LocatedIssue,
  placeIn,
  placesIn,
  type Warning,
} from "./located.ts";

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
  /** Replica to be, as typed. */
  readonly segment?: string;
  /** URL or host at which other replicas reach this one, as typed. */
  readonly advertise?: string;
  /** True to replace placeholders such as `${NAME}` by environment variables. Default false. */
  readonly env?: boolean;
  /** Command that runs, as the user typed it, for hints in messages. Default "perfmock serve". */
  readonly command?: string;
}

/** Returns the variables that placeholders may read; undefined for none. */
export function variablesOf(
  { env }: Pick<ConfigurationOptions, "env">,
): Variables | undefined {
  return env === true ? (name) => Deno.env.get(name) : undefined;
}

/**
 * Returns the replica that the command line names; undefined for none.
 *
 * @throws PerfmockError `ARGUMENT_INVALID` with all errors
 */
export function segmentOf(
  { segment }: Pick<ConfigurationOptions, "segment">,
): Segment | undefined {
  return segment === undefined
    ? undefined
    : parseSegment(segment, (name) => Deno.env.get(name));
}

/** Returns name and address of this replica, as the command line, or the pod that it runs in, gives them. */
function replicaOf(
  { advertise }: Pick<ConfigurationOptions, "advertise">,
): ReplicaOptions {
  return {
    name: Deno.env.get("POD_NAME"),
    advertise: advertise ?? Deno.env.get("POD_IP"),
  };
}

/** A configuration that was read but not validated. */
export interface LoadedConfiguration {
  /** File, environment and command line combined. */
  readonly input: PerfmockInput;
  /** Folder that relative paths start from. */
  readonly folder: string;
  /** Absolute path of the file; undefined without one. */
  readonly file: string | undefined;
  /** Name of the file, as the user would write it; "defaults" without a file. */
  readonly source: string;
  /** Warnings about the file itself. */
  readonly warnings: readonly Warning[];
  /** Adds to warnings of the server their places in the file. */
  located(warnings: readonly Issue[]): Promise<Warning[]>;
  /**
   * Creates a server.
   *
   * @param options whether it listens, and on which port where that is not the configuration's; `serves`: whether plugins may reach
   * other systems, default `listen`; `built`: called before it listens
   * @throws LocatedError with all issues
   */
  createServer(
    options: {
      readonly listen: boolean;
      readonly port?: number;
      readonly serves?: boolean;
      readonly built?: (server: Server) => Promise<void>;
    } & Pick<ServerOptions, "peers" | "sharedPort">,
  ): Promise<Server>;
  /** Runs an operation on the configuration; the issues of its errors are located in the file. */
  locate<T>(operation: () => Promise<T>): Promise<T>;
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
  const file = name === undefined
    ? undefined
    : await readConfig(name, { texts, variables: variablesOf(options) });
  if (file === undefined && !optional) {
    throw new PerfmockError(
      "CONFIG_UNREADABLE",
      "Cannot find a configuration",
      [{
        path: "",
        message: 'There is no deno.json with a key "perfmock" in this folder',
        allowed:
          "that key in deno.json, or a .json, .jsonc or .yaml file named by --config or PERFMOCK_CONFIG",
        suggestion: `${options.command ?? "perfmock serve"} --config FILE`,
      }],
    );
  }
  if (file !== undefined) {
    refuseOtherKind(
      requested ?? relative(".", file.file),
      file.value,
      "configuration",
      options.command,
    );
  }
  const folder = file?.folder ?? Deno.cwd();
  const segment = segmentOf(options);
  const replica = replicaOf(options);
  const layered = applyLayers(
    file === undefined
      ? {}
      : await typed(file, (value) => configurationSchema(value, { folder })),
    environment,
    options,
  );
  const input = layered.value as PerfmockInput;
  const source = file === undefined
    ? "defaults"
    : requested ?? relative(".", file.file);
  const warnings = file === undefined ? [] : placeholderWarnings(file, source);
  const locate = async <T>(operation: () => Promise<T>): Promise<T> => {
    try {
      return await operation();
    } catch (error) {
      if (!(error instanceof PerfmockError)) throw error;
      const positions = await file?.positions(pathsOf(error.issues));
      throw new LocatedError(
        error,
        layered.attribute(error.issues).map((issue, index) => ({
          issue: withVariable(
            options.env === true ? issue : withAdvice(issue),
          ),
          // Issues attributed to another source have no place in the file.
          ...issue === error.issues[index]
            ? positionsOf(issue, index, positions)
            : { position: undefined },
        })),
        source,
        [...warnings, ...await located(error.warnings, file, source)],
      );
    }
  };
  return {
    input,
    folder,
    file: file?.file,
    source,
    warnings,
    located: (warnings) => located(warnings, file, source),
    createServer: ({ listen, port, serves = listen, ...further }) =>
      locate(() =>
        createServer(
          port === undefined ? input : withPort(input, port),
          { folder, listen, serves, segment, replica, ...further },
        )
      ),
    locate,
  };
}

/**
 * Returns the value of a file in which placeholders may have been replaced, with numbers and booleans where the schema wants them.
 *
 * @param schemaOf makes the JSON Schema of the value; called only if it may matter
 */
export async function typed(
  { value, filled }: Pick<ConfigFile, "filled" | "value">,
  schemaOf: (value: ConfigFile["value"]) => Awaitable<Record<string, unknown>>,
): Promise<ConfigFile["value"]> {
  if (!filled.some(mayBeTyped)) return value;
  return typedBySchema(value, filled, await schemaOf(value));
}

/** Adds to warnings their places in a file; undefined for settings that come from no file. */
export async function located(
  warnings: readonly Issue[],
  file: Pick<ConfigFile, "positions"> | undefined,
  source: string,
): Promise<Warning[]> {
  const positions = await file?.positions(pathsOf(warnings));
  return warnings.map((warning, index) => {
    const { position, also } = positionsOf(warning, index, positions);
    return {
      warning,
      place: position && placesIn(source, position, also),
    };
  });
}

/** Pointers of both settings of each issue, one after another. */
function pathsOf(issues: readonly Issue[]): string[] {
  return issues.flatMap(({ path, also = path }) => [path, also]);
}

/** Positions of an issue among those of {@linkcode pathsOf}. */
function positionsOf(
  { also }: Issue,
  index: number,
  positions: readonly Position[] | undefined,
): Pick<LocatedIssue, "position" | "also"> {
  return {
    position: positions?.[2 * index],
    also: also === undefined ? undefined : positions?.[2 * index + 1],
  };
}

/** All warnings about a configuration that a server was made of. */
export async function warningsAbout(
  { warnings, located }: Pick<LoadedConfiguration, "warnings" | "located">,
  server: Pick<Server, "routes" | "warnings">,
): Promise<Warning[]> {
  const none: Issue = {
    path: "/routes",
    message: "There are no routes: every request is answered with 404",
  };
  return [
    ...warnings,
    ...await located([
      ...server.warnings,
      ...server.routes.length === 0 ? [none] : [],
    ]),
  ];
}

/** Warns of placeholders that stay text because `--env` was not given. */
export function placeholderWarnings(
  { placeholders }: Pick<ConfigFile, "placeholders">,
  source: string,
): Warning[] {
  return placeholders.map(({ name, position }) => ({
    warning: {
      path: "",
      message: `\${${name}} stays as it is written`,
      suggestion: "Add --env to replace it by the environment variable",
    },
    place: placeIn(source, position),
  }));
}

/** Adds to advice about a setting the environment variable that sets it, which only commands read. */
function withVariable(issue: Issue): Issue {
  return issue.suggestion === "Set control.token"
    ? { ...issue, suggestion: `${issue.suggestion}, or PERFMOCK_TOKEN` }
    : issue;
}

/** Adds to an error about a placeholder how it would be replaced. */
function withAdvice(issue: Issue): Issue {
  return typeof issue.value === "string" &&
      /(^|[^$])\$\{[A-Z_][A-Z0-9_]*(:-[^}]*)?\}/.test(issue.value)
    ? {
      ...issue,
      suggestion: "Add --env to replace it by the environment variable",
    }
    : issue;
}

/** Sets the port, except where `server` is not an object, which the schema reports. */
function withPort(input: PerfmockInput, port: number): PerfmockInput {
  const { server = {} } = input;
  return typeof server === "object" && server !== null
    ? { ...input, server: { ...server, port } }
    : input;
}
