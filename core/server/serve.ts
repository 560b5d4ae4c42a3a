/**
 * Listens on the addresses of a configuration and passes requests to the edge: chooses the HTTP server, and takes another where
 * the configuration leaves the choice and the first cannot run.
 *
 * @module
 */
import type { EngineName, ServerSettings } from "../config/mod.ts";
import { PerfmockError } from "../errors.ts";
import {
  type PreciseClock,
  TimeLimitError,
  withinLimit,
} from "../lib/time/mod.ts";
import { obstacle } from "../net/libc.ts";
import type { Edge } from "../pipeline/edge.ts";
import { coder } from "../respond/coder.ts";
import type { Log } from "../world/state.ts";
import type { Certificate, Engine, EngineOptions, Listen } from "./engine.ts";
import {
  addressError,
  cannotRun,
  cannotShare,
  inUrl,
  isSystemError,
  messageOf,
  otherError,
} from "./listen_errors.ts";
import { listenWithDeno } from "./serve_deno.ts";

/** Server that listens. */
export interface Listener {
  /** URL under which clients reach it, with a trailing slash: that of the first address. */
  readonly url: URL;
  /** HTTP server that runs. */
  readonly engine: EngineName;
  /** Sentence that says why it is not `native`; undefined if it is, or if the configuration chose it. */
  readonly reason: string | undefined;
  /** URL at which the other replicas reach this one alone, with a trailing slash; undefined for a server that stands alone. */
  readonly own: URL | undefined;
  /**
   * Stops accepting connections, closes idle ones, lets answers leave that are being written, then ends.
   *
   * @param limit maximum wait, in ms, for clients that neither finish sending nor read. The engine `native` then cuts their
   * connections; with the others, such a connection ends later, when the client ends it
   */
  close(limit: number): Promise<void>;
  /** Closes all connections at once, including those with exchanges in flight. Not after `close`. */
  cut(): Promise<void>;
}

/** HTTP servers that can be chosen, and what is known of the engine `native` before it is loaded. */
export interface Engines extends Readonly<Record<EngineName, Listen>> {
  /** Returns the reason why `native` cannot run here, a clause such as "it needs Linux"; undefined if none is known. */
  obstacle(): string | undefined;
}

/** Options of a server that listens. */
export interface ListenOptions {
  /** Settings of the server. */
  readonly server: ServerSettings;
  /** Certificate for TLS; undefined for plain HTTP. */
  readonly certificate?: Certificate | undefined;
  /** True if a route may reset connections before the first byte, which Deno's server cannot do. */
  readonly resets: boolean;
  /** Takes the requests. */
  readonly edge: Pick<Edge, "fetch" | "receive">;
  /** Takes lines of the log. */
  readonly log: Log;
  /** Takes an error that an engine has met. */
  readonly failed: (engine: EngineName, error: unknown) => void;
  /** Counts that new connections have to wait, or that one was refused. */
  readonly heldBack: EngineOptions["heldBack"];
  /** Clock whose timers decide when answers leave; undefined if it needs no start. */
  readonly clock?: PreciseClock | undefined;
  /** True to listen on a port of its own too, on loopback, where the other processes of a fleet reach this one. Default false. */
  readonly ownPort?: boolean;
}

/** Address at which a process of a fleet is reached by the others. */
const OWN_HOST = "127.0.0.1";

/** Engines of this version. Only the one that is used is loaded, except Deno's, which is small. */
const ENGINES: Engines = {
  obstacle,
  native: async (options) =>
    (await import("./serve_native.ts")).listenWithNative(options),
  deno: (options) => Promise.resolve().then(() => listenWithDeno(options)),
  node: async (options) =>
    (await import("./serve_node.ts")).listenWithNode(options),
};

/**
 * Starts to listen.
 *
 * @param engines HTTP servers to choose from. Default those of this version
 * @throws PerfmockError `PORT_IN_USE` or `SERVER_NOT_STARTED`
 */
export async function listen(
  options: ListenOptions,
  engines: Engines = ENGINES,
): Promise<Listener> {
  const { server, certificate, log } = options;
  const choice = chooseEngine(server, options.resets, engines.obstacle);
  let { engine, reason } = choice;
  if (server.engine === "native" && reason !== undefined) {
    throw cannotRun(reason);
  }
  let running: readonly Engine[];
  try {
    running = await startAll(engine, options, { engines, reason });
  } catch (error) {
    if (error instanceof PerfmockError) throw error;
    // Only native throws other errors: it cannot run here, which only trying has shown.
    reason = messageOf(error);
    if (choice.otherwise === undefined) throw cannotRun(reason, error);
    engine = choice.otherwise;
    log("info", `${sentenceOf(reason)}. The engine ${engine} takes its place`);
    running = await startAll(engine, options, { engines, reason });
  }
  if (options.clock !== undefined) await running[0].drive?.(options.clock);
  coder.begun();
  let ended = false;
  const end = () => {
    if (!ended) coder.ended();
    ended = true;
  };
  const cut = async () => {
    await Promise.all(running.map((each) => each.cut()));
    end();
  };
  const [host] = hostsOf(server);
  const scheme = certificate === undefined ? "http" : "https";
  return {
    url: new URL(`${scheme}://${inUrl(reachable(host))}:${running[0].port}/`),
    engine,
    reason: reason === undefined ? undefined : sentenceOf(reason),
    own: options.ownPort === true
      ? new URL(`http://${OWN_HOST}:${running[running.length - 1].port}/`)
      : undefined,
    async close(limit) {
      const shut = Promise.all(running.map((each) => each.shutdown()));
      try {
        await withinLimit(shut, limit);
      } catch (error) {
        if (!(error instanceof TimeLimitError)) throw error;
        // Deno's and Node's servers end such a connection when the client ends it.
        if (engine === "native") await cut();
      }
      end();
    },
    cut,
  };
}

/** HTTP server to start. */
interface Choice {
  /** Name of the engine. */
  readonly engine: EngineName;
  /** Engine to start where that one cannot run; undefined where the configuration insists on it. */
  readonly otherwise?: EngineName;
  /** Reason why `native` is known not to run, as a clause; undefined if none is known, or if it is not wanted. */
  readonly reason?: string | undefined;
}

/**
 * Chooses the HTTP server: the configured one; with `auto` native, and where that cannot run Deno's, unless a connection may be
 * reset, which needs Node's.
 */
export function chooseEngine(
  { engine, tls }: Pick<ServerSettings, "engine" | "tls">,
  resets: boolean,
  obstacle: () => string | undefined,
): Choice {
  if (engine === "deno" || engine === "node") return { engine };
  if (engine === "native") return { engine, reason: obstacle() };
  const otherwise = resets ? "node" : "deno";
  const reason = tls === undefined
    ? obstacle()
    : "it serves plain HTTP only, and server.tls is set";
  return reason === undefined
    ? { engine: "native", otherwise }
    : { engine: otherwise, reason };
}

/** Returns the sentence that says why native does not run. */
function sentenceOf(reason: string): string {
  return `The engine native does not run: ${reason}`;
}

/** Maximum number of ports that are tried if a port that is free at one address is in use at another. */
const ATTEMPTS = 10;

/** Starts one engine for each address, all on the same port. If one cannot start, none is left. */
async function startAll(
  name: EngineName,
  options: ListenOptions,
  { engines, reason }: {
    readonly engines: Engines;
    readonly reason: string | undefined;
  },
): Promise<readonly Engine[]> {
  const { server } = options;
  const log = onceEach(options.log);
  if (server.reusePort && name !== "native") {
    throw cannotShare(
      reason === undefined
        ? `server.engine is ${JSON.stringify(server.engine)}`
        : sentenceOf(reason),
    );
  }
  // The clock's thread needs some time to start, and the first answers must be as exact as all others.
  if (name !== "native") await options.clock?.start();
  for (let attempt = 1;; attempt++) {
    const running: Engine[] = [];
    try {
      for (const [index, host] of hostsOf(server).entries()) {
        const port = running[0]?.port ?? server.port;
        running.push(
          await startOne(name, { ...options, log }, engines[name], {
            host,
            port,
            index: typeof server.host === "string" ? undefined : index,
          }),
        );
      }
      if (options.ownPort === true) {
        const apart = { ...options.server, reusePort: false };
        running.push(
          await startOne(
            name,
            { ...options, server: apart, log },
            engines[name],
            {
              host: OWN_HOST,
              port: 0,
              index: undefined,
            },
          ),
        );
      }
      return running;
    } catch (error) {
      await Promise.all(running.map((engine) => engine.cut()));
      const another = server.port === 0 && running.length > 0 &&
        attempt < ATTEMPTS && error instanceof PerfmockError &&
        error.code === "PORT_IN_USE";
      if (!another) throw error;
    }
  }
}

/** Returns a log that drops what it has said before: engines at several addresses have the same to say of the process. */
function onceEach(log: Log): Log {
  const said = new Set<string>();
  return (level, message) => {
    if (said.has(message)) return;
    said.add(message);
    log(level, message);
  };
}

/** Starts an engine at one address. Throws a PerfmockError, except where native cannot run here. */
async function startOne(
  name: EngineName,
  { server, certificate, edge, failed, heldBack, log }: ListenOptions,
  listenWith: Listen,
  place: Parameters<typeof otherError>[0],
): Promise<Engine> {
  const { host, port } = place;
  try {
    return await listenWith({
      host,
      port,
      certificate,
      handler: edge.fetch,
      receive: edge.receive,
      limits: server.limits,
      reusePort: server.reusePort,
      log,
      failed: (error) => failed(name, error),
      heldBack,
    });
  } catch (error) {
    const known = addressError(place, error);
    if (known !== undefined) throw known;
    if (name === "native" && !isSystemError(error)) throw error;
    throw otherError(place, error);
  }
}

function hostsOf({ host }: Pick<ServerSettings, "host">): readonly string[] {
  return typeof host === "string" ? [host] : host;
}

/** Returns the host under which clients reach a server: one that listens on all addresses is reached under loopback. */
function reachable(host: string): string {
  if (host === "0.0.0.0") return "127.0.0.1";
  return host === "::" ? "::1" : host;
}
