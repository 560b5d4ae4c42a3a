/**
 * `perfmock serve`: from a configuration to a server that listens until a signal ends it.
 *
 * @module
 */
import { pathToFileURL } from "node:url";
import { createServer, type Perfmock } from "../app.ts";
import { PerfmockError } from "../errors.ts";
import {
  type ConfigurationOptions,
  loadConfiguration,
} from "./configuration.ts";
import type { Server } from "../server/server.ts";
import { printFaults, type Terminal } from "./output.ts";

/** The options of `serve`. */
export interface ServeOptions extends ConfigurationOptions {
  /** Is given `{ url, pid }` once the server listens. */
  readonly readyFile?: string;
  /** Print nothing but errors. */
  readonly quiet?: boolean;
}

/** Where nothing else is said; a library's server takes a free one. */
const DEFAULT_PORT = 8080;

const SIGNALS = ["SIGINT", "SIGTERM"] as const;
const RELOAD = "SIGHUP";

/** The exit status after a second signal: 128 + SIGINT, as shells have it. */
const INTERRUPTED = 130;

/**
 * Serves until SIGINT or SIGTERM, then drains.
 *
 * @throws PerfmockError with every fault of the configuration, or where the port cannot be had
 */
export async function serve(
  options: ServeOptions,
  out: Terminal,
): Promise<number> {
  const { input, folder, source, use } = await loadConfiguration(options);
  const { server: { port = DEFAULT_PORT, ...address } = {} } = input;
  await using server = await use(() =>
    createServer({ ...input, server: { ...address, port } }, { folder })
  );
  await using reloading = new Reloading(server, options, out);
  using signals = new Signals(() => reloading.begin());
  for (const { path, message } of server.warnings) {
    out.complain(`warning: ${path}: ${message}\n`);
  }
  if (options.quiet !== true) greet(server, source, out);
  if (options.readyFile !== undefined) {
    await announce(options.readyFile, server.url);
  }
  await signals.first;
  if (options.quiet !== true) {
    out.write(`\nDraining, ${server.inFlight} under way\n`);
  }
  await server.drain();
  if (options.quiet !== true) summarise(server, out);
  return 0;
}

/** Reads the configuration again; one time after another. */
class Reloading implements AsyncDisposable {
  readonly #server: Server;
  readonly #options: ServeOptions;
  readonly #out: Terminal;
  #revision: number;
  #last: Promise<void> = Promise.resolve();

  constructor(server: Server, options: ServeOptions, out: Terminal) {
    this.#server = server;
    this.#options = options;
    this.#out = out;
    this.#revision = server.revision;
  }

  begin(): void {
    this.#last = this.#last.then(() => this.#reload());
  }

  async #reload(): Promise<void> {
    const server = this.#server;
    try {
      const { input, folder, use } = await loadConfiguration(this.#options);
      const changed = server.revision !== this.#revision;
      await use(() =>
        server.replace({
          value: input,
          folder: new URL(`${pathToFileURL(folder).href}/`),
        })
      );
      this.#revision = server.revision;
      this.#out.complain(
        `Read the configuration again: revision ${server.revision}${
          changed ? ", changes made through the control API are discarded" : ""
        }\n`,
      );
    } catch (error) {
      if (error instanceof PerfmockError) printFaults(error, this.#out);
      else this.#out.complain(`Cannot read the configuration: ${error}\n`);
      this.#out.complain(
        `Revision ${server.revision} stays in force: nothing was changed\n`,
      );
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#last;
  }
}

/** Hears SIGINT and SIGTERM until it is disposed: the first resolves, the second ends the process at once; and SIGHUP. */
class Signals implements Disposable {
  readonly #first = Promise.withResolvers<void>();
  readonly #reload: () => void;
  #count = 0;

  constructor(reload: () => void) {
    this.#reload = reload;
    for (const signal of SIGNALS) Deno.addSignalListener(signal, this.#hear);
    Deno.addSignalListener(RELOAD, reload);
  }

  get first(): Promise<void> {
    return this.#first.promise;
  }

  readonly #hear = (): void => {
    if (++this.#count > 1) Deno.exit(INTERRUPTED);
    this.#first.resolve();
  };

  [Symbol.dispose](): void {
    for (const signal of SIGNALS) Deno.removeSignalListener(signal, this.#hear);
    Deno.removeSignalListener(RELOAD, this.#reload);
  }
}

/**
 * Written beside and renamed, so that who waits for the file never reads half of it.
 *
 * @throws PerfmockError where it cannot be written
 */
async function announce(file: string, url: URL): Promise<void> {
  const draft = `${file}.${Deno.pid}`;
  try {
    await Deno.writeTextFile(
      draft,
      JSON.stringify({ url: url.href, pid: Deno.pid }) + "\n",
    );
    await Deno.rename(draft, file);
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
  out.write(`${out.bold(`perfmock on ${server.url}`)}  ${out.dim(source)}\n\n`);
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
    route.methods.includes("GET") && !/[:*]/.test(route.path)
  );
  const path = example?.path ?? `${server.config.control.path}/health`;
  // Nobody vouches for a certificate that was made for this run.
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
