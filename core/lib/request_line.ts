/**
 * Request lines as servers log them.
 *
 * @module
 */
import { pathOf } from "./har.ts";
import type { Omission } from "./omissions.ts";

/** Method, a token by RFC 9110, 5.6.2, and target. HTTP/0.9 has no version. */
const REQUEST = /^([!#$%&'*+.^_`|~\w-]+) (\S+)(?: HTTP\/\d(?:\.\d)?)?$/;

/** Control characters as Apache writes them. */
const CONTROLS: Readonly<Record<string, string>> = {
  b: "%08",
  n: "%0A",
  r: "%0D",
  t: "%09",
  v: "%0B",
};

/** A request that can be sent again. */
export interface LoggedRequest {
  /** Method as it was logged. */
  readonly method: string;
  /** Path and query as they were logged. */
  readonly path: string;
}

/** Parses a request line such as `GET /a HTTP/1.1`; returns the reason where it holds no request that can be sent again. */
export function loggedRequest(line: string): LoggedRequest | Omission {
  const [, method, written] = REQUEST.exec(line) ?? [];
  // Bytes of TLS, an empty line, or "-" after a time-out.
  if (method === undefined) return { reason: "no request" };
  return targetOf(method, written);
}

/** Checks a method and a target that were logged apart. */
export function targetOf(
  method: string,
  written: string,
): LoggedRequest | Omission {
  if (method === "CONNECT" || written === "*") {
    return { reason: method === "CONNECT" ? method : `${method} *` };
  }
  const path = pathOf(unescaped(written));
  return path === undefined ? { reason: "no path" } : { method, path };
}

/** Restores characters that a log escapes. Those that a request line cannot contain are percent-encoded. */
function unescaped(text: string): string {
  return text.replaceAll(
    /\\(?:x([0-9A-Fa-f]{2})|(.))/g,
    (written: string, byte: string | undefined, letter: string) => {
      if (byte === undefined) {
        if (letter === '"' || letter === "\\") return letter;
        return CONTROLS[letter] ?? written;
      }
      const code = parseInt(byte, 16);
      return code > 0x20 && code < 0x7f
        ? String.fromCharCode(code)
        : `%${byte.toUpperCase()}`;
    },
  );
}

/** Date of the common log format. */
const DATE =
  /^(\d{2})\/([A-Z][a-z]{2})\/(\d{4}):(\d{2}:\d{2}:\d{2})(\.\d+)? ([+-]\d{2})(\d{2})$/;

/** Parses a date such as `10/Oct/2026:13:55:36 -0700`, in ms since 1970; NaN where it is none. */
export function loggedTime(date: string): number {
  const [, day, month, year, time, part = "", hours, minutes] =
    DATE.exec(date) ?? [];
  return Date.parse(
    `${day} ${month} ${year} ${time} ${hours ?? ""}${minutes ?? ""}`,
  ) + Number(`0${part}`) * 1000;
}
