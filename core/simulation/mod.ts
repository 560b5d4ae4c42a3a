/**
 * A configuration in virtual time: the hooks that serve HTTP, run as discrete events, without a Request, a Response or a
 * promise.
 *
 * @module
 */
export { createVirtualWorld } from "./virtual_world.ts";
