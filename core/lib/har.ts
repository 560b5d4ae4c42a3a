/**
 * HAR, the recording of a browser or a proxy: which of its entries are requests that were sent to the recorded site. Replaying a HAR
 * and making a mock of it leave out the same entries.
 *
 * @see http://www.softwareishard.com/blog/har-12-spec/
 * @module
 */
import type { Omission } from "./omissions.ts";

/** One entry, whose parts may be missing or of any type. */
export interface HarEntry {
  /** Time at which the request was made, as a date. */
  readonly startedDateTime?: unknown;
  /** Name of the page. */
  readonly pageref?: unknown;
  /** Request. */
  readonly request?: {
    readonly method?: unknown;
    readonly url?: unknown;
    readonly headers?: unknown;
    readonly bodySize?: unknown;
    readonly postData?: unknown;
  };
  /** Response. */
  readonly response?: {
    readonly status?: unknown;
    readonly headers?: unknown;
    readonly bodySize?: unknown;
    readonly redirectURL?: unknown;
    readonly content?: {
      readonly mimeType?: unknown;
      readonly size?: unknown;
      readonly text?: unknown;
      readonly encoding?: unknown;
    };
    readonly _error?: unknown;
  };
  /** Parts of the time, in ms. */
  readonly timings?: { readonly wait?: unknown };
  /** Chrome: `disk` or `memory`. */
  readonly _fromCache?: unknown;
  /** Chrome: `document`, `xhr`, `websocket` and others. */
  readonly _resourceType?: unknown;
}

/** Reason of requests to other hosts. */
export const OTHER_HOST = "another host than the page's";

/** A token by RFC 9110, 5.6.2. */
const METHOD = /^[!#$%&'*+.^_`|~\w-]+$/;

/** A request that was sent. */
export interface SentRequest {
  /** Method in capital letters. */
  readonly method: string;
  /** URL as it was written. */
  readonly written: string;
  /** The same, parsed. */
  readonly url: URL;
}

/** Returns the request of an entry, or the reason why it was none to the recorded site. */
export function sentRequest(
  entry: HarEntry,
  isHost: (url: URL) => boolean,
): SentRequest | Omission {
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
  if (!isHost(url)) return { reason: OTHER_HOST, name: url.host };
  if (entry._fromCache !== undefined && entry._fromCache !== false) {
    return { reason: "answered by the browser's cache" };
  }
  if (textOf(entry.response?._error).startsWith("net::ERR_BLOCKED")) {
    return { reason: "blocked by the browser" };
  }
  return { method, written, url };
}

/** Returns whether a URL has one of the hosts, each with or without a port; `*` stands for all. */
export function ofHosts(hosts: readonly string[]): (url: URL) => boolean {
  const listed = new Set(hosts.map((host) => host.toLowerCase()));
  return ({ host, hostname }) =>
    listed.has("*") || listed.has(host) || listed.has(hostname);
}

/** The first entries of a page: one of them is its document. */
interface Page {
  readonly firstHost: string;
  readonly redirects: boolean;
  document: string | undefined;
  html: string | undefined;
}

/**
 * Hosts of the recorded pages: that of each page's document, and of a first request that led to it by a redirect. Without pages, as
 * from a proxy, there is one page.
 */
export class PageHosts {
  readonly #pages = new Map<unknown, Page>();

  /** Looks at an entry. The entries come in their order. */
  add(entry: HarEntry): void {
    const host = hostOf(entry);
    if (host === undefined) return;
    let page = this.#pages.get(entry.pageref);
    if (page === undefined) {
      page = {
        firstHost: host,
        redirects: isRedirect(entry),
        document: undefined,
        html: undefined,
      };
      this.#pages.set(entry.pageref, page);
    }
    if (isRedirect(entry)) return;
    if (entry._resourceType === "document") page.document ??= host;
    if (isHtml(entry)) page.html ??= host;
  }

  /** Returns whether a URL has the host of a page. */
  get isHost(): (url: URL) => boolean {
    const hosts = new Set<string>();
    for (
      const { firstHost, redirects, document, html } of this.#pages.values()
    ) {
      const main = document ?? html;
      if (redirects || main === undefined) hosts.add(firstHost);
      if (main !== undefined) hosts.add(main);
    }
    return ({ host }) => hosts.has(host);
  }
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

function isHtml(entry: HarEntry): boolean {
  return /^(?:text\/html|application\/xhtml\+xml)/i.test(
    textOf(entry.response?.content?.mimeType),
  );
}

/** Returns a value if it is a text, else an empty one. */
export function textOf(value: unknown): string {
  return typeof value === "string" ? value : "";
}

/**
 * Returns the path and query of a request's target as it was written: `//a` is a path, not a host. Proxies log whole URLs.
 */
export function pathOf(target: string): string | undefined {
  if (target.startsWith("/")) return target;
  if (!URL.canParse(target)) return undefined;
  const [, rest] = /^https?:\/\/[^/?#]+([^#]*)/i.exec(target) ?? [];
  if (rest === undefined) return undefined;
  return rest.startsWith("/") ? rest : `/${rest}`;
}
