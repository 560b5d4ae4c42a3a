/**
 * Header of calls between the replicas of a fleet.
 *
 * @module
 */

/**
 * Header that makes the receiver answer for itself alone, so that no call makes a second round. With `part`, it answers in the form in
 * which answers of several replicas are merged; with `own`, as a server that stands alone does.
 */
export const PART_HEADER = "perfmock-part";

/** Returns true if a request asks for an answer that is merged with those of other replicas. */
export function isPart({ headers }: Request): boolean {
  return headers.get(PART_HEADER) === "part";
}

/** Returns true if a request asks this replica alone. */
export function isOwn({ headers }: Request): boolean {
  return headers.has(PART_HEADER);
}
