/**
 * `perfmock serve` serves the configuration until a signal ends it.
 *
 * @module
 */
import { pathToFileURL } from "node:url";
import type { Perfmock } from "../app.ts";
import { FILE_READER_LIMITS, TextReader } from "../config/mod.ts";
import { PerfmockError } from "../errors.ts";
import type { Server } from "../server/server.ts";
import { messageOfThrown } from "../lib/thrown.ts";
import {
  type ConfigurationOptions,
  loadConfiguration,
  type LoadedConfiguration,
  warningsAbout,
} from "./configuration.ts";
import { checkOutput, writeOutput } from "./output_file.ts";
import { UnhandledErrors } from "./unhandled.ts";
import { FileWatch, namedFiles, type WatchedFiles } from "./watch.ts";
import {
  describeWarnings,
  Interruption,
  printError,
  type Terminal,
} from "./terminal.ts";

/** Options of `serve`. */
export interface ServeOptions extends ConfigurationOptions {
  /** File to write `{ url, pid }` to, as JSON, once the server listens. */
  readonly readyFile?: string;
  /** True to print errors only. Default false. */
  readonly quiet?: boolean;
  /** True to read the configuration again whenever its file is saved. Default false. */
  readonly watch?: boolean;
}

/** Port where none is configured; a server in a library picks a free one. */
export const DEFAULT_PORT = 8080;

const RELOAD = "SIGHUP";

/**
 * Serves until SIGINT or SIGTERM, then drains. SIGHUP reloads the configuration, and with `watch` each save of its file does.
 *
 * @throws PerfmockError with all issues of the configuration, or where the port is in use
 */
export async function serve(
  options: ServeOptions,
  out: Terminal,
): Promise<number> {
  const { readyFile: ready } = options;
  if (ready !== undefined) readyFile(ready, () => checkOutput(ready));
  const configuration = await loadConfiguration(options);
  const { port = DEFAULT_PORT } = configuration.input.server ?? {};
  await using server = await configuration.createServer({
    listen: true,
    port,
    built: async (server) =>
      out.writeError(
        describeWarnings(await warningsAbout(configuration, server)),
      ),
  });
  using _unhandled = new UnhandledErrors(server);
  await using reloads = new Reloads(server, options, out);
  await using _watch = options.watch === true
    ? await watching(configuration, reloads)
    : undefined;
  using interruption = new Interruption();
  if (options.quiet !== true) greet(server, configuration.source, out);
  if (ready !== undefined) {
    const text = `${JSON.stringify({ url: server.url.href, pid: Deno.pid })}\n`;
    readyFile(ready, () => writeOutput(ready, text));
  }
  await interruption.received;
  if (options.quiet !== true) {
    out.write(`\nDraining, ${server.inFlight} under way\n`);
  }
  await server.drain();
  if (options.quiet !== true) summarise(server, out);
  return 0;
}

/** @throws PerfmockError if the file cannot be watched */
async function watching(
  configuration: LoadedConfiguration,
  reloads: Reloads,
): Promise<FileWatch | undefined> {
  const files = watchedFiles(configuration);
  if (files === undefined) return undefined;
  try {
    return await FileWatch.start(files, () => reloads.reload());
  } catch (error) {
    throw new PerfmockError("ARGUMENT_INVALID", "Cannot use --watch", [{
      path: "",
      message: messageOfThrown(error),
      value: files.file,
      allowed:
        "a file on a file system that tells of changes, with the permission --allow-read",
    }], { cause: error });
  }
}

/** Returns the files of a configuration; undefined if it comes from none. */
function watchedFiles(
  { file, folder, input }: Pick<
    LoadedConfiguration,
    "file" | "folder" | "input"
  >,
): WatchedFiles | undefined {
  return file === undefined
    ? undefined
    : { file, named: namedFiles(input, folder) };
}

/** Reloads the configuration at each SIGHUP until disposed, one reload at a time. */
class Reloads implements AsyncDisposable {
  readonly #server: Server;
  readonly #options: ServeOptions;
  readonly #out: Terminal;
  #revision: number;
  #last: Promise<unknown> = Promise.resolve();

  constructor(server: Server, options: ServeOptions, out: Terminal) {
    this.#server = server;
    this.#options = options;
    this.#out = out;
    this.#revision = server.revision;
    Deno.addSignalListener(RELOAD, this.#begin);
  }

  readonly #begin = (): void => {
    this.reload();
  };

  /** Reloads after the reloads before. Returns the files of the configuration; undefined if they could not be read. */
  reload(): Promise<WatchedFiles | undefined> {
    const reload = this.#last.then(() => this.#reload());
    this.#last = reload;
    return reload;
  }

  async #reload(): Promise<WatchedFiles | undefined> {
    const server = this.#server;
    let files: WatchedFiles | undefined;
    // The thread parses the file, which would keep the server from answering if it is large.
    await using texts = new TextReader(FILE_READER_LIMITS);
    try {
      const configuration = await loadConfiguration(this.#options, { texts });
      const { input, folder, locate } = configuration;
      files = watchedFiles(configuration);
      const changed = server.revision !== this.#revision;
      await locate(() =>
        server.replace({
          value: input,
          folder: new URL(`${pathToFileURL(folder).href}/`),
        })
      );
      this.#revision = server.revision;
      this.#out.writeError(
        `Read the configuration again: revision ${server.revision}${
          changed ? ", changes made through the control API are discarded" : ""
        }\n`,
      );
      this.#out.writeError(
        describeWarnings(await warningsAbout(configuration, server)),
      );
    } catch (error) {
      if (error instanceof PerfmockError) printError(error, this.#out);
      else this.#out.writeError(`Cannot read the configuration: ${error}\n`);
      this.#out.writeError(
        `Revision ${server.revision} stays in force: nothing was changed\n`,
      );
    }
    return files;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    Deno.removeSignalListener(RELOAD, this.#begin);
    await this.#last;
  }
}

/** @throws PerfmockError where `write` fails */
function readyFile(file: string, write: () => void): void {
  try {
    write();
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    throw new PerfmockError("ARGUMENT_INVALID", "Cannot write --ready-file", [{
      path: "",
      message,
      value: file,
      allowed: "a file in a folder that exists and may be written to",
    }], { cause: error });
  }
}

function greet(server: Perfmock, source: string, out: Terminal): void {
  const { engine } = server.health();
  out.write(
    `${out.bold(`perfmock on ${server.url}`)}  ${
      out.dim(`${source}, engine ${engine}`)
    }\n\n`,
  );
  const rows = server.routes.map((route) => [
    route.methods.join(","),
    route.path,
    route.does.join("; ") || "at once",
  ]);
  const width = (column: number) =>
    Math.max(0, ...rows.map((row) => row[column].length));
  const [methods, paths] = [width(0), width(1)];
  for (const [method, path, does] of rows) {
    out.write(
      `  ${method.padEnd(methods)}  ${path.padEnd(paths)}  ${out.dim(does)}\n`,
    );
  }
  const example = server.routes.find((route) =>
    route.methods.includes("GET") && !/[:*]/.test(route.path) &&
    route.settings.when === undefined
  );
  const path = example?.path ?? `${server.config.control.path}/health`;
  // curl does not trust a self-signed certificate.
  const trust = server.config.server.tls === "self-signed" ? "k" : "";
  out.write(`\n  curl -i${trust} ${new URL(path, server.url)}\n`);
}

function summarise(server: Perfmock, out: Terminal): void {
  const { routes } = server.stats();
  const rows = Object.entries(routes).filter(([, figures]) =>
    figures.arrivals > 0
  );
  if (rows.length === 0) {
    out.write("No requests arrived\n");
    return;
  }
  const ms = (value: number | null) =>
    (value === null ? "-" : value.toFixed(1)).padStart(10);
  const width = Math.max(...rows.map(([id]) => id.length), "route".length);
  out.write(
    `\n${
      "route".padEnd(width)
    }  requests   p50, ms   p99, ms  late p99  gone\n`,
  );
  for (const [id, route] of rows) {
    out.write(
      `${id.padEnd(width)}  ${`${route.arrivals}`.padStart(8)}${
        ms(route.responseTime.p50)
      }${ms(route.responseTime.p99)}${
        (route.lateness.p99 === null ? "-" : route.lateness.p99.toFixed(3))
          .padStart(10)
      }${`${route.gone}`.padStart(6)}\n`,
    );
  }
}
