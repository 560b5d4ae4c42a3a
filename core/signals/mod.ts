/**
 * Values as functions of time: load, and whatever else a run changes.
 *
 * @module
 */
export { constant } from "./constant.ts";
