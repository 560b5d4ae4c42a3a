/**
 * `perfmock record` measures an upstream through a proxy, and makes a mock of it.
 *
 * @module
 */
import { extname } from "node:path";
import { type Command, Option } from "commander";
import { createServer } from "../app.ts";
import { readText } from "../lib/read_file.ts";
import type {
  Recording,
  RecordingReport,
  RecordOptions,
} from "../contract/recorder.ts";
import { type Issue, PerfmockError } from "../errors.ts";
import { messageOfThrown } from "../lib/thrown.ts";
import {
  parseDuration,
  parseSize,
  suggestDuration,
  suggestSize,
} from "../lib/units.ts";
import { importFiles } from "./import.ts";
import { checkOutput, writeOutput } from "./output_file.ts";
import { checkOutputs, type OutputKind } from "./outputs.ts";
import { DEFAULT_PORT } from "./serve_files.ts";
import { Interruption, type Terminal } from "./terminal.ts";

/** Options of `record`, as typed. */
export interface RecordCommandOptions {
  /** Host name or address to listen on. */
  readonly host?: string;
  /** Port to listen on. */
  readonly port?: string;
  /** Port of the control API. */
  readonly controlPort?: string;
  /** File for the configuration. */
  readonly out?: string;
  /** File for a load script. */
  readonly script?: string;
  /** File of the recording. */
  readonly recording?: string;
  /** True to append to it. */
  readonly continue?: boolean;
  /** Time after which the recording ends. */
  readonly duration?: string;
  /** Number of exchanges after which it ends. */
  readonly count?: string;
  /** Greatest size of the file. */
  readonly maxSize?: string;
  /** Greatest size of a body. */
  readonly maxBody?: string;
  /** Time in which the upstream has to answer. */
  readonly timeout?: string;
  /** Names whose values are kept. */
  readonly keepSecrets?: readonly string[];
  /** Names whose values are removed in addition. */
  readonly remove?: readonly string[];
  /** File with certificates that are trusted. */
  readonly ca?: string;
  /** True to wait for a control call. */
  readonly paused?: boolean;
  /** File to write `{ url, control, pid }` to. */
  readonly readyFile?: string;
  /** True to print errors only. */
  readonly quiet?: boolean;
}

/** File of a recording for which none is named. */
const RECORDING = "recording.jsonl";

/** Files that are written. */
const YAML: OutputKind = {
  result: "the mock",
  extensions: [".yaml", ".yml"],
  allowed: ".yaml or .yml",
};

/** Greatest number of kinds of secrets that are listed. */
const MOST_LISTED = 30;

/** Time between two lines of progress on a terminal, in ms. */
const INTERVAL = 500;

/**
 * Adds the command.
 *
 * @param finish receives the exit status
 */
export function addRecord(
  program: Command,
  out: Terminal,
  finish: (status: number) => void,
): void {
  const list = (flags: string, description: string) =>
    new Option(flags, description).argParser((
      name,
      names: readonly string[] = [],
    ) => [...names, name]);
  program.command("record")
    .description(
      "measure an upstream through a proxy, and make a mock of it",
    )
    .argument(
      "<upstream>",
      "URL of the upstream, such as https://api.example.com",
    )
    .option("--host <host>", "host name or address to listen on", "127.0.0.1")
    .option(
      "--port <port>",
      `port to listen on, 0 for any free port (default: ${DEFAULT_PORT})`,
    )
    .option(
      "--control-port <port>",
      "port of the control API (default: any free port)",
    )
    .option("--out <file>", "file for the configuration, .yaml (default: none)")
    .option(
      "--script <file>",
      "file for a load script that sends the recorded traffic",
    )
    .option(
      "--recording <file>",
      `file of the recording (default: that of --out with .recording.jsonl, or ${RECORDING})`,
    )
    .option("--continue", "append to a recording of the same upstream")
    .option(
      "--duration <duration>",
      "end after a time, such as 10m (default: at Ctrl-C)",
    )
    .option("--count <n>", "end after a number of exchanges")
    .option(
      "--max-size <size>",
      "greatest size of the recording, of which bodies take three quarters",
      "50MB",
    )
    .option(
      "--max-body <size>",
      "greatest size of a body that is recorded, at most 256KiB",
      "256KiB",
    )
    .option(
      "--timeout <duration>",
      "time in which the upstream has to answer",
      "30s",
    )
    .addOption(
      list(
        "--keep-secrets <name>",
        "header, parameter or field whose values are recorded although they look like secrets; repeatable",
      ),
    )
    .addOption(
      list(
        "--remove <name>",
        "header, parameter or field whose values are removed in addition; repeatable",
      ),
    )
    .option("--ca <file>", "certificates in PEM that are trusted in addition")
    .option("--paused", "record nothing until a control call starts it")
    .option(
      "--ready-file <file>",
      "file to write { url, control, pid } to once it listens",
    )
    .option("--quiet", "print errors only")
    .action(async (upstream: string, options: RecordCommandOptions) =>
      finish(await record(upstream, options, out))
    );
}

/**
 * Records until a signal, the duration or the count ends it, then writes the mock.
 *
 * @returns 0
 * @throws PerfmockError with all errors of the options, where the upstream cannot be reached, where nothing was recorded, or where
 * the recording could not be written
 */
export async function record(
  upstream: string,
  options: RecordCommandOptions,
  out: Terminal,
): Promise<number> {
  const { out: mock, script, readyFile, quiet = false } = options;
  const numbers = numbersIn(options);
  checkOutputs([mock, script].flatMap((file) => file ?? []), YAML);
  const file = options.recording ??
    (mock === undefined
      ? RECORDING
      : `${mock.slice(0, -extname(mock).length)}.recording.jsonl`);
  if (readyFile !== undefined) inReadyFile(() => checkOutput(readyFile));
  const { controlPort, port, ...limits } = numbers;
  using interruption = new Interruption();
  // Deno's own engine: the native one would take turns with the proxy.
  await using server = await createServer({
    server: { port: controlPort ?? 0, engine: "deno" },
  }, { folder: Deno.cwd(), listen: true });
  const settings: RecordOptions = {
    ...limits,
    upstream,
    file,
    append: options.continue,
    host: options.host,
    port: port ?? DEFAULT_PORT,
    keepSecrets: options.keepSecrets,
    remove: options.remove,
    certificates: await certificatesIn(options.ca),
    paused: options.paused,
  };
  const recording = await server.importer.record(settings);
  const control = new URL("_perfmock/importer/recordings", server.url);
  const show = quiet ? () => {} : out.writeError;
  let last: RecordingReport;
  {
    await using _recording = recording;
    show(greeting(recording, control));
    if (readyFile !== undefined) {
      const ready = {
        url: recording.url.href,
        control: control.href,
        pid: Deno.pid,
      };
      inReadyFile(() => writeOutput(readyFile, `${JSON.stringify(ready)}\n`));
    }
    using _progress = quiet || out.live !== true
      ? undefined
      : new Progress(recording, out);
    await Promise.race([interruption.received, recording.ended]);
    await recording.end();
    last = recording.report;
  }
  show(summaryOf(last));
  checkReport(last);
  if (mock === undefined && script === undefined) {
    show(`perfmock import ${file} --out mock.yaml makes a mock of it\n`);
    return 0;
  }
  return await importFiles([file], { out: mock, script }, out);
}

/** @throws PerfmockError where nothing was recorded, or the file could not be written */
function checkReport(
  { exchanges, file, leftOut, reason = "", url }: RecordingReport,
): void {
  if (/cannot be written/.test(reason)) {
    throw new PerfmockError("ARGUMENT_INVALID", "Cannot go on recording", [{
      path: "",
      message:
        `${reason}. ${file} is whole up to the last of its ${exchanges} exchanges`,
      value: file,
      allowed: "a file on a disk with free space",
      suggestion: "--continue appends to it",
    }]);
  }
  if (exchanges > 0) return;
  throw new PerfmockError("ARGUMENT_INVALID", "Cannot make a recording", [{
    path: "",
    message: leftOut.length === 0
      ? "No request was recorded"
      : `No exchange was recorded: ${leftOut.join("; ")}`,
    allowed: `requests that are sent to ${url} while it records`,
  }]);
}

/** The numbers among the options. */
function numbersIn(
  options: RecordCommandOptions,
):
  & Pick<
    RecordOptions,
    "count" | "duration" | "maxBody" | "maxSize" | "port" | "timeout"
  >
  & { readonly controlPort?: number | undefined } {
  const issues: Issue[] = [];
  const read = (
    name: string,
    text: string | undefined,
    { parse, allowed, least, most = Infinity, suggest }: {
      readonly parse: (text: string) => number | undefined;
      readonly allowed: string;
      readonly least: number;
      readonly most?: number;
      readonly suggest?: (text: string) => string | undefined;
    },
  ): number | undefined => {
    if (text === undefined) return undefined;
    const value = parse(text);
    if (value !== undefined && value >= least && value <= most) return value;
    issues.push({
      path: `--${name}`,
      message: `--${name} is not valid`,
      value: text,
      allowed,
      suggestion: suggest?.(text),
    });
    return undefined;
  };
  const whole = (text: string) =>
    /^\d{1,9}$/.test(text) ? Number(text) : undefined;
  const port = {
    parse: whole,
    allowed: "a port from 0 to 65535",
    least: 0,
    most: 65_535,
  };
  const duration = {
    parse: parseDuration,
    allowed: "a duration such as 30s or 10m",
    least: 1,
    suggest: suggestDuration,
  };
  const size = {
    parse: parseSize,
    allowed: "a size such as 50MB, of at least 10KiB",
    least: 10_240,
    suggest: suggestSize,
  };
  const numbers = {
    port: read("port", options.port, port),
    controlPort: read("control-port", options.controlPort, port),
    duration: read("duration", options.duration, duration),
    timeout: read("timeout", options.timeout, duration),
    count: read("count", options.count, {
      parse: whole,
      allowed: "a whole number from 1 on",
      least: 1,
    }),
    maxSize: read("max-size", options.maxSize, size),
    maxBody: read("max-body", options.maxBody, {
      ...size,
      allowed: "a size from 0 to 256KiB",
      least: 0,
      most: 256 * 1024,
    }),
  };
  if (issues.length > 0) {
    throw new PerfmockError("ARGUMENT_INVALID", "Cannot record", issues);
  }
  return numbers;
}

/** @throws PerfmockError where the file cannot be read */
async function certificatesIn(
  file: string | undefined,
): Promise<readonly string[]> {
  if (file === undefined) return [];
  try {
    const text = await readText(file);
    if (text.includes("-----BEGIN CERTIFICATE-----")) return [text];
    throw new Error("it holds no certificate");
  } catch (error) {
    throw new PerfmockError("ARGUMENT_INVALID", "Cannot use --ca", [{
      path: "",
      message: `Cannot read ${file}: ${messageOfThrown(error)}`,
      value: file,
      allowed: "a file with certificates in PEM",
    }], { cause: error });
  }
}

/** @throws PerfmockError where `write` fails */
function inReadyFile(write: () => void): void {
  try {
    write();
  } catch (error) {
    throw new PerfmockError("ARGUMENT_INVALID", "Cannot write --ready-file", [{
      path: "",
      message: messageOfThrown(error),
      allowed: "a file in a folder that exists and may be written to",
    }], { cause: error });
  }
}

function greeting({ report, url }: Recording, control: URL): string {
  const { upstream, file, state } = report;
  return `perfmock ${
    state === "recording" ? "records" : "passes requests on to"
  } ${upstream} on ${url}\n  recording ${file}\n  control   ${control}${
    state === "recording"
      ? ""
      : `\n  POST ${control}/recording-1/start starts the recording`
  }\n  Ctrl-C ends it\n`;
}

/** Shows the number of exchanges on a line that is overwritten. */
class Progress implements Disposable {
  readonly #timer: ReturnType<typeof setInterval>;
  readonly #out: Terminal;

  constructor(recording: Recording, out: Terminal) {
    this.#out = out;
    this.#timer = setInterval(() => {
      const { exchanges, inFlight, bytes, state } = recording.report;
      const line = `${state}: ${exchanges} exchanges, ${
        inMegabytes(bytes)
      }, ${inFlight} under way`;
      out.writeError(`\r\x1b[2K${line.slice(0, (out.columns ?? 80) - 1)}`);
    }, INTERVAL);
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
    this.#out.writeError("\r\x1b[2K");
  }
}

function inMegabytes(bytes: number): string {
  return bytes < 1e5
    ? `${(bytes / 1e3).toFixed(1)} kB`
    : `${(bytes / 1e6).toFixed(1)} MB`;
}

function summaryOf(
  { exchanges, bytes, file, leftOut, removed, reason }: RecordingReport,
): string {
  const shown = removed.slice(0, MOST_LISTED);
  const lines = [
    ...reason === undefined ? [] : [`The recording has ended: ${reason}`],
    ...exchanges === 0
      ? []
      : [`${file}: ${exchanges} exchanges, ${inMegabytes(bytes)}`],
    ...leftOut.length === 0
      ? []
      : ["Not recorded:", ...leftOut.map((line) => `  ${line}`)],
    removed.length === 0
      ? "No secrets were removed"
      : "Secrets that were removed:",
    ...shown.map(({ where, name, count }) => `  ${count} × ${name} (${where})`),
    ...removed.length > shown.length
      ? [`  and ${removed.length - shown.length} further names`]
      : [],
  ];
  return `${lines.join("\n")}\n`;
}
