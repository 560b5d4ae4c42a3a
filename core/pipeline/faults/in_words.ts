/**
 * Faults as a person reads them.
 *
 * @module
 */
import type { FaultSettings } from "../../config/mod.ts";

/** What one fault does, and to which requests, in a few words. */
export function inWords(
  { share, first, per, status = 500, action, retryAfter }: FaultSettings,
): string {
  const what = action ??
    `status ${status}${
      retryAfter === undefined
        ? ""
        : ` (retry after ${Math.ceil(retryAfter / 1000)} s)`
    }`;
  if (share === 1) return `${what} for all requests`;
  if (share !== undefined) {
    // Four digits: a share of one in a million must not read as none.
    return `${what} for ${Number((share * 100).toPrecision(4))} % of requests`;
  }
  const requests = first === 1
    ? "the first request"
    : `the first ${first} requests`;
  return per === undefined
    ? `${what} for ${requests}`
    : `${what} for ${requests} of each ${per.slice("header:".length)}`;
}
