/**
 * Runs of load scripts: each on a thread of its own, so that it does not disturb the server's clock, and all of them ended with
 * the server.
 *
 * @module
 */
export { runEndpoints } from "./endpoints.ts";
export { Run, type RunListener, type RunReport, type RunState } from "./run.ts";
export { Runs, type RunsParts } from "./runs.ts";
