/**
 * Problem documents (RFC 9457), the error responses of the control API and of the fallback.
 *
 * @module
 */
import type { Issue } from "../errors.ts";
import { excerpt, LONGEST_ECHO } from "./bounded_text.ts";

/** A problem document. */
export interface Problem {
  /** HTTP status, repeated in the body. */
  readonly status: number;
  /** Kind of problem. Problems of the same kind have the same title. */
  readonly title: string;
  /** Description of this occurrence. */
  readonly detail?: string;
  /** Stable error code; see docs/errors.md. */
  readonly code?: string;
  /** All errors in the request. */
  readonly issues?: readonly Issue[];
}

/** Number of characters of issues above which further ones are only counted. */
const ISSUES_LIMIT = 65_536;

/** Maximum length of a list of allowed values, in characters: it comes from the configuration and plugins, never from the request. */
const LONGEST_ALLOWED = 8 * LONGEST_ECHO;

/** Maximum number of bytes of a problem document: a character takes up to six in JSON. */
export const PROBLEM_BYTES: number = 6 *
  (ISSUES_LIMIT + LONGEST_ALLOWED + 8 * LONGEST_ECHO);

/**
 * Creates the response for a problem. The document has a bounded size for any request and any configuration: texts are
 * cut, large values are left out, and issues beyond {@linkcode ISSUES_LIMIT} are counted.
 *
 * @param headers further headers; `content-type` is set to `application/problem+json`
 */
export function problem(
  document: Problem,
  headers: Headers = new Headers(),
): Response {
  const { status, title, detail, code, issues } = document;
  headers.set("content-type", "application/problem+json");
  // The rest of the body may be without end: nobody reads it.
  if (status === 413) headers.set("connection", "close");
  const body = JSON.stringify({
    type: "about:blank",
    status,
    title: excerpt(title),
    ...detail !== undefined && { detail: excerpt(detail) },
    ...code !== undefined && { code },
    ...issues !== undefined && { issues: boundedIssues(issues) },
  });
  return new Response(body, { status, headers });
}

/** Returns issues of a bounded size in all. */
function boundedIssues(issues: readonly Issue[]): readonly Issue[] {
  const shown: Issue[] = [];
  const large = new Set<unknown>();
  let left = ISSUES_LIMIT;
  for (const issue of issues) {
    if (left < 0) {
      const more = issues.length - shown.length;
      shown.push({
        path: "",
        message: `${more} more issue${more === 1 ? " is" : "s are"} not shown`,
      });
      break;
    }
    const bounded = boundedIssue(issue, large);
    left -= sizeOf(bounded, ISSUES_LIMIT);
    shown.push(bounded);
  }
  return shown;
}

/** @param large values that were found to be too large, since many issues can show the same one; added to */
function boundedIssue(issue: Issue, large: Set<unknown>): Issue {
  const { path, message, value, allowed, suggestion, also } = issue;
  return {
    path: excerpt(path),
    message: excerpt(message),
    ...typeof value === "string"
      ? { value: excerpt(value) }
      : value !== undefined && !isLarge(value, large) && { value },
    ...allowed !== undefined && { allowed: excerpt(allowed, LONGEST_ALLOWED) },
    ...suggestion !== undefined && { suggestion: excerpt(suggestion) },
    ...also !== undefined && { also: excerpt(also) },
  };
}

function isLarge(value: unknown, large: Set<unknown>): boolean {
  if (large.has(value)) return true;
  if (sizeOf(value, LONGEST_ECHO) <= LONGEST_ECHO) return false;
  large.add(value);
  return true;
}

/** Estimates the length of a value in JSON; returns Infinity as soon as it exceeds `limit`. */
function sizeOf(value: unknown, limit: number): number {
  if (typeof value === "string") return value.length + 3;
  if (typeof value !== "object" || value === null) return 8;
  let size = 2;
  for (const [key, part] of Object.entries(value)) {
    size += key.length + 4 + sizeOf(part, limit - size);
    if (size > limit) return Infinity;
  }
  return size;
}
