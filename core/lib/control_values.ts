/**
 * Values that calls of the control API take. Programs in Node.js check them before a call.
 *
 * @module
 */

/** Outcomes of requests that have ended. */
export const OUTCOMES = [
  "answered",
  "rejected",
  "gone",
  "cut",
  "failed",
  "reset",
] as const;

/** Names of sessions: labels of host names, since they can stand before `.localhost`. */
export const SESSION_NAME = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/;
