/**
 * The command line.
 *
 * @module
 */
import { Argument, Command, CommanderError, Option } from "commander";
import { ENVIRONMENT } from "../config/mod.ts";
import { PerfmockError } from "../errors.ts";
import { suggest } from "../lib/suggest.ts";
import { VERSION } from "../version.ts";
import { check, schema } from "./check.ts";
import type { ConfigurationOptions } from "./configuration.ts";
import { correlate, type CorrelateOptions } from "./correlate.ts";
import { draw } from "./draw.ts";
import { addDrift } from "./drift.ts";
import { explain } from "./explain.ts";
import { find, type FindCommandOptions, sweep } from "./find.ts";
import { fit, type FitCommandOptions } from "./fit.ts";
import { type ImportCommandOptions, importFiles } from "./import.ts";
import {
  load,
  type LoadCommandOptions,
  simulate,
  type SimulateOptions,
} from "./load.ts";
import { preview, type PreviewOptions } from "./preview.ts";
import { addRecord } from "./record.ts";
import { serve } from "./serve.ts";
import { serveProcesses } from "./serve_processes.ts";
import { printError, type Terminal, terminal } from "./terminal.ts";

export { commandName } from "./command_name.ts";

/** Exit status where the input of the user is invalid. */
const INVALID = 2;
/** Exit status of run-time failures. */
const FAILED = 1;

/** Error codes of run-time failures, which valid input can cause. */
const RUN_TIME: ReadonlySet<string> = new Set([
  "PORT_IN_USE",
  "SERVER_NOT_STARTED",
]);

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
    !names.includes(word)
  ) {
    const meant = suggest(word, names);
    out.writeError(
      `error: unknown command '${word}'\n${
        meant === undefined
          ? `(There are ${names.join(", ")})`
          : `(Did you mean ${meant}?)`
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
      printError(error, out);
      return RUN_TIME.has(error.code) ? FAILED : INVALID;
    }
    throw error;
  }
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
    .action(async (options) =>
      finish(
        await (options.processes === undefined
          ? serve(options, out)
          : serveProcesses(options, out)),
      )
    );
  program.command("check")
    .description(
      "validate a configuration, a load script or a find script and list all errors in it",
    )
    .argument("[file]", "the file (default: as for --config)")
    .addOption(segmentOption())
    .addOption(configOption())
    .addOption(envOption())
    .action(async (file: string | undefined, options: ConfigurationOptions) =>
      finish(await check(file, options, out))
    );
  program.command("explain")
    .description("print mean, percentiles and histogram of a distribution")
    .argument(
      "<distribution>",
      "JSON, text form such as 'lognormal(median=120ms, p99=800ms)', or name of a profile",
    )
    .addOption(configOption())
    .addOption(envOption())
    .action(async (text: string, options: ConfigurationOptions) =>
      finish(await explain(text, options, out))
    );
  program.command("fit")
    .description(
      "fit a distribution to measured durations: percentiles, Prometheus, HdrHistogram, CSV, k6, Gatling, JMeter",
    )
    .argument(
      "<file>",
      "the file, plain or compressed by gzip; - for standard input",
    )
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
    .action(async (file: string, options: FitCommandOptions) =>
      finish(await fit(file, options, out))
    );
  program.command("draw")
    .description("print the service time of one request, in ms")
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
    .action(async (options) => finish(await draw(options, out)));
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
    .action(async (text: string, options: PreviewOptions) =>
      finish(await preview(text, options, out))
    );
  program.command("load")
    .description("run a load script over HTTP")
    .argument("<script>", ".yaml or .json file")
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
    .action(async (file: string, options: LoadCommandOptions) =>
      finish(await load(file, options, out))
    );
  program.command("simulate")
    .description("run a load script in virtual time, without sockets or delays")
    .argument("<script>", ".yaml or .json file")
    .addOption(outOption())
    .option(
      "--seed <seed>",
      "seed of the configuration, and of a script without one (default: the configuration's)",
    )
    .addOption(segmentOption())
    .addOption(configOption())
    .addOption(envOption())
    .action(async (file: string, options: SimulateOptions) =>
      finish(await simulate(file, options, out))
    );
  for (
    const [name, run, description] of [
      [
        "find",
        find,
        "find which routes make a page slow, and where it breaks: load it many times while response times change by a plan",
      ],
      [
        "sweep",
        sweep,
        "measure a page at ×1, ×2, ×4 and ×8 of each route's response time",
      ],
    ] as const
  ) {
    program.command(name)
      .description(description)
      .argument("<script>", ".yaml or .json file")
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
      .action(async (file: string, options: FindCommandOptions) =>
        finish(await run(file, options, out))
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
    .action(async (files: string[], options: ImportCommandOptions) =>
      finish(await importFiles(files, options, out))
    );
  addRecord(program, out, finish);
  addDrift(program, out, finish);
  program.command("correlate")
    .description("ask a running server where browsers' time went, by route")
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
    .action(async (options: CorrelateOptions) =>
      finish(
        await correlate(options, out, Deno.env.get("PERFMOCK_TOKEN")),
      )
    );
  program.command("schema")
    .description(
      "print the JSON Schema of the configuration, of load scripts or of find scripts",
    )
    .addArgument(
      new Argument("[of]", "what the JSON Schema describes")
        .choices(["configuration", "load", "find"]).default("configuration"),
    )
    .addOption(configOption())
    .addOption(envOption())
    .action(
      async (
        of: "configuration" | "find" | "load",
        options: ConfigurationOptions,
      ) => finish(await schema(of, options, out)),
    );
  for (const command of program.commands) {
    command.copyInheritedSettings(program).exitOverride()
      .helpOption("-h, --help", "print this help");
  }
  return program.helpOption("-h, --help", "print this help")
    .helpCommand("help [command]", "print the help of a command");
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
