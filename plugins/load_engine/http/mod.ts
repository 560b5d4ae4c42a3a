/**
 * Requests over HTTP: targets that may be connected to, connections, and the environments that send orders.
 *
 * @module
 */
import type { Network } from "../../../core/load.ts";
import type { Clock } from "../../../core/plugin.ts";
import type { ClientEnvironment } from "../order.ts";
import { DenoConnector } from "./connection.ts";
import { FetchEnvironment } from "./fetch_environment.ts";
import { LoopConnector } from "./loop_connection.ts";
import type { Destination } from "./targets.ts";
import { TcpEnvironment } from "./tcp_environment.ts";

export type { FailureKind } from "./client_connection.ts";
export {
  Addresses,
  Connection,
  type ConnectionSettings,
  kindOfError,
} from "./connection.ts";
export { readPollingSlice, shortenEventInterval } from "./event_interval.ts";
export { networkFor } from "./loop_connection.ts";
export { type PracticeTarget, practiceTarget } from "./practice_target.ts";
export { FRAMING, type PreparedRequest, prepareRequest } from "./request.ts";
export { MalformedResponse, ResponseReader } from "./response_reader.ts";
export {
  type Destination,
  isLoopback,
  ownDestination,
  resolveTarget,
  type TargetRules,
} from "./targets.ts";

export { UPLOAD_LIMIT, Uploads, UPLOADS_LIMIT } from "./uploads.ts";
export {
  type ClockReading,
  Refusal,
  type ShareReport,
  WorkerClient,
} from "./worker_client.ts";

/** Means that connections are made with. */
export interface ConnectionMeans {
  /** Carries the connections; undefined leaves them to Deno's sockets. See {@linkcode networkFor}. */
  readonly network?: Network | undefined;
  /** Maximum number of open connections; over TLS fetch decides. Default: no limit. */
  readonly connections?: number;
}

/** Returns the environment for a destination: connections of its own, or fetch over TLS. */
export function connectTo(
  destination: Destination,
  clock: Clock,
  { network, connections = Infinity }: ConnectionMeans = {},
): ClientEnvironment {
  if (destination.secure) return new FetchEnvironment(clock, destination);
  const connector = network === undefined
    ? new DenoConnector(destination)
    : LoopConnector.of(network, destination) ?? new DenoConnector(destination);
  return new TcpEnvironment(clock, destination, connector, connections);
}
