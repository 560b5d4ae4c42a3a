/**
 * A target within the load thread, on which it practises before a run: requests to it pass through the same code and the kernel's
 * sockets, and reach nobody.
 *
 * @module
 */
import {
  type Answering,
  type LocalServer,
  type Network,
  RemoteAddresses,
} from "../../../core/load.ts";
import type { Clock } from "../../../core/plugin.ts";
import type { ClientEnvironment } from "../order.ts";
import { LoopConnector } from "./loop_connection.ts";
import type { Destination } from "./targets.ts";
import { TcpEnvironment } from "./tcp_environment.ts";

/** Maximum number of connections to the target, so that practice takes no descriptors that the run needs. */
const CONNECTIONS = 64;

/** A target for practice. Disposal closes it and its connections. */
export interface PracticeTarget extends Disposable {
  /** Sends to the target. */
  readonly environment: ClientEnvironment;
}

/**
 * Starts a target for practice.
 *
 * @param destination target of the run, for the host that requests name and the prefix of their paths
 * @returns the target; undefined if the system has no descriptor left for it, which the requests of the run will report
 */
export function practiceTarget(
  destination: Destination,
  clock: Clock,
  { network, connections }: {
    readonly network: Network;
    /** Maximum number of open connections of the process. */
    readonly connections: number;
  },
): PracticeTarget | undefined {
  let server: LocalServer;
  try {
    server = network.serveLocally(answering);
  } catch {
    return undefined;
  }
  const environment = new TcpEnvironment(
    clock,
    destination,
    new LoopConnector(network, RemoteAddresses.local(server)),
    // Both ends are in this process.
    Math.min(CONNECTIONS, Math.floor(connections / 2)),
  );
  return {
    environment,
    [Symbol.dispose]() {
      environment[Symbol.dispose]();
      server[Symbol.dispose]();
    },
  };
}

const encoder = new TextEncoder();
const decoder = new TextDecoder("latin1");

/** Head of an answer, with lines as most servers have them. */
const HEAD = [
  "HTTP/1.1 200 OK",
  "content-type: application/json",
  "content-length: 2",
  "date: Thu, 01 Jan 1970 00:00:00 GMT",
  "server-timing: total;dur=1.000",
  "",
  "",
].join("\r\n");

const WHOLE = encoder.encode(`${HEAD}{}`);

/** Answer to HEAD. */
const BODYLESS = encoder.encode(HEAD);

/** Answers each request of a connection when its last byte has come. */
function answering(): Answering {
  /** Number of bytes of the request's body that have not come; the head of a request comes in one piece. */
  let left = 0;
  let answer = WHOLE;
  return (bytes) => {
    if (left > 0) left -= bytes.length;
    else {
      const text = decoder.decode(bytes);
      answer = text.startsWith("HEAD ") ? BODYLESS : WHOLE;
      const length = /\ncontent-length: (\d+)\r\n/.exec(text)?.[1] ?? "0";
      left = Number(length) - (text.length - text.indexOf("\r\n\r\n") - 4);
    }
    return left > 0 ? undefined : answer;
  };
}
