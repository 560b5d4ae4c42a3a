/**
 * perfmock for programs that run on Node.js or Bun: an HTTP API mock server whose response times follow the distributions that you
 * configure. The server itself runs in a process of Deno, which ends with the program.
 *
 * ```ts
 * import { startPerfmock } from "perfmock";
 *
 * await using server = await startPerfmock({
 *   routes: [{ path: "/api/orders", serviceTime: "120ms", response: { json: [] } }],
 * });
 * const response = await fetch(new URL("/api/orders", server.url));
 * ```
 *
 * @module
 */
import { statSync } from "node:fs";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { PerfmockError } from "../core/errors.ts";
import { optionIssues } from "../core/lib/options.ts";
import type { LoadSummary } from "../mod.ts";
import { atCall, type CallSite, callSite, throwAt } from "./call_site.ts";
import type { Patch, PerfmockInput, RouteInput } from "./configuration.ts";
import { Connection, type Ready } from "./connection.ts";
import {
  type ControlCall,
  ControlCalls,
  type Controlled,
  isOver,
} from "./control_calls.ts";
import { notStarted } from "./deno_program.ts";
import { checkJson } from "./json_value.ts";
import {
  argumentError,
  checkOptions,
  configIssues,
  RUN_OPTIONS,
  SESSION_OPTIONS,
  START_OPTIONS,
} from "./options.ts";
import { spawnDeno } from "./spawn_deno.ts";

export type { Controlled, RequestFilter } from "./control_calls.ts";
export { PerfmockError } from "../core/errors.ts";
export type { ErrorCode, Issue, PerfmockErrorOptions } from "../core/errors.ts";
export type { JournalEntry, LoadSummary, Stats } from "../mod.ts";
export type * from "./configuration.ts";

/** Oldest version of Node.js. */
const OLDEST = 20;

/** Environment variables of the command line: a server in a program has its configuration from the program only. */
const OF_THE_COMMAND: ReadonlySet<string> = new Set([
  "PERFMOCK_CONFIG",
  "PERFMOCK_HOST",
  "PERFMOCK_PORT",
  "PERFMOCK_SEED",
  "PERFMOCK_TOKEN",
]);

/** Options of {@linkcode startPerfmock} in addition to the configuration. */
export interface StartOptions {
  /** Seed of all random draws. Default the configuration's, or 42. */
  readonly seed?: number | string;
  /** Port to listen on. Default the configuration's, or 0 for any free port. */
  readonly port?: number;
  /** Host name or address to listen on. Default the configuration's, or 127.0.0.1. */
  readonly host?: string;
  /** Working directory of the server, from which relative paths start. Default that of the program. */
  readonly cwd?: string | URL;
  /** Configuration file, in place of a configuration. Relative paths in it start from its own folder. */
  readonly configFile?: string | URL;
  /**
   * Environment variables of the server in addition to the program's. With them, even with none, `${NAME}` and `${NAME:-default}` in
   * the configuration file are replaced. By default they stay as they are.
   */
  readonly env?: Readonly<Record<string, string | undefined>>;
}

/** Options of a session. */
export interface SessionOptions {
  /** Unique name: up to 63 lower-case letters, digits and inner hyphens. By default a name is generated. */
  readonly name?: string;
  /** Seed of its draws. Default the server's. */
  readonly seed?: number | string;
  /** Time without requests after which it ends, such as "10m", or in ms. Default as configured. */
  readonly expiry?: number | string;
  /** Changes to the server's routes, by route id: merged into them (RFC 7396). */
  readonly routes?: Readonly<Record<string, Patch<RouteInput>>>;
}

/** A session: a server within the server, with its own seed, sequence numbers, routes, pools, figures and journal. */
export interface Session extends Controlled, AsyncDisposable {
  /** Unique name. */
  readonly id: string;
  /** Header that brings a request to the session at the server's own URL: not every program resolves names below `localhost`. */
  readonly headers: Readonly<Record<string, string>>;
  /** Ends the session; its requests in flight are answered with 503. */
  stop(): Promise<void>;
}

/** A mock server in a process of its own. */
export interface PerfmockServer extends Controlled, AsyncDisposable {
  /** URL below which the calls of the control API are, without a trailing slash. */
  readonly control: string;
  /** Id of the process that serves. */
  readonly pid: number;
  /**
   * Runs a load script over HTTP, against the script's target or this server.
   *
   * @param script JSON value, or text in JSON or YAML
   * @param options `signal` ends the run early
   * @throws PerfmockError `SCRIPT_INVALID` with all errors; nothing was started then
   */
  load(script: unknown, options?: RunOptions): Promise<LoadSummary>;
  /**
   * Runs a load script in virtual time, against a copy of this server.
   *
   * @param script JSON value, or text in JSON or YAML
   * @param options `signal` ends the run early
   * @throws PerfmockError `SCRIPT_INVALID` with all errors
   */
  simulate(script: unknown, options?: RunOptions): Promise<LoadSummary>;
  /** Makes a session. */
  session(options?: SessionOptions): Promise<Session>;
  /** Ends the server at once: cuts requests in flight. Resolves when its process has ended. Further calls do nothing. */
  stop(): Promise<void>;
}

/** Options of a run of a load script. */
export interface RunOptions {
  /** Ends the run early; requests in flight are cut. */
  readonly signal?: AbortSignal;
}

/** `Symbol.asyncDispose`, which the first versions of Node.js 20 lack: they cannot run `await using` either. */
const ASYNC_DISPOSE: typeof Symbol.asyncDispose = Symbol.asyncDispose ??
  Symbol.for("Symbol.asyncDispose");

/**
 * Starts a mock server.
 *
 * @param config configuration, or the path or file URL of one; default no routes
 * @throws PerfmockError whose message lists all errors of the configuration, or says why the server could not be started
 */
export async function startPerfmock(
  config?: PerfmockInput | string | URL,
  options: StartOptions = {},
): Promise<PerfmockServer> {
  const site = callSite(startPerfmock);
  try {
    return await start(config, options, site);
  } catch (error) {
    throw error instanceof PerfmockError ? atCall(error, site) : error;
  }
}

async function start(
  config: PerfmockInput | string | URL | undefined,
  options: StartOptions,
  site: CallSite,
): Promise<PerfmockServer> {
  if (!(parseInt(process.versions.node) >= OLDEST)) {
    throw notStarted(
      `it needs Node.js ${OLDEST} or later, and this is ${process.version}`,
    );
  }
  checkArguments(config, options);
  const { seed, port, host, cwd, configFile, env } = options;
  const named = typeof config === "string" || config instanceof URL
    ? config
    : configFile;
  // The path stays as the user wrote it, since messages name it. The process works in the folder.
  const file = named === undefined ? undefined : pathOf(named);
  const value = file === undefined ? config ?? {} : undefined;
  const connection = new Connection(
    spawnDeno(new URL("./deno_server.ts", import.meta.url), [], {
      cwd: cwd === undefined ? undefined : pathOf(cwd),
      env: environment(env),
      stdin: "ignore",
    }),
  );
  try {
    const ready = await connection.start({
      config: value as Record<string, unknown> | undefined,
      file,
      placeholders: env !== undefined,
      seed,
      host,
      port,
    }, site);
    return new Server(connection, ready);
  } catch (error) {
    await connection.stop();
    throw error;
  }
}

/** @throws PerfmockError `ARGUMENT_INVALID` with all issues of the arguments, except those of the configuration's content */
function checkArguments(config: unknown, options: StartOptions): void {
  const issues = [
    ...configIssues(config),
    ...optionIssues(options, START_OPTIONS, "options"),
  ];
  const { cwd, configFile } = Object(options) as StartOptions;
  if (config !== undefined && configFile !== undefined) {
    issues.push({
      path: "options.configFile",
      message:
        "There is a configuration already, the first argument: one of them is enough",
      value: configFile,
      allowed: "either a configuration or configFile",
    });
  }
  if (
    START_OPTIONS.cwd.accepts(cwd) && cwd !== undefined &&
    !isFolder(pathOf(cwd))
  ) {
    issues.push({
      path: "options.cwd",
      message: "There is no such folder",
      value: pathOf(cwd),
      allowed: "a folder that exists",
    });
  }
  if (issues.length > 0) throw argumentError("Cannot start perfmock", issues);
}

/** Environment of the process that serves. */
function environment(
  more: StartOptions["env"] = {},
): Record<string, string | undefined> {
  const own = Object.entries(process.env).filter(([name]) =>
    !OF_THE_COMMAND.has(name)
  );
  return { ...Object.fromEntries(own), ...more };
}

/** True for a folder that exists. */
function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
}

/** Path of a file or folder. */
function pathOf(place: string | URL): string {
  return place instanceof URL || place.startsWith("file:")
    ? fileURLToPath(place)
    : place;
}

/** Calls over the channel to the process, for the server itself or for one session. */
class Calls extends ControlCalls implements Controlled {
  readonly url: string;
  protected readonly connection: Connection;
  readonly #session: string | undefined;

  constructor(connection: Connection, url: string, session?: string) {
    super();
    this.connection = connection;
    this.url = url;
    this.#session = session;
  }

  protected override async makeCall(
    { method, path, body }: ControlCall,
    site: CallSite,
  ): Promise<unknown> {
    throwAt(site, () => checkJson(body, "the body"));
    return await this.connection.ask(
      { kind: "call", method, path, body, session: this.#session },
      site,
    );
  }
}

class Server extends Calls implements PerfmockServer {
  readonly control: string;
  readonly pid: number;
  readonly #sessionHeader: string;

  constructor(connection: Connection, { url, control, sessionHeader }: Ready) {
    super(connection, url);
    this.control = control;
    this.pid = connection.pid;
    this.#sessionHeader = sessionHeader;
  }

  load(script: unknown, options: RunOptions = {}): Promise<LoadSummary> {
    return this.#run("load", script, options, callSite(this.load));
  }

  simulate(script: unknown, options: RunOptions = {}): Promise<LoadSummary> {
    return this.#run("simulate", script, options, callSite(this.simulate));
  }

  async #run(
    kind: "load" | "simulate",
    script: unknown,
    options: RunOptions,
    site: CallSite,
  ): Promise<LoadSummary> {
    throwAt(site, () => {
      checkOptions(options, RUN_OPTIONS, "Cannot run the script");
      checkJson(script, "the script");
    });
    const { signal } = options;
    const summary = this.connection.ask({ kind, script }, site, signal);
    return await summary as LoadSummary;
  }

  async session(options: SessionOptions = {}): Promise<Session> {
    const site = callSite(this.session);
    throwAt(site, () => {
      checkOptions(options, SESSION_OPTIONS, "Cannot make a session");
    });
    const call = { method: "POST", path: "/sessions", body: options };
    const { name, url } = await this.makeCall(call, site) as {
      readonly name: string;
      readonly url: string;
    };
    return new ServerSession(this.connection, { name, url }, {
      [this.#sessionHeader]: name,
    });
  }

  stop(): Promise<void> {
    return this.connection.stop();
  }

  [ASYNC_DISPOSE](): Promise<void> {
    return this.stop();
  }
}

class ServerSession extends Calls implements Session {
  readonly id: string;
  readonly headers: Readonly<Record<string, string>>;
  #stopping: Promise<void> | undefined;

  constructor(
    connection: Connection,
    { name, url }: { readonly name: string; readonly url: string },
    headers: Readonly<Record<string, string>>,
  ) {
    super(connection, url, name);
    this.id = name;
    this.headers = headers;
  }

  stop(): Promise<void> {
    return this.#stopping ??= this.#stop();
  }

  async #stop(): Promise<void> {
    try {
      await this.connection.ask({
        kind: "call",
        method: "DELETE",
        path: `/sessions/${this.id}`,
        body: undefined,
        session: undefined,
      }, callSite(this.stop));
    } catch (error) {
      // A session that has expired, or whose server has ended, has been stopped.
      if (!isOver(error)) throw error;
    }
  }

  [ASYNC_DISPOSE](): Promise<void> {
    return this.stop();
  }
}
