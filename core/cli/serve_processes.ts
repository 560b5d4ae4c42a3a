/**
 * `perfmock serve --processes n` serves the configuration with several processes on one port.
 *
 * @module
 */
import { availableParallelism } from "node:os";
import type { ServerSettings } from "../config/mod.ts";
import { type Issue, PerfmockError } from "../errors.ts";
import { mergeStats } from "../fleet/merged_stats.ts";
import { obstacle } from "../net/libc.ts";
import type { Stats } from "../observe/stats.ts";
import { addressError, otherError } from "../server/listen_errors.ts";
import {
  loadConfiguration,
  type LoadedConfiguration,
  warningsAbout,
} from "./configuration.ts";
import { checkOutput, writeOutput } from "./output_file.ts";
import { SupervisedError, Supervisor } from "./processes/supervisor.ts";
import type { ServeOptions } from "./serve.ts";
import { DEFAULT_PORT, watching } from "./serve_files.ts";
import { greet, summarise, withReadyFile } from "./serve_output.ts";
import { describeWarnings, Interruption, type Terminal } from "./terminal.ts";
import type { WatchedFiles } from "./watch.ts";

/** Maximum number of processes. */
const MOST_PROCESSES = 256;

/** Time that processes have to end after the drain, in ms. */
const GRACE = 5000;

const RELOAD = "SIGHUP";

/**
 * Serves with several processes until SIGINT or SIGTERM, then drains them all. SIGHUP reloads the configuration in all or in none.
 *
 * @throws PerfmockError with all issues of the configuration, where the port is in use, or where processes end again and again
 */
export async function serveProcesses(
  options: ServeOptions,
  out: Terminal,
): Promise<number> {
  const count = countOf(options);
  const { quiet = false, readyFile: ready } = options;
  if (ready !== undefined) withReadyFile(ready, () => checkOutput(ready));
  const configuration = await loadConfiguration({
    ...options,
    segment: `0/${count}`,
  });
  const looked = await look(configuration, out);
  const { server } = looked.config;
  checkEngine(server);
  const port = reservePort(server);
  const failure = Promise.withResolvers<PerfmockError>();
  await using supervisor = new Supervisor({
    count,
    options: supervised(options),
    port,
    log: (line) => out.writeError(`${line}\n`),
    print: (line) => out.write(`${line}\n`),
    failed: failure.resolve,
  });
  using interruption = new Interruption();
  const url = new URL(await started(supervisor));
  await using reloads = new Reloads(supervisor, out);
  await using _watch = options.watch === true
    ? await watching(configuration, () => reloads.reload())
    : undefined;
  if (!quiet) {
    const engine = `native, ${count} ${count === 1 ? "process" : "processes"}`;
    greet({ ...looked, url }, { engine, source: configuration.source }, out);
  }
  if (ready !== undefined) {
    const text = `${JSON.stringify({ url: url.href, pid: Deno.pid })}\n`;
    withReadyFile(ready, () => writeOutput(ready, text));
  }
  const error = await Promise.race([interruption.received, failure.promise]);
  if (error !== undefined) throw error;
  if (!quiet) out.write(`\nDraining ${count} processes\n`);
  const parts = await supervisor.drain(server.drainTimeout + GRACE);
  if (!quiet) summariseAll(parts, count, out);
  return 0;
}

/** Builds the configuration once, to show all its errors and warnings with their places before any process starts. */
async function look(configuration: LoadedConfiguration, out: Terminal) {
  await using server = await configuration.createServer({
    listen: false,
    serves: false,
    port: configuration.input.server?.port ?? DEFAULT_PORT,
  });
  out.writeError(describeWarnings(await warningsAbout(configuration, server)));
  const { config, routes } = server;
  return { config, routes };
}

/** The options that concern each process. */
function supervised(
  { config, env, host, seed }: ServeOptions,
): ServeOptions {
  return {
    ...config !== undefined && { config },
    ...env !== undefined && { env },
    ...host !== undefined && { host },
    ...seed !== undefined && { seed },
  };
}

async function started(supervisor: Supervisor): Promise<string> {
  try {
    return await supervisor.start();
  } catch (error) {
    if (!(error instanceof SupervisedError)) throw error;
    // Each process would report it; its issues have lost their places, which the look at the configuration has shown.
    const { code, issues, message } = error;
    throw new PerfmockError(code, message, issues);
  }
}

/**
 * Reads the number of processes.
 *
 * @throws PerfmockError with all issues
 */
function countOf({ processes = "1", segment }: ServeOptions): number {
  const count = processes === "auto"
    ? availableParallelism()
    : Number(processes);
  const issues: Issue[] = [];
  if (
    !/^(auto|\d+)$/.test(processes) || count < 1 || count > MOST_PROCESSES
  ) {
    issues.push({
      path: "",
      message: "The number of processes is out of range",
      value: processes,
      allowed:
        `a whole number from 1 to ${MOST_PROCESSES}, or auto for one for each processor`,
    });
  }
  if (segment !== undefined) {
    issues.push({
      path: "",
      message: "Each process has a segment of its own",
      value: `--segment ${segment}`,
      allowed:
        "--processes or --segment: with n replicas of p processes, start n·p replicas with --segment i/(n·p)",
    });
  }
  if (issues.length === 0) return count;
  throw new PerfmockError("ARGUMENT_INVALID", "Cannot use --processes", issues);
}

/** @throws PerfmockError if the engine cannot share its port */
function checkEngine({ engine, tls }: ServerSettings): void {
  const reason = engine !== "auto" && engine !== "native"
    ? `server.engine is "${engine}"`
    : tls !== undefined
    ? "server.tls is set"
    : obstacle();
  if (reason === undefined) return;
  throw new PerfmockError("ARGUMENT_INVALID", "Cannot use --processes", [{
    path: "",
    message:
      `Only the engine native shares its port among processes, and ${reason}`,
    allowed:
      "Linux with --allow-ffi, plain HTTP, and server.engine native or auto",
    suggestion:
      "Start servers on ports of their own with --segment, behind a balancer",
  }]);
}

/**
 * Finds the port that the processes share: nobody else may listen there, not even a server that shares its port.
 *
 * @throws PerfmockError `PORT_IN_USE` or `SERVER_NOT_STARTED`
 */
function reservePort({ host, port, reusePort }: ServerSettings): number {
  if (reusePort && port !== 0) return port;
  const hosts = typeof host === "string" ? [host] : host;
  const held: Deno.Listener[] = [];
  let own = port;
  try {
    for (const [index, hostname] of hosts.entries()) {
      const place = {
        host: hostname,
        port: own,
        index: typeof host === "string" ? undefined : index,
      };
      try {
        const listener = Deno.listen({ hostname, port: own });
        held.push(listener);
        own = (listener.addr as Deno.NetAddr).port;
      } catch (error) {
        throw addressError(place, error) ?? otherError(place, error);
      }
    }
    return own;
  } finally {
    for (const listener of held) listener.close();
  }
}

/** Prints the figures of all processes together. */
function summariseAll(
  parts: ReadonlyMap<string, Stats>,
  count: number,
  out: Terminal,
): void {
  if (parts.size < count) {
    out.writeError(
      `The figures are incomplete: ${
        count - parts.size
      } of ${count} processes did not end in order\n`,
    );
  }
  if (parts.size === 0) return;
  const merged = mergeStats(
    Array.from(parts, ([name, stats]) => ({ name, stats })),
    () => undefined,
  );
  summarise(merged, out);
}

/** Reloads the configuration at each SIGHUP until disposed, one reload at a time. */
class Reloads implements AsyncDisposable {
  readonly #supervisor: Supervisor;
  readonly #out: Terminal;
  #last: Promise<unknown> = Promise.resolve();

  constructor(supervisor: Supervisor, out: Terminal) {
    this.#supervisor = supervisor;
    this.#out = out;
    Deno.addSignalListener(RELOAD, this.#begin);
  }

  readonly #begin = (): void => {
    this.reload();
  };

  /** Reloads. Returns the files of the configuration; undefined if they could not be read. */
  reload(): Promise<WatchedFiles | undefined> {
    const reload = this.#reload();
    this.#last = reload;
    return reload;
  }

  async #reload(): Promise<WatchedFiles | undefined> {
    const out = this.#out;
    const outcome = await this.#supervisor.reload();
    if ("error" in outcome) {
      out.writeError(outcome.error);
      out.writeError(
        "The configuration stays as it is in all processes: nothing was changed\n",
      );
    } else {
      const { discarded, revision, warnings } = outcome.result;
      out.writeError(
        `Read the configuration again: revision ${revision}${
          discarded
            ? ", changes made through the control API are discarded"
            : ""
        }\n`,
      );
      out.writeError(warnings);
    }
    return outcome.files;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    Deno.removeSignalListener(RELOAD, this.#begin);
    await this.#last;
  }
}
