/**
 * Who may use the control API: a page from elsewhere may not, and where a token is configured, only who knows it.
 *
 * @module
 */
import { problem } from "../lib/problem.ts";

/** What the guard checks against. */
export interface GuardSettings {
  /** The token that is demanded, if any. */
  readonly token: string | null;
}

/**
 * The problem with a request, or undefined where it may pass. A browser sends an Origin with all it sends across origins and
 * with all that changes something: it must be ours. A page whose name was pointed at our address has our origin, but its own
 * name for us: without a token only addresses and localhost are taken as names.
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
      title: "The control API is closed to pages from elsewhere",
      detail: `This request came from ${origin}`,
    });
  }
  if (settings.token === null) {
    return isLocalName(own.hostname) ? undefined : problem({
      status: 403,
      title: "The control API is closed to this host name",
      detail:
        `Use an IP address or localhost instead of ${own.hostname}, or set control.token`,
    });
  }
  const sent = request.headers.get("authorization") ?? "";
  if (sameText(sent, `Bearer ${settings.token}`)) return undefined;
  return problem({
    status: 401,
    title: "The control API demands a token",
    detail: "Send it as Authorization: Bearer TOKEN",
  }, new Headers({ "www-authenticate": "Bearer" }));
}

/** A name that no foreign page can have. */
function isLocalName(hostname: string): boolean {
  return hostname === "localhost" || hostname.endsWith(".localhost") ||
    hostname.startsWith("[") || /^\d+(\.\d+){3}$/.test(hostname);
}

/** Compares in a time that depends on the length of what was sent only. */
function sameText(sent: string, wanted: string): boolean {
  let difference = sent.length ^ wanted.length;
  for (let i = 0; i < sent.length; i++) {
    difference |= sent.charCodeAt(i) ^ wanted.charCodeAt(i % wanted.length);
  }
  return difference === 0;
}
