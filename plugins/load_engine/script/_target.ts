/**
 * Where a script may send requests.
 *
 * @module
 */
import type { Issue } from "../../../core/plugin.ts";

/** Whether a host is this machine, whatever a resolver says. */
export function isLoopback(hostname: string): boolean {
  return hostname === "localhost" || hostname.endsWith(".localhost") ||
    /^127(\.\d{1,3}){3}$/.test(hostname) || hostname === "[::1]";
}

/**
 * Reads a target.
 *
 * @param written as written
 * @param listed the origins beyond loopback that are allowed; undefined where that was checked before
 */
export function readTarget(
  written: unknown,
  listed: readonly string[] | undefined,
): { readonly url?: URL; readonly faults: readonly Issue[] } {
  if (written === undefined) return { faults: [] };
  const path = "/target";
  const url = typeof written === "string" ? URL.parse(written) : null;
  if (
    url === null || !["http:", "https:"].includes(url.protocol) ||
    url.username !== "" || url.password !== "" || url.search !== "" ||
    url.hash !== ""
  ) {
    return {
      faults: [{
        path,
        message: "A target is the URL of a server, without query or password",
        value: written,
        allowed: "an http or https URL such as http://127.0.0.1:8080",
      }],
    };
  }
  if (
    listed === undefined || isLoopback(url.hostname) ||
    listed.includes(url.origin)
  ) {
    return { url, faults: [] };
  }
  return {
    faults: [{
      path,
      message: `Target ${url.origin} is not allowed`,
      value: written,
      allowed: ["loopback", ...listed].join(", "),
      suggestion:
        `List it in the configuration: plugins: { load_engine: { targets: ["${url.origin}"] } }`,
    }],
  };
}
