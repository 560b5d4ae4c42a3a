/**
 * Global tear-down of a run of Jest: ends the server that `perfmockSetup` of `perfmock/jest` has started.
 *
 * @module
 */
export { unshareServer as default } from "./shared_server.ts";
