/**
 * The command line.
 *
 * @module
 */
import { Command, CommanderError, Option } from "commander";
import { suggest } from "../config/mod.ts";
import { PerfmockError } from "../errors.ts";
import { VERSION } from "../version.ts";
import { check } from "./check.ts";
import type { ConfigurationOptions } from "./configuration.ts";
import { draw } from "./draw.ts";
import { explain } from "./explain.ts";
import { load, type LoadCommandOptions } from "./load.ts";
import { preview, type PreviewOptions } from "./preview.ts";
import { printFaults, type Terminal, terminal } from "./output.ts";
import { schema } from "./schema.ts";
import { serve } from "./serve.ts";
import { simulate, type SimulateOptions } from "./simulate.ts";

/** What a command ends with when a user's input was at fault. */
const INVALID = 2;
/** What a command ends with when something failed while it ran. */
const FAILED = 1;

/** The errors that are no user's mistake in what she wrote, but of the moment. */
const RUN_TIME: ReadonlySet<string> = new Set([
  "PORT_IN_USE",
  "SERVER_NOT_STARTED",
]);

/**
 * Runs one command.
 *
 * @param args the arguments, without the program's own name
 * @param out where it prints; the process's own terminal where absent
 * @returns the exit status: 0, 1 where something failed at run time, 2 where what was asked for is not valid, 99 where a threshold
 * was not kept
 */
export async function main(
  args: readonly string[],
  out: Terminal = terminal(),
): Promise<number> {
  let status = 0;
  const run =
    <Options>(command: (options: Options, out: Terminal) => Promise<number>) =>
    async (options: Options) => {
      status = await command(options, out);
    };
  const program = new Command("perfmock")
    .description(
      "An HTTP API mock server that answers exactly as late as you tell it to",
    )
    .version(VERSION)
    .showSuggestionAfterError()
    .showHelpAfterError("(--help shows all there is)")
    .configureOutput({
      writeOut: (text) => out.write(text),
      writeErr: (text) => out.complain(text),
    })
    .exitOverride();
  program.command("serve", { isDefault: true })
    .description("serve the configured API until a signal ends it")
    .addOption(configOption())
    .option("--host <host>", "where to listen")
    .option("--port <port>", "0 picks a free one")
    .option(
      "--seed <seed>",
      "a whole number or a word; the same seed, the same draws",
    )
    .option(
      "--ready-file <file>",
      "is given { url, pid } once the server listens",
    )
    .option("--quiet", "print nothing but errors")
    .action(run(serve));
  program.command("check")
    .description("validate a configuration and list every fault in it")
    .addOption(configOption())
    .action(run(check));
  program.command("explain")
    .description("tell what a distribution will look like")
    .argument(
      "<distribution>",
      "JSON, lognormal(median=120ms, p99=800ms), or a profile's name",
    )
    .addOption(configOption())
    .action(async (text: string, options: ConfigurationOptions) => {
      status = await explain(text, options, out);
    });
  program.command("draw")
    .description("print the service time, in ms, that an exchange gets")
    .requiredOption("--route <id>", "the route's id")
    .requiredOption("--sequence <n>", "its how-manieth request, from 0")
    .option("--key <value>", "of the header that the route samples by")
    .option("--seed <seed>", "instead of the configuration's")
    .addOption(configOption())
    .action(run(draw));
  program.command("preview")
    .description("tell what a signal does over time")
    .argument(
      "<signal>",
      "JSON, YAML such as '{ramp: {from: 10/s, to: 400/s, over: 30s}}', or a file that holds it",
    )
    .option("--unit <unit>", "what its values are: rate or number", "rate")
    .option("--over <duration>", "how much of it")
    .option("--points <n>", "how many points", "25")
    .action(async (text: string, options: PreviewOptions) => {
      status = await preview(text, options, out);
    });
  program.command("load")
    .description("run a load script over HTTP")
    .argument("<script>", "a .yaml or .json file")
    .option(
      "--target <url>",
      "where requests go; without one, the configuration is served itself",
    )
    .addOption(outOption())
    .addOption(configOption())
    .action(async (file: string, options: LoadCommandOptions) => {
      status = await load(file, options, out);
    });
  program.command("simulate")
    .description("run a load script in virtual time: no sockets, no waiting")
    .argument("<script>", "a .yaml or .json file")
    .addOption(outOption())
    .addOption(configOption())
    .action(async (file: string, options: SimulateOptions) => {
      status = await simulate(file, options, out);
    });
  program.command("schema")
    .description("print the JSON Schema of the configuration")
    .addOption(configOption())
    .action(run(schema));
  // exitOverride is not inherited by commands that are added before it is set, nor is the output.
  for (const command of program.commands) {
    command.copyInheritedSettings(program).exitOverride();
  }
  // The default command would take a misspelt one for an argument of its own.
  const [word] = args;
  if (
    word !== undefined && !word.startsWith("-") && word !== "help" &&
    !program.commands.some((command) => command.name() === word)
  ) {
    const names = program.commands.map((command) => command.name());
    const meant = suggest(word, names);
    out.complain(
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
      printFaults(error, out);
      return RUN_TIME.has(error.code) ? FAILED : INVALID;
    }
    throw error;
  }
}

/** May be given several times. */
function outOption(): Option {
  return new Option(
    "--out <file>",
    "write the run: .json its summary, .csv its time series, .hgrm its histogram; may be given again",
  ).argParser((file, files: readonly string[] = []) => [...files, file]);
}

function configOption(): Option {
  return new Option(
    "--config <file>",
    'deno.json (its key "perfmock"), or a .json, .jsonc or .yaml file',
  );
}
