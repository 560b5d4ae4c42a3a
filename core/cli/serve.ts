/**
 * `perfmock serve` serves the configuration until a signal ends it.
 *
 * @module
 */
import { pathToFileURL } from "node:url";
import { FILE_READER_LIMITS, TextReader } from "../config/mod.ts";
import { PerfmockError } from "../errors.ts";
import type { Server } from "../server/server.ts";
import {
  type ConfigurationOptions,
  loadConfiguration,
  warningsAbout,
} from "./configuration.ts";
import { checkOutput, writeOutput } from "./output_file.ts";
import { greet, summarise, withReadyFile } from "./serve_output.ts";
import { UnhandledErrors } from "./unhandled.ts";
import type { WatchedFiles } from "./watch.ts";
import { DEFAULT_PORT, watchedFiles, watching } from "./serve_files.ts";
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
  /** Number of processes, as typed, or `auto`. Default: this one. */
  readonly processes?: string;
  /** Replica to be, as typed. */
  readonly segment?: string;
}

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
  if (ready !== undefined) withReadyFile(ready, () => checkOutput(ready));
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
    ? await watching(configuration, () => reloads.reload())
    : undefined;
  using interruption = new Interruption();
  if (options.quiet !== true) {
    const { engine } = server.health();
    greet(server, { engine, source: configuration.source }, out);
  }
  if (ready !== undefined) {
    const text = `${JSON.stringify({ url: server.url.href, pid: Deno.pid })}\n`;
    withReadyFile(ready, () => writeOutput(ready, text));
  }
  await interruption.received;
  if (options.quiet !== true) {
    out.write(`\nDraining, ${server.inFlight} under way\n`);
  }
  await server.drain();
  if (options.quiet !== true) {
    summarise(server.stats(), out, server.world.recorder.arrivals);
  }
  return 0;
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
