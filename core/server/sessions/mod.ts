/**
 * Sessions: servers within the server, so that several test workers share one without disturbing each other.
 *
 * @module
 */
export { sessionEndpoints } from "../../control/session_endpoints.ts";
export {
  nameInHost,
  type SessionDescription,
  type SessionRequest,
  Sessions,
  unknownSession,
} from "./sessions.ts";
export { SessionMetrics } from "./session_metrics.ts";
