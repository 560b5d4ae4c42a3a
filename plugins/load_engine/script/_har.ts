/**
 * Entries of a HAR, the recording of a browser or a proxy. Entries that were no request to the recorded site are left out.
 *
 * @see http://www.softwareishard.com/blog/har-12-spec/
 * @module
 */
import { pathOf } from "./_access_log.ts";
import { bodyOf } from "./_har_body.ts";
import type { Omission } from "./_left_out.ts";
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

/** One entry, whose parts may be missing or of any type. */
interface HarEntry {
  readonly startedDateTime?: unknown;
  readonly pageref?: unknown;
  readonly request?: {
    readonly method?: unknown;
    readonly url?: unknown;
    readonly headers?: unknown;
    readonly bodySize?: unknown;
    readonly postData?: unknown;
  };
  readonly response?: {
    readonly status?: unknown;
    readonly content?: { readonly mimeType?: unknown };
    readonly _error?: unknown;
  };
  /** Chrome: `disk` or `memory`. */
  readonly _fromCache?: unknown;
  /** Chrome: `document`, `xhr`, `websocket` and others. */
  readonly _resourceType?: unknown;
}

/** Reason of requests to other hosts. */
export const OTHER_HOST = "another host than the page's";

/** A token by RFC 9110, 5.6.2. */
const METHOD = /^[!#$%&'*+.^_`|~\w-]+$/;
const HEADER = METHOD;

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
    isHost: hosts === undefined ? ofPages(all) : ofHosts(hosts),
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

function ofHosts(hosts: readonly string[]): (url: URL) => boolean {
  const isListed = oneOf(hosts);
  return ({ host, hostname }) => isListed(host) || isListed(hostname);
}

function entryOf(
  entry: HarEntry,
  wanted: Wanted,
): Entry | Omission {
  const request = entry.request ?? {};
  const method = textOf(request.method).toUpperCase();
  const written = textOf(request.url);
  const url = URL.parse(written);
  if (method === "CONNECT") return { reason: method };
  if (url === null) return { reason: "no URL" };
  if (!isHttp(url)) return { reason: "no HTTP", name: url.protocol };
  const status = entry.response?.status;
  if (entry._resourceType === "websocket" || status === 101) {
    return { reason: "WebSocket" };
  }
  if (!METHOD.test(method)) return { reason: "no method" };
  if (!wanted.isHost(url)) return { reason: OTHER_HOST, name: url.host };
  if (entry._fromCache !== undefined && entry._fromCache !== false) {
    return { reason: "answered by the browser's cache" };
  }
  if (textOf(entry.response?._error).startsWith("net::ERR_BLOCKED")) {
    return { reason: "blocked by the browser" };
  }
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

/**
 * Requests to the hosts of the recorded pages: to that of each page's document, and of a first request that led to it by a redirect.
 * Without pages, as from a proxy, there is one page.
 */
function ofPages(entries: readonly HarEntry[]): (url: URL) => boolean {
  const pages = Map.groupBy(
    entries.filter((entry) => hostOf(entry) !== undefined),
    ({ pageref }) => pageref,
  );
  const hosts = new Set<string>();
  for (const page of pages.values()) {
    const document = page.find(isDocument) ?? page.find(isHtml) ?? page[0];
    for (
      const entry of isRedirect(page[0]) ? [page[0], document] : [document]
    ) {
      const host = hostOf(entry);
      if (host !== undefined) hosts.add(host);
    }
  }
  return ({ host }) => hosts.has(host);
}

function hostOf({ request }: HarEntry): string | undefined {
  const url = URL.parse(textOf(request?.url));
  return url !== null && isHttp(url) && textOf(request?.method) !== "CONNECT"
    ? url.host
    : undefined;
}

function isHttp({ protocol }: URL): boolean {
  return protocol === "http:" || protocol === "https:";
}

function isRedirect({ response }: HarEntry): boolean {
  const status = Number(response?.status);
  return status >= 300 && status < 400 && status !== 304;
}

function isDocument(entry: HarEntry): boolean {
  return entry._resourceType === "document" && !isRedirect(entry);
}

function isHtml(entry: HarEntry): boolean {
  return !isRedirect(entry) &&
    /^(?:text\/html|application\/xhtml\+xml)/i.test(
      textOf(entry.response?.content?.mimeType),
    );
}

function textOf(value: unknown): string {
  return typeof value === "string" ? value : "";
}
