/**
 * Global tear-down of a run of Jest: ends the servers that `perfmockSetup` of `perfmock/jest` has started.
 *
 * @module
 */
export { unshareServers as default } from "./shared_server.ts";
