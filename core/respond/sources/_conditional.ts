/**
 * Conditional and partial requests for a file (RFC 9110, sections 13 and 14).
 *
 * @module
 */

/** What a file is told apart by. */
export interface Version {
  /** A strong entity tag, quoted. */
  readonly etag: string;
  /** When it was changed, in whole seconds since 1970, as HTTP dates have no more. */
  readonly modified: number;
}

/** A part of a file: both ends are included. */
export interface Range {
  /** The first byte. */
  readonly first: number;
  /** The last byte. */
  readonly last: number;
}

/** The version of a file of this size and time. */
export function versionOf(size: number, modified: number): Version {
  return {
    etag: `"${size.toString(16)}-${Math.trunc(modified).toString(16)}"`,
    modified: Math.floor(modified / 1000),
  };
}

/** Whether the client has this version already: If-None-Match, and only without it If-Modified-Since. */
export function isKnown(headers: Headers, version: Version): boolean {
  const tags = headers.get("if-none-match");
  if (tags !== null) {
    return tags.trim() === "*" ||
      tags.split(",").some((tag) =>
        tag.trim().replace(/^W\//, "") === version.etag
      );
  }
  const since = secondsOf(headers.get("if-modified-since"));
  return since !== undefined && version.modified <= since;
}

/**
 * The part a client asks for.
 *
 * @returns undefined for all of it: without a Range, with one that is not understood or has several parts (a server may ignore
 * those), or where If-Range names another version; null where the file has no such part
 */
export function rangeOf(
  headers: Headers,
  size: number,
  version: Version,
): Range | null | undefined {
  const [, from, to] =
    /^bytes=\s*(\d*)-(\d*)\s*$/i.exec(headers.get("range") ?? "") ?? [];
  if (from === undefined || (from === "" && to === "")) return undefined;
  if (!isCurrent(headers.get("if-range"), version)) return undefined;
  if (from === "") {
    const length = Math.min(Number(to), size);
    return length === 0 ? null : { first: size - length, last: size - 1 };
  }
  const first = Number(from);
  const last = to === "" ? size - 1 : Math.min(Number(to), size - 1);
  if (to !== "" && Number(to) < first) return undefined;
  return first >= size ? null : { first, last };
}

function isCurrent(condition: string | null, version: Version): boolean {
  return condition === null || condition === version.etag ||
    secondsOf(condition) === version.modified;
}

function secondsOf(date: string | null): number | undefined {
  if (date === null || date.includes('"')) return undefined;
  const milliseconds = Date.parse(date);
  return Number.isNaN(milliseconds)
    ? undefined
    : Math.floor(milliseconds / 1000);
}
