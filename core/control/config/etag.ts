/**
 * Revisions as entity tags (RFC 9110, 8.8.3 and 13.1.1).
 *
 * @module
 */

/** The entity tag of a revision. */
export function etag(revision: number): string {
  return `"${revision}"`;
}

/**
 * The revisions that an If-Match header takes: undefined for any, empty where it names none of ours.
 *
 * @param header its value; null where it was not sent
 */
export function revisionsIn(
  header: string | null,
): readonly number[] | undefined {
  if (header === null) return undefined;
  const tags = header.split(",").map((tag) => tag.trim());
  // A weak tag never matches: RFC 9110 has If-Match compare strongly.
  return tags.includes("*")
    ? undefined
    : tags.flatMap((tag) => /^"(\d+)"$/.exec(tag)?.[1] ?? []).map(Number);
}
