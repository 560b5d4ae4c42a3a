/**
 * The command line. Each command is loaded when it runs: a server that serves needs no other.
 *
 * @module
 */
import {
  Argument,
  Command,
  CommanderError,
  InvalidArgumentError,
  Option,
} from "commander";
import { ENVIRONMENT } from "../config/mod.ts";
import { PerfmockError } from "../errors.ts";
import { VERSION } from "../version.ts";
import type { ConfigurationOptions } from "./configuration.ts";
import type { CorrelateOptions } from "./correlate.ts";
import type { DrawOptions } from "./draw.ts";
import { addDrift } from "./drift.ts";
import { scriptAndConfiguration, withConfiguration } from "./files.ts";
import type { FindCommandOptions } from "./find.ts";
import type { FitCommandOptions } from "./fit.ts";
import type { ImportCommandOptions } from "./import.ts";
import type { LoadCommandOptions, SimulateOptions } from "./load.ts";
import type { PreviewOptions } from "./preview.ts";
import { addRecord } from "./record.ts";
import type { ServeOptions } from "./serve.ts";
import { printError, type Terminal, terminal } from "./terminal.ts";

export { commandName } from "./command_name.ts";

/** Exit status where the input of the user is invalid. */
const INVALID = 2;
/** A path of a file, which the default command serves. */
const FILE = /[\\/]|\.(?:jsonc?|ya?ml)$/;

/** Exit status of run-time failures. */
const FAILED = 1;

/** Error codes of run-time failures, which valid input can cause. */
const RUN_TIME: ReadonlySet<string> = new Set([
  "PORT_IN_USE",
  "SERVER_NOT_STARTED",
]);

/** Describes an argument that stands for `--config`. */
const SAME = "the same as --config";

/** Surroundings of the command line. */
export interface Surroundings {
  /** Command that starts perfmock, as the user typed it, such as `npx perfmock`: hints name it. Default "perfmock". */
  readonly command?: string | undefined;
}

/**
 * Runs one command.
 *
 * @param args arguments, without the name of the program
 * @param out terminal to print to. Default: that of the process
 * @param surroundings command that the user typed
 * @returns exit status: 0; 1 for a run-time failure, 2 for invalid input, 99 for a crossed threshold or budget, 130 for an
 * interrupted run
 */
export async function main(
  args: readonly string[],
  out: Terminal = terminal(),
  { command = "perfmock" }: Surroundings = {},
): Promise<number> {
  let status = 0;
  const program = createProgram(command, out, (result) => status = result);
  // Checked here because the default command would take an unknown command as its own argument.
  const [word] = args;
  const names = program.commands.map((command) => command.name());
  if (
    word !== undefined && !word.startsWith("-") && word !== "help" &&
    !names.includes(word) && !FILE.test(word)
  ) {
    // Loaded here, because a command that exists does not need it.
    const { meant } = await import("../config/mod.ts");
    const near = meant(word, names);
    out.writeError(
      `error: unknown command '${word}'\n${
        near === undefined
          ? `(There are ${names.join(", ")})`
          : `(Did you mean ${near}?)`
      }\n`,
    );
    return INVALID;
  }
  try {
    await program.parseAsync([...args], { from: "user" });
    return status;
  } catch (error) {
    if (error instanceof CommanderError) {
      return error.exitCode === 0 ? 0 : INVALID;
    }
    if (error instanceof PerfmockError) {
      printError(inOptions(error), out);
      return RUN_TIME.has(error.code) ? FAILED : INVALID;
    }
    throw error;
  }
}

/** Options of settings for which a server that cannot listen suggests other values. */
const OPTIONS: Readonly<Record<string, string>> = {
  "/server/host": "--host",
  "/server/port": "--port",
};

/** Suggests an option for an address that cannot be used, where a program would change its configuration. */
function inOptions(error: PerfmockError): PerfmockError {
  if (!RUN_TIME.has(error.code)) return error;
  const { code, message, issues, cause } = error;
  return new PerfmockError(
    code,
    message,
    issues.map((issue) =>
      Object.hasOwn(OPTIONS, issue.path) && issue.suggestion !== undefined
        ? { ...issue, suggestion: `${OPTIONS[issue.path]} ${issue.suggestion}` }
        : issue
    ),
    { cause },
  );
}

/** Defines the commands below one that the user typed; `finish` receives the exit status of the one that runs. */
export function createProgram(
  typed: string,
  out: Terminal,
  finish: (status: number) => void,
): Command {
  const program = new Command(typed)
    .description("HTTP API mock server for performance engineers")
    .version(VERSION, "-V, --version", "print the version")
    // Options after `load merge` are those of `merge`.
    .enablePositionalOptions()
    .showSuggestionAfterError()
    .showHelpAfterError("(Add --help for usage)")
    .configureOutput({
      writeOut: (text) => out.write(text),
      writeErr: (text) => out.writeError(text),
    })
    .addHelpText(
      "after",
      `
Command line takes precedence over environment, environment over file.
Environment variables: ${ENVIRONMENT.join(", ")}`,
    )
    .hook("preAction", (_, action) => {
      action.setOptionValue("command", `${typed} ${action.name()}`);
    })
    .exitOverride();
  program.command("serve", { isDefault: true })
    .description("serve the configuration until SIGINT or SIGTERM")
    .argument("[config]", SAME)
    .addOption(configOption())
    .addOption(envOption())
    .option(
      "--host <host>",
      "host name or address to listen on (default: 127.0.0.1)",
    )
    .option(
      "--port <port>",
      "port to listen on, 0 for any free port (default: 8080)",
    )
    .option(
      "--seed <seed>",
      "seed of all random draws, a whole number or a word (default: 42)",
    )
    .option(
      "--ready-file <file>",
      "file to write { url, pid } to once the server listens",
    )
    .option(
      "--processes <n>",
      "number of processes that share the port, each with its segment; auto for one for each processor",
    )
    .option(
      "--watch",
      "read the configuration again whenever its file is saved",
    )
    .addOption(segmentOption())
    .option(
      "--advertise <url>",
      "URL or host at which other replicas reach this one, with shared (default: POD_IP, or the address it listens on)",
    )
    .option("--quiet", "print errors only")
    .action(async (file: string | undefined, given: ServeOptions) => {
      const options = withConfiguration(given, file);
      if (given.processes === undefined) {
        const { serve } = await import("./serve.ts");
        finish(await serve(options, out));
      } else {
        const { serveProcesses } = await import("./serve_processes.ts");
        finish(await serveProcesses(options, out));
      }
    });
  program.command("check")
    .description(
      "validate configurations, load scripts and find scripts and list all errors in them",
    )
    .argument("[file...]", "the files (default: as for --config)")
    .addOption(segmentOption())
    .addOption(configOption())
    .addOption(envOption())
    .action(async (files: string[], options: ConfigurationOptions) => {
      const { check } = await import("./check.ts");
      finish(await check(files, options, out));
    });
  program.command("explain")
    .description("print mean, percentiles and histogram of a distribution")
    .argument(
      "<distribution>",
      "JSON, text form such as 'lognormal(median=120ms, p99=800ms)', or name of a profile",
    )
    .argument("[config]", SAME)
    .addOption(configOption())
    .addOption(envOption())
    .action(
      async (
        text: string,
        file: string | undefined,
        options: ConfigurationOptions,
      ) => {
        const { explain } = await import("./explain.ts");
        finish(await explain(text, withConfiguration(options, file), out));
      },
    );
  program.command("fit")
    .description(
      "fit a distribution to measured durations: percentiles, Prometheus, HdrHistogram, CSV, k6, Gatling, JMeter",
    )
    .argument(
      "<file>",
      "the file, plain or compressed by gzip; - for standard input",
    )
    .argument("[config]", SAME)
    .option(
      "--unit <unit>",
      "unit of durations without one: s, ms, us or ns (default: that of the format, or ms)",
    )
    .option(
      "--format <name>",
      "name of the format (default: the one that the file shows)",
    )
    .addOption(
      new Option(
        "--select <name=value>",
        "label that the durations must have; repeatable",
      ).argParser((
        label,
        labels: readonly string[] = [],
      ) => [...labels, label]),
    )
    .option("--merge", "fit durations of different labels as one")
    .option("--column <name>", "column of a table with the durations")
    .option("--json", "print all figures as JSON")
    .addOption(
      new Option(
        "--out <file>",
        "file to write the fit to: .yaml or .json; repeatable",
      ).argParser((file, files: readonly string[] = []) => [...files, file]),
    )
    .addOption(configOption())
    .addOption(envOption())
    .action(
      async (
        file: string,
        config: string | undefined,
        options: FitCommandOptions & ConfigurationOptions,
      ) => {
        const { fit } = await import("./fit.ts");
        finish(await fit(file, withConfiguration(options, config), out));
      },
    );
  program.command("draw")
    .description("print the service time of one request, in ms")
    .argument("[config]", SAME)
    .requiredOption("--route <id>", "id of the route")
    .requiredOption(
      "--sequence <n>",
      "zero-based index of the request on the route",
    )
    .option(
      "--key <value>",
      "value of the header that the route's sampling.key names",
    )
    .option("--seed <seed>", "seed (default: the configuration's)")
    .addOption(segmentOption())
    .addOption(configOption())
    .addOption(envOption())
    .action(async (file: string | undefined, options: DrawOptions) => {
      const { draw } = await import("./draw.ts");
      finish(await draw(withConfiguration(options, file), out));
    });
  program.command("preview")
    .description("print the values of a signal over time, with bars")
    .argument(
      "<signal>",
      "JSON, YAML such as '{ramp: {from: 10/s, to: 400/s, over: 30s}}', or a file that contains it",
    )
    .option("--unit <unit>", "unit of the values: rate or number", "rate")
    .option(
      "--over <duration>",
      "duration to show, such as 30s (default: to the signal's end, 2m if it has none)",
    )
    .option("--points <n>", "number of points, 2 to 1000", "25")
    .action(async (text: string, options: PreviewOptions) => {
      const { preview } = await import("./preview.ts");
      finish(await preview(text, options, out));
    });
  const loading = program.command("load")
    .description("run a load script over HTTP")
    .argument("<script>", ".yaml or .json file")
    .argument("[config]", SAME)
    .option(
      "--workers <host:port,…>",
      "perfmock servers that send the load, each its share (token: PERFMOCK_TOKEN)",
    )
    .option(
      "--start-at <time>",
      "moment of the start, such as 2026-11-29T14:30:00Z, for several processes with --segment",
    )
    .option(
      "--target <url>",
      "URL to send requests to (default: the script's target; without one, a server with the configuration)",
    )
    .addOption(outOption())
    .option(
      "--seed <seed>",
      "seed of the configuration, and of a script without one (default: the configuration's)",
    )
    .addOption(segmentOption())
    .addOption(configOption())
    .addOption(envOption())
    .action(
      async (
        file: string,
        config: string | undefined,
        given: LoadCommandOptions,
      ) => {
        const { load } = await import("./load.ts");
        const { script, options } = await scriptAndConfiguration(
          file,
          config,
          given,
        );
        finish(await load(script, options, out));
      },
    );
  loading.command("merge")
    .description(
      "make one result of the shares that load --segment i/n --out FILE.json has written",
    )
    .argument("<file...>", ".json files, one for each share")
    .addOption(outOption())
    .addOption(configOption())
    .addOption(envOption())
    .action(async (files: string[], options: SimulateOptions) => {
      const { mergeShares } = await import("./load.ts");
      finish(await mergeShares(files, options, out));
    });
  program.command("simulate")
    .description("run a load script in virtual time, without sockets or delays")
    .argument("<script>", ".yaml or .json file")
    .argument("[config]", SAME)
    .addOption(outOption())
    .option(
      "--seed <seed>",
      "seed of the configuration, and of a script without one (default: the configuration's)",
    )
    .addOption(segmentOption())
    .addOption(configOption())
    .addOption(envOption())
    .action(
      async (
        file: string,
        config: string | undefined,
        given: SimulateOptions,
      ) => {
        const { simulate } = await import("./load.ts");
        const { script, options } = await scriptAndConfiguration(
          file,
          config,
          given,
        );
        finish(await simulate(script, options, out));
      },
    );
  for (
    const [name, description] of [
      [
        "find",
        "find which routes make a page slow, and where it breaks: load it many times while response times change by a plan",
      ],
      [
        "sweep",
        "measure a page at ×1, ×2, ×4 and ×8 of each route's response time",
      ],
    ] as const
  ) {
    program.command(name)
      .description(description)
      .argument("<script>", ".yaml or .json file")
      .argument("[config]", SAME)
      .addOption(answerOption())
      .option(
        "--seed <seed>",
        "seed of the configuration, and of a script without one (default: the configuration's)",
      )
      .option("--host <host>", "host name or address to listen on")
      .option(
        "--port <port>",
        "port to listen on, 0 for any free port (default: the configuration's, or 8080)",
      )
      .addOption(configOption())
      .addOption(envOption())
      .action(
        async (
          file: string,
          config: string | undefined,
          given: FindCommandOptions,
        ) => {
          const { [name]: run } = await import("./find.ts");
          const { script, options } = await scriptAndConfiguration(
            file,
            config,
            given,
          );
          finish(await run(script, options, out));
        },
      );
  }
  program.command("import")
    .description(
      "make a configuration, and a load script, of OpenAPI documents, HARs, access logs, files of WireMock, Mockoon, MockServer, Hoverfly, range queries of Prometheus, and recordings of perfmock",
    )
    .argument(
      "<file...>",
      "files, plain or compressed by gzip, or folders of stubs; - for standard input",
    )
    .option("--out <file>", "file for the configuration (default: print it)")
    .option(
      "--script <file>",
      "file for a load script that sends the recorded traffic",
    )
    .option(
      "--format <name>",
      "openapi, har, access-log, wiremock, mockoon, mockserver, hoverfly, prometheus or recording (default: found by the content)",
    )
    .option(
      "--log-format <format>",
      "combined, common, ingress-nginx, traefik, envoy, istio, haproxy, json, or the format string of nginx, Apache or Envoy (default: found by the first lines)",
    )
    .addOption(
      new Option(
        "--host <host>",
        "host whose requests of a HAR are taken, or *; repeatable (default: those of its pages)",
      ).argParser((host, hosts: readonly string[] = []) => [...hosts, host]),
    )
    .option(
      "--route-label <label>",
      "label of Prometheus that names the route (default: one of the usual names)",
    )
    .option("--strict", "refuse files that cannot be imported completely")
    .addOption(configOption())
    .addOption(envOption())
    .action(async (files: string[], options: ImportCommandOptions) => {
      const { importFiles } = await import("./import.ts");
      finish(await importFiles(files, options, out));
    });
  addRecord(program, out, finish);
  addDrift(program, out, finish);
  program.command("correlate")
    .description("ask a running server where browsers' time went, by route")
    .argument("[url]", "the same as --url")
    .option(
      "--url <url>",
      "URL of the server; with a path, of its control API",
      "http://127.0.0.1:8080",
    )
    .option("--session <name>", "answer for one session")
    .option("--json", "print JSON; of a page load with --page")
    .option("--page <id>", "id of a page load, or latest")
    .option(
      "--waterfall <file>",
      "file for the waterfall of the page load, by default the latest: .svg, or .html with the tables beside it",
    )
    .action(async (own: string | undefined, options: CorrelateOptions) => {
      const { correlate } = await import("./correlate.ts");
      const token = Deno.env.get("PERFMOCK_TOKEN");
      const { url } = options;
      finish(await correlate({ ...options, url: own ?? url }, out, token));
    });
  program.command("schema")
    .description(
      "print the JSON Schema of the configuration, of load scripts or of find scripts",
    )
    .addArgument(
      new Argument("[of]", "what the JSON Schema describes")
        .choices(DESCRIBED).default("configuration").argParser(described),
    )
    .argument("[config]", SAME)
    .addOption(configOption())
    .addOption(envOption())
    .action(
      async (
        of: Described | File,
        file: string | undefined,
        options: ConfigurationOptions,
      ) => {
        const { schema } = await import("./check.ts");
        const [what, config] = typeof of === "string"
          ? [of, file]
          : ["configuration" as const, of.file];
        finish(await schema(what, withConfiguration(options, config), out));
      },
    );
  for (const command of program.commands) {
    command.copyInheritedSettings(program).exitOverride()
      .helpOption("-h, --help", "print this help");
  }
  return program.helpOption("-h, --help", "print this help")
    .helpCommand("help [command]", "print the help of a command");
}

/** Subjects of JSON Schemas. */
const DESCRIBED = ["configuration", "load", "find"] as const;

type Described = typeof DESCRIBED[number];

/** A file in the place of another argument. */
interface File {
  readonly file: string;
}

/** Reads the subject of a JSON Schema: a word, or the configuration whose plugins count. */
function described(text: string): Described | File {
  const word = DESCRIBED.find((each) => each === text);
  if (word !== undefined) return word;
  if (FILE.test(text)) return { file: text };
  throw new InvalidArgumentError(
    `Allowed choices are ${DESCRIBED.join(", ")}.`,
  );
}

/** Makes the option `--out`, which is repeatable. */
function outOption(): Option {
  return new Option(
    "--out <file>",
    "file to write results to: .json for the summary, .csv for the time series, .hgrm for the histogram; repeatable",
  ).argParser((file, files: readonly string[] = []) => [...files, file]);
}

/** Makes the option `--out` of an experiment, which is repeatable. */
function answerOption(): Option {
  return new Option(
    "--out <file>",
    "file to write the answer to: .json, .md, or .html with drawings; repeatable",
  ).argParser((file, files: readonly string[] = []) => [...files, file]);
}

/** Makes the option `--env`. */
function envOption(): Option {
  return new Option(
    "--env",
    "replace ${NAME} and ${NAME:-default} in files by environment variables",
  );
}

/** Makes the option `--segment`. */
function segmentOption(): Option {
  return new Option(
    "--segment <i/n>",
    "be replica i, from 0, of n that together behave as one; auto/n takes i from JOB_COMPLETION_INDEX or the end of the pod's name",
  );
}

function configOption(): Option {
  return new Option(
    "--config <file>",
    '.json, .jsonc or .yaml file (default: key "perfmock" of deno.json)',
  );
}
