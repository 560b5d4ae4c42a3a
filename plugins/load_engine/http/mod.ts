/**
 * How requests get to a target: whether they may, over which connections, and what comes back.
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

/** What sends requests to a destination: connections of our own, or fetch where TLS is spoken. */
export function connectTo(
  destination: Destination,
  clock: Clock,
): ClientEnvironment {
  return destination.secure
    ? new FetchEnvironment(clock, destination)
    : new TcpEnvironment(clock, destination);
}
