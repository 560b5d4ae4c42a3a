/**
 * Facts of HTTP that several parts of perfmock need.
 *
 * @module
 */

/** Statuses whose responses have no body: 204 No Content, 205 Reset Content and 304 Not Modified (RFC 9110, section 15). */
export const BODILESS: ReadonlySet<number> = new Set([204, 205, 304]);
