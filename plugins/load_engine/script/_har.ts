/**
 * Entries of a HAR, the recording of a browser or a proxy. Entries that were no request to the recorded site are left out.
 *
 * @see http://www.softwareishard.com/blog/har-12-spec/
 * @module
 */
import {
  type HarEntry,
  ofHosts,
  type Omission,
  PageHosts,
  pathOf,
  sentRequest,
  textOf,
} from "../../../core/plugin.ts";
import { bodyOf } from "./_har_body.ts";
import { OWN_HEADERS } from "./_requests.ts";
import type { Entry } from "./_trace_entries.ts";

/** Parts of a HAR that are replayed. */
export interface HarSelection {
  /** Hosts whose requests are replayed, with or without a port; `*` for all. Default: those of the pages. */
  readonly hosts?: readonly string[] | undefined;
  /** Names of the headers that are replayed; `*` for all. Default: none, because they may hold secrets. */
  readonly headers?: readonly string[] | undefined;
}

/** Error that says why a value is no HAR. */
export class NoHar extends Error {
  /** Name of this class. */
  override readonly name = "NoHar";
}

/** A name of a header, a token by RFC 9110, 5.6.2. */
const HEADER = /^[!#$%&'*+.^_`|~\w-]+$/;

/** Requests and headers that are replayed. */
interface Wanted {
  readonly isHost: (url: URL) => boolean;
  readonly isHeader: (name: string) => boolean;
}

/**
 * Reads all entries in their order.
 *
 * @throws NoHar where the value has no entries
 */
export function* harEntries(
  har: unknown,
  { hosts, headers = [] }: HarSelection,
): Generator<Entry | Omission> {
  const { entries } = (har as { log?: { entries?: unknown } } | null)?.log ??
    {};
  if (!Array.isArray(entries)) throw new NoHar("it has no log.entries");
  const all: readonly HarEntry[] = entries.map((entry) => entry ?? {});
  const isHeader = oneOf(headers);
  const wanted: Wanted = {
    isHost: hosts === undefined ? hostsOfPages(all) : ofHosts(hosts),
    // The content type belongs to the body, and names with a colon are HTTP/2's own.
    isHeader: (name) =>
      isHeader(name) && !OWN_HEADERS.has(name) && name !== "content-type" &&
      HEADER.test(name),
  };
  for (const entry of all) yield entryOf(entry, wanted);
}

/** Returns whether a name in lower case is in a list, or the list has a `*`. */
function oneOf(list: readonly string[]): (name: string) => boolean {
  const listed = new Set(list.map((name) => name.toLowerCase()));
  return (name) => listed.has("*") || listed.has(name);
}

function hostsOfPages(entries: readonly HarEntry[]): (url: URL) => boolean {
  const pages = new PageHosts();
  for (const entry of entries) pages.add(entry);
  return pages.isHost;
}

function entryOf(
  entry: HarEntry,
  wanted: Wanted,
): Entry | Omission {
  const sent = sentRequest(entry, wanted.isHost);
  if ("reason" in sent) return sent;
  const { method, written, url } = sent;
  const request = entry.request ?? {};
  const at = Date.parse(textOf(entry.startedDateTime));
  if (Number.isNaN(at)) return { reason: "no date" };
  const path = pathOf(written) ?? url.pathname + url.search;
  const body = bodyOf(request.postData, request.bodySize);
  return body !== undefined && "reason" in body ? body : {
    at,
    request: {
      method,
      path,
      headers: headersOf(request.headers, wanted),
      body,
    },
  };
}

function headersOf(
  headers: unknown,
  { isHeader }: Wanted,
): [name: string, value: string][] {
  if (!Array.isArray(headers)) return [];
  return headers.flatMap(
    (header: { name?: unknown; value?: unknown } | null) => {
      const name = textOf(header?.name).toLowerCase();
      const value = textOf(header?.value);
      return isHeader(name) ? [[name, value] as [string, string]] : [];
    },
  );
}
