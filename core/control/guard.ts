/**
 * Access to the control API. Web pages of other origins are refused, and so are requests without the token if one is
 * configured. Without a token, pages of our own origin are refused too, since the mock routes are pages of that origin.
 *
 * @module
 */
import { createHash, timingSafeEqual } from "node:crypto";
import { problem } from "../lib/problem.ts";

/** Settings of the access check. */
export interface GuardSettings {
  /** Required token; null if none is required. */
  readonly token: string | null;
}

/** Values of Sec-Fetch-Site that browsers send for the pages of other origins. */
const ELSEWHERE: readonly (string | null)[] = ["cross-site", "same-site"];

/**
 * Checks a request. A browser sends the header Origin with every request to another origin and with every request that changes
 * something, and Sec-Fetch-Site with all; both must name our own origin, and pages of our own need the token. DNS rebinding,
 * where a foreign name is pointed at our address, makes the foreign page's origin equal to ours. Without a token, only IP
 * addresses and localhost are therefore accepted as host names.
 *
 * @returns the answer that refuses the request; undefined if it may pass
 */
export function refuse(
  request: Request,
  settings: GuardSettings,
): Response | undefined {
  const own = new URL(request.url);
  const { headers } = request;
  const origin = headers.get("origin");
  const site = headers.get("sec-fetch-site");
  if (origin !== null && origin !== own.origin || ELSEWHERE.includes(site)) {
    return problem({
      status: 403,
      title: "The control API refuses pages of other origins",
      detail: `This request came from ${origin ?? "a page elsewhere"}`,
    });
  }
  if (settings.token === null) {
    if (!isLocalName(own.hostname)) {
      return problem({
        status: 403,
        title: "The control API refuses this host name",
        detail:
          `Use an IP address or localhost instead of ${own.hostname}, or set control.token`,
      });
    }
    // "none" is an address that the user typed: no page is behind it.
    return origin === null && (site === null || site === "none")
      ? undefined
      : problem({
        status: 403,
        title: "The control API requires a token from pages in a browser",
        detail:
          "Mock routes are pages of this origin too. Set control.token, and send it as Authorization: Bearer TOKEN",
      });
  }
  if (sameText(tokenIn(headers), settings.token)) return undefined;
  return problem({
    status: 401,
    title: "The control API requires a token",
    detail: headers.get("authorization") === null
      ? "Send control.token as Authorization: Bearer TOKEN"
      : "The token in Authorization is not control.token",
  }, new Headers({ "www-authenticate": "Bearer" }));
}

/** Token in the header Authorization, whose scheme is compared without case (RFC 9110, 11.1); empty if there is none. */
function tokenIn(headers: Headers): string {
  return /^bearer +(\S+)$/i.exec(headers.get("authorization") ?? "")?.[1] ?? "";
}

/** True for a host name that no foreign page can have: names below `.invalid` never have an address (RFC 6761, 6.4). */
function isLocalName(hostname: string): boolean {
  return hostname === "localhost" || hostname.endsWith(".localhost") ||
    hostname.endsWith(".invalid") ||
    hostname.startsWith("[") || /^\d+(\.\d+){3}$/.test(hostname);
}

/** Compares in a time that reveals nothing of the expected text: digests are compared, as a whole. */
function sameText(received: string, expected: string): boolean {
  return timingSafeEqual(digest(received), digest(expected));
}

function digest(text: string): Uint8Array {
  return createHash("sha256").update(text).digest();
}
