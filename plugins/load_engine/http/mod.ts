/**
 * Requests over HTTP: targets that may be connected to, connections, and the environments that send orders.
 *
 * @module
 */
import type { Clock } from "../../../core/plugin.ts";
import type { ClientEnvironment } from "../order.ts";
import { FetchEnvironment } from "./fetch_environment.ts";
import type { Destination } from "./targets.ts";
import { TcpEnvironment } from "./tcp_environment.ts";

export {
  Addresses,
  Connection,
  type ConnectionSettings,
  type FailureKind,
  kindOfError,
} from "./connection.ts";
export { readPollingSlice, shortenEventInterval } from "./event_interval.ts";
export { FRAMING, type PreparedRequest, prepareRequest } from "./request.ts";
export { MalformedResponse, ResponseReader } from "./response_reader.ts";
export {
  type Destination,
  ownDestination,
  resolveTarget,
  type TargetRules,
} from "./targets.ts";

/** Returns the environment for a destination: connections of its own, or fetch over TLS. */
export function connectTo(
  destination: Destination,
  clock: Clock,
): ClientEnvironment {
  return destination.secure
    ? new FetchEnvironment(clock, destination)
    : new TcpEnvironment(clock, destination);
}
