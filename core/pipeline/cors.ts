/**
 * Cross-origin access: a frontend served from elsewhere may call mock routes, by default with credentials, and read their timings.
 *
 * @module
 */
import type { CorsSettings } from "../config/mod.ts";
import { problem } from "../lib/problem.ts";
import type { Incoming } from "./incoming.ts";

/** Response headers of perfmock's own that a script may read. */
const OWN =
  "Server-Timing, Perfmock-Sequence, Perfmock-Override-Refused, Retry-After, RateLimit, RateLimit-Policy";

/**
 * Headers that need no exposure: those that any script may read (Fetch, "CORS-safelisted response-header name"), those that none
 * may, and those that concern browsers and connections only.
 */
const UNLISTED: ReadonlySet<string> = new Set([
  ...OWN.toLowerCase().split(", "),
  "cache-control",
  "connection",
  "content-language",
  "content-length",
  "content-type",
  "expires",
  "last-modified",
  "pragma",
  "set-cookie",
  "set-cookie2",
  "timing-allow-origin",
  "vary",
]);

const EXPOSE = "access-control-expose-headers";

/** Access of all origins, as it is without further settings: two hours are the longest that any browser keeps a permission. */
const OPEN: CorsSettings = {
  origins: "*",
  maxAge: 7_200_000,
  exposedHeaders: undefined,
  credentials: true,
};

/** Cross-origin access of one configuration, or of the endpoints for pages. */
export class Cors {
  readonly #allows: ((origin: string) => boolean) | undefined;
  readonly #maxAge: string;
  readonly #exposed: string | undefined;
  readonly #credentials: boolean;

  /** @param settings default: all origins, with credentials */
  constructor(
    { origins, maxAge, exposedHeaders, credentials }: CorsSettings = OPEN,
  ) {
    this.#allows = origins === "*" ? undefined : allowing(origins);
    // In whole seconds: rounded down, so that nothing is kept for too long.
    this.#maxAge = `${Math.floor(maxAge / 1000)}`;
    this.#exposed = exposedHeaders?.join(", ");
    this.#credentials = credentials;
  }

  /** Returns the origin of a request whose page may read the answer; null if there is none. */
  originOf(incoming: Pick<Incoming, "header">): string | null {
    const origin = incoming.header("origin");
    return origin === null || this.#allows?.(origin) === false ? null : origin;
  }

  /**
   * Names of the headers of an answer that scripts of other origins may read; empty for none. With credentials, `*` would not stand
   * for all.
   */
  exposedNames(headers: Headers): string {
    return this.#exposed ?? [OWN, ...others(headers)].join(", ");
  }

  /** Lets the page of this origin read the answer and its headers. */
  addHeaders(headers: Headers, origin: string): void {
    const names = this.exposedNames(headers);
    headers.append("access-control-allow-origin", origin);
    if (this.#credentials) {
      headers.append("access-control-allow-credentials", "true");
    }
    if (names !== "") headers.append(EXPOSE, names);
  }

  /** The same headers as lines of HTTP/1.1, from the origin on, which stands before them and must be printable ASCII. */
  fieldsAfterOrigin(names: string): string {
    const credentials = this.#credentials
      ? "access-control-allow-credentials: true\r\n"
      : "";
    return `\r\n${credentials}${names === "" ? "" : `${EXPOSE}: ${names}\r\n`}`;
  }

  /** Exposes those headers too that were added after {@linkcode Cors.addHeaders}. */
  exposeRest(headers: Headers): void {
    const names = headers.get(EXPOSE);
    if (names === null || this.#exposed !== undefined) return;
    const listed = new Set(names.toLowerCase().split(/\s*,\s*/));
    for (const name of others(headers)) {
      if (!listed.has(name)) headers.append(EXPOSE, name);
    }
  }

  /** Answers a preflight request: permits what was asked for, if the origin may call at all. */
  preflight(incoming: Pick<Incoming, "header">): Response {
    const origin = this.originOf(incoming);
    const headers = new Headers({ vary: "Origin" });
    if (origin === null) {
      return problem({
        status: 403,
        title: "Pages of this origin may not call this server",
        detail: `server.cors.origins does not list ${
          incoming.header("origin") ?? "it"
        }`,
      }, headers);
    }
    headers.set("access-control-allow-origin", origin);
    if (this.#credentials) {
      headers.set("access-control-allow-credentials", "true");
    }
    this.allowPreflight(headers, incoming);
    return new Response(null, { status: 204, headers });
  }

  /** Permits what a preflight request asks for, except where the headers already say what is permitted. */
  allowPreflight(headers: Headers, incoming: Pick<Incoming, "header">): void {
    const permit = (name: string, value: string | null) => {
      if (value !== null && !headers.has(name)) headers.set(name, value);
    };
    const asked = (name: string) =>
      incoming.header(`access-control-request-${name}`);
    permit("access-control-allow-methods", asked("method") ?? "GET");
    permit("access-control-allow-headers", asked("headers"));
    permit("access-control-max-age", this.#maxAge);
    permit(
      "access-control-allow-private-network",
      asked("private-network") === "true" ? "true" : null,
    );
    headers.append(
      "vary",
      "Access-Control-Request-Method, Access-Control-Request-Headers",
    );
  }
}

/** Returns the access that a setting means; undefined for none. */
export function corsOf(setting: boolean | CorsSettings): Cors | undefined {
  if (setting === false) return undefined;
  return new Cors(setting === true ? undefined : setting);
}

/** Returns the test of a list of origins, of which some stand for all hosts below another, or for all ports of a host. */
function allowing(origins: readonly string[]): (origin: string) => boolean {
  const exact = new Set(origins.filter((origin) => !origin.includes("*")));
  const parts = origins.filter((origin) => origin.includes("*"))
    .map((origin) => origin.split("*"));
  return (origin) =>
    exact.has(origin) ||
    parts.some(([before, after]) =>
      origin.length > before.length + after.length &&
      origin.startsWith(before) && origin.endsWith(after) &&
      (after === "" ? /^\d+$/ : /^[^/:]+$/).test(
        origin.slice(before.length, origin.length - after.length),
      )
    );
}

function others(headers: Headers): string[] {
  return [...headers.keys()].filter((name) =>
    !UNLISTED.has(name) && !name.startsWith("access-control-")
  );
}

/** True for a preflight request. Unless a route is written for OPTIONS, it is answered at once, outside sequence, pool and delay. */
export function isPreflight(
  incoming: Pick<Incoming, "method" | "header">,
): boolean {
  return incoming.method === "OPTIONS" && incoming.header("origin") !== null &&
    incoming.header("access-control-request-method") !== null;
}

/** Method of a request, or the one that its preflight asks for. */
export function wantedMethod(
  incoming: Pick<Incoming, "method" | "header">,
): string {
  const wanted = isPreflight(incoming)
    ? incoming.header("access-control-request-method")
    : null;
  return wanted ?? incoming.method;
}
