/**
 * Lines of an access log in the common or combined format: `host ident user [10/Oct/2026:13:55:36 -0700] "GET /path HTTP/1.1" 200 …`.
 *
 * @see https://httpd.apache.org/docs/2.4/logs.html#common
 * @module
 */
import type { Omission } from "./_left_out.ts";
import type { Entry } from "./_trace_entries.ts";

/** Date and request line. A quote within the request line is written as `\"` or `\x22`. */
const LINE = /^\S+ \S+ [^[]*\[([^\]]{1,40})\] "((?:[^"\\]|\\.)*)"(?:\s|$)/;

const DATE =
  /^(\d{2})\/([A-Z][a-z]{2})\/(\d{4}):(\d{2}:\d{2}:\d{2})(\.\d+)? ([+-]\d{2})(\d{2})$/;

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

/** Parses a line; returns the reason where it holds no request that can be sent again. */
export function requestOf(line: string): Entry | Omission {
  const [, date, request] = LINE.exec(line) ?? [];
  if (date === undefined) {
    return { reason: "not in the common or combined format" };
  }
  const at = timeOf(date);
  if (Number.isNaN(at)) return { reason: "no date that can be read" };
  const [, method, written] = REQUEST.exec(request) ?? [];
  // Bytes of TLS, an empty line, or "-" after a time-out.
  if (method === undefined) return { reason: "no request" };
  if (method === "CONNECT" || written === "*") {
    return { reason: method === "CONNECT" ? method : `${method} *` };
  }
  const path = pathOf(unescaped(written));
  return path === undefined
    ? { reason: "no path" }
    : { at, request: { method, path, headers: [], body: undefined } };
}

function timeOf(date: string): number {
  const [, day, month, year, time, part = "", hours, minutes] =
    DATE.exec(date) ?? [];
  return Date.parse(
    `${day} ${month} ${year} ${time} ${hours ?? ""}${minutes ?? ""}`,
  ) + Number(`0${part}`) * 1000;
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

/**
 * Returns the path of a request's target as it was written: `//a` is a path, not a host. Proxies log whole URLs.
 */
export function pathOf(target: string): string | undefined {
  if (target.startsWith("/")) return target;
  if (!URL.canParse(target)) return undefined;
  const [, rest] = /^https?:\/\/[^/?#]+([^#]*)/i.exec(target) ?? [];
  if (rest === undefined) return undefined;
  return rest.startsWith("/") ? rest : `/${rest}`;
}
