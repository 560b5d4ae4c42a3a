/**
 * Access to the control API. Web pages of other origins are refused, and so are requests without the token if one is
 * configured.
 *
 * @module
 */
import { problem } from "../lib/problem.ts";

/** Settings of the access check. */
export interface GuardSettings {
  /** Required token; null if none is required. */
  readonly token: string | null;
}

/**
 * Checks a request. A browser sends the header Origin with every request to another origin and with every request that changes
 * something; it must be our own origin. DNS rebinding, where a foreign name is pointed at our address, makes the foreign page's
 * origin equal to ours. Without a token, only IP addresses and localhost are therefore accepted as host names.
 *
 * @returns the answer that refuses the request; undefined if it may pass
 */
export function refuse(
  request: Request,
  settings: GuardSettings,
): Response | undefined {
  const own = new URL(request.url);
  const origin = request.headers.get("origin");
  if (origin !== null && origin !== own.origin) {
    return problem({
      status: 403,
      title: "The control API refuses pages of other origins",
      detail: `This request came from ${origin}`,
    });
  }
  if (settings.token === null) {
    return isLocalName(own.hostname) ? undefined : problem({
      status: 403,
      title: "The control API refuses this host name",
      detail:
        `Use an IP address or localhost instead of ${own.hostname}, or set control.token`,
    });
  }
  const sent = request.headers.get("authorization") ?? "";
  if (sameText(sent, `Bearer ${settings.token}`)) return undefined;
  return problem({
    status: 401,
    title: "The control API requires a token",
    detail: "Send it as Authorization: Bearer TOKEN",
  }, new Headers({ "www-authenticate": "Bearer" }));
}

/** True for a host name that no foreign page can have. */
function isLocalName(hostname: string): boolean {
  return hostname === "localhost" || hostname.endsWith(".localhost") ||
    hostname.startsWith("[") || /^\d+(\.\d+){3}$/.test(hostname);
}

/** Compares in a time that depends only on the length of the received text, so that it reveals nothing of the token. */
function sameText(received: string, expected: string): boolean {
  let difference = received.length ^ expected.length;
  for (let i = 0; i < received.length; i++) {
    difference |= received.charCodeAt(i) ^
      expected.charCodeAt(i % expected.length);
  }
  return difference === 0;
}
