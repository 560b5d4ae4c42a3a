/**
 * Load scripts in virtual time.
 *
 * @module
 */
export { simulate, type SimulationTools } from "./simulate.ts";
export { VirtualEnvironment } from "./virtual_environment.ts";
