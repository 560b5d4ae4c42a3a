/**
 * Problem documents (RFC 9457), the error responses of the control API and of the fallback.
 *
 * @module
 */
import type { Issue } from "../errors.ts";

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

/**
 * Creates the response for a problem.
 *
 * @param headers further headers; `content-type` is set to `application/problem+json`
 */
export function problem(
  document: Problem,
  headers: Headers = new Headers(),
): Response {
  headers.set("content-type", "application/problem+json");
  // The rest of the body may be without end: nobody reads it.
  if (document.status === 413) headers.set("connection", "close");
  return new Response(JSON.stringify({ type: "about:blank", ...document }), {
    status: document.status,
    headers,
  });
}
