/**
 * Bounds of the time for which a server reads on after its last answer. A close with unread bytes would reset the connection, and a
 * client that is still sending could lose the answer.
 *
 * @module
 */

/** Bounds for one connection; the first that is reached ends it. */
export const LINGERING = {
  /** Number of bytes that are discarded. */
  bytes: 64 * 1024 * 1024,
  /** Time without a byte, in ms. */
  idle: 2000,
  /** Time in all, in ms. */
  total: 300_000,
} as const;
