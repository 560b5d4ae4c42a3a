/**
 * What runs a script's scenarios. Schedules say when, executors do it, an {@linkcode Environment} carries it out.
 *
 * @module
 */
export { ControlRun, type Controls } from "./control_run.ts";
export {
  type Environment,
  type ErrorKind,
  Order,
  type Sender,
  type Turn,
} from "./environment.ts";
export { LoadRun, type RunResult, type RunWatcher } from "./load_run.ts";
export { spareConnections } from "./spare_connections.ts";
