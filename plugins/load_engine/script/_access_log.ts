/**
 * Lines of an access log in the common or combined format: `host ident user [10/Oct/2026:13:55:36 -0700] "GET /path HTTP/1.1" 200 …`.
 *
 * @see https://httpd.apache.org/docs/2.4/logs.html#common
 * @module
 */
import {
  loggedRequest,
  loggedTime,
  type Omission,
} from "../../../core/plugin.ts";
import type { Entry } from "./_trace_entries.ts";

/** Date and request line. A quote within the request line is written as `\"` or `\x22`. */
const LINE = /^\S+ \S+ [^[]*\[([^\]]{1,40})\] "((?:[^"\\]|\\.)*)"(?:\s|$)/;

/** Parses a line; returns the reason where it holds no request that can be sent again. */
export function requestOf(line: string): Entry | Omission {
  const [, date, request] = LINE.exec(line) ?? [];
  if (date === undefined) {
    return { reason: "not in the common or combined format" };
  }
  const at = loggedTime(date);
  if (Number.isNaN(at)) return { reason: "no date that can be read" };
  const logged = loggedRequest(request);
  return "reason" in logged
    ? logged
    : { at, request: { ...logged, headers: [], body: undefined } };
}
