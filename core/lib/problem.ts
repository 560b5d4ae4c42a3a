/**
 * Problem documents (RFC 9457): what the control API and the fallback answer where something is wrong.
 *
 * @module
 */
import type { Issue } from "../errors.ts";

/** A problem document. */
export interface Problem {
  /** The HTTP status, repeated in the body. */
  readonly status: number;
  /** What kind of problem, the same for all of its kind. */
  readonly title: string;
  /** What is wrong this time. */
  readonly detail?: string;
  /** A stable code, see docs/errors.md. */
  readonly code?: string;
  /** All faults of the request. */
  readonly issues?: readonly Issue[];
}

/** The response that carries a problem; headers are taken over and completed. */
export function problem(
  document: Problem,
  headers: Headers = new Headers(),
): Response {
  headers.set("content-type", "application/problem+json");
  return new Response(JSON.stringify({ type: "about:blank", ...document }), {
    status: document.status,
    headers,
  });
}
