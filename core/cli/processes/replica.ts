/**
 * One process of `serve --processes`: a server that is one of several replicas, in the hands of a supervisor.
 *
 * @module
 */
import { pathToFileURL } from "node:url";
import { createServer } from "../../app.ts";
import { FILE_READER_LIMITS, TextReader } from "../../config/mod.ts";
import { PerfmockError } from "../../errors.ts";
import type { Peers } from "../../fleet/peers.ts";
import { Preparations } from "../../lib/agreement.ts";
import { describeError } from "../../lib/issue_text.ts";
import { describeThrown } from "../../lib/thrown.ts";
import type { Server } from "../../server/server.ts";
import {
  loadConfiguration,
  type LoadedConfiguration,
  warningsAbout,
} from "../configuration.ts";
import { LocatedError } from "../located.ts";
import { describeWarnings } from "../terminal.ts";
import { UnhandledErrors } from "../unhandled.ts";
import { watchedFiles } from "../serve_files.ts";
import type { WatchedFiles } from "../watch.ts";
import {
  lineOf,
  type Order,
  readMessages,
  type Reloaded,
  type Report,
  type SentError,
} from "./messages.ts";
import { SupervisedFleet } from "./supervised_fleet.ts";

type Start = Extract<Order, { kind: "start" }>;

/** Signals that reach all processes of a terminal: the supervisor decides. */
const IGNORED = ["SIGINT", "SIGHUP"] as const;

/** Exit status of a process whose supervisor has gone. */
const ORPHANED = 1;

/** Runs one process until its supervisor ends it, or is gone. Returns the exit status. */
export async function runReplica(): Promise<number> {
  for (const signal of IGNORED) Deno.addSignalListener(signal, () => {});
  const orders = readMessages<Order>(Deno.stdin.readable);
  report({ kind: "hello" });
  const first = await nextOrder(orders);
  if (first?.kind !== "start") return ORPHANED;
  const fleet = new SupervisedFleet(first, report);
  let server: Server;
  try {
    server = await startServer(first, fleet);
  } catch (error) {
    report({ kind: "failed", error: sentError(error) });
    return ORPHANED;
  }
  using _unhandled = new UnhandledErrors(server);
  const reloads = new ReplicaReloads(server, first);
  let draining: Promise<void> | undefined;
  const drain = () => {
    fleet[Symbol.dispose]();
    draining ??= server.drain().then(() => {
      report({ kind: "ended", stats: server.statsPart() });
      Deno.exit(0);
    });
  };
  Deno.addSignalListener("SIGTERM", drain);
  report({
    kind: "listening",
    url: server.url.href,
    own: server.ownUrl?.href ?? "",
  });
  for (;;) {
    const order = await nextOrder(orders);
    // The supervisor has gone, however that happened: nobody would ever end this process.
    if (order === undefined) Deno.exit(ORPHANED);
    fleet.heard();
    switch (order.kind) {
      case "fleet":
        fleet.state = order.fleet;
        break;
      case "answer":
        fleet.answered(order);
        break;
      case "reload":
        reloads.prepare(order.id);
        break;
      case "settle":
        reloads.settle(order.id, order.commit);
        break;
      case "state":
        report({ kind: "state", id: order.id, state: server.state() });
        break;
      case "drain":
        drain();
        break;
      case "beat":
      case "start":
    }
  }
}

/** Returns the next order; undefined if the supervisor has gone. */
async function nextOrder(
  orders: AsyncGenerator<
    { readonly message: Order } | { readonly text: string }
  >,
): Promise<Order | undefined> {
  for (;;) {
    const { done, value } = await orders.next();
    if (done) return undefined;
    if ("message" in value) return value.message;
  }
}

async function startServer(
  { handover, options, port, segment }: Start,
  peers: Peers,
): Promise<Server> {
  const fleet = { peers, sharedPort: port };
  if (handover === undefined) {
    const configuration = await loadConfiguration({ ...options, segment });
    return await configuration.createServer({ listen: true, ...fleet });
  }
  return await createServer(handover.main.value as object, {
    folder: new URL(handover.main.folder),
    segment,
    handover,
    ...fleet,
  });
}

const ENCODER = new TextEncoder();

/** Sends a message to the supervisor. */
function report(message: Report): void {
  let bytes = ENCODER.encode(lineOf(message));
  try {
    while (bytes.length > 0) {
      bytes = bytes.subarray(Deno.stdout.writeSync(bytes));
    }
  } catch {
    // The supervisor has gone, which the end of standard input tells.
  }
}

/** Converts an error for a message. */
export function sentError(error: unknown): SentError {
  if (!(error instanceof PerfmockError)) {
    const message = describeThrown(error);
    return { message, issues: [], text: `${message}\n` };
  }
  const { code, issues, message } = error;
  const places = error instanceof LocatedError ? error.places : [];
  return { code, message, issues, text: describeError(error, places) };
}

/** Reads the configuration again when the supervisor says so. */
class ReplicaReloads {
  readonly #server: Server;
  readonly #start: Start;
  readonly #preparations = new Preparations();
  #revision: number;

  constructor(server: Server, start: Start) {
    this.#server = server;
    this.#start = start;
    this.#revision = server.revision;
  }

  async prepare(id: string): Promise<void> {
    let files: WatchedFiles | undefined;
    let digest: string | undefined;
    try {
      await this.#preparations.prepare(id, async () => {
        // The thread parses the file, which would keep the server from answering if it is large. It also finds the places of warnings.
        await using texts = new TextReader(FILE_READER_LIMITS);
        const { options, segment } = this.#start;
        const configuration = await loadConfiguration(
          { ...options, segment },
          { texts },
        );
        files = watchedFiles(configuration);
        digest = await digestOf(configuration.input);
        return await this.#reload(configuration);
      });
      report({ kind: "prepared", id, ...files && { files }, digest });
    } catch (error) {
      report({
        kind: "prepared",
        id,
        ...files && { files },
        ...digest !== undefined && { digest },
        error: sentError(error),
      });
    }
  }

  async settle(id: string, commit: boolean): Promise<void> {
    try {
      const result = await this.#preparations.settle(id, commit);
      report({
        kind: "settled",
        id,
        ...result !== undefined && { result: result as Reloaded },
      });
    } catch (error) {
      report({ kind: "settled", id, error: sentError(error) });
    }
  }

  async #reload(configuration: LoadedConfiguration): Promise<Reloaded> {
    const { folder, input, locate } = configuration;
    const server = this.#server;
    const discarded = server.revision !== this.#revision;
    await locate(() =>
      server.replace({
        value: input,
        folder: new URL(`${pathToFileURL(folder).href}/`),
      })
    );
    this.#revision = server.revision;
    return {
      revision: server.revision,
      discarded,
      warnings: describeWarnings(await warningsAbout(configuration, server)),
    };
  }
}

async function digestOf(value: unknown): Promise<string> {
  const bytes = new TextEncoder().encode(JSON.stringify(value));
  const hash = await crypto.subtle.digest("SHA-256", bytes);
  return Array.from(
    new Uint8Array(hash),
    (byte) => byte.toString(16).padStart(2, "0"),
  ).join("");
}

if (import.meta.main) Deno.exit(await runReplica());
