/**
 * What an answer comes from where it is not the same bytes each time: a template, a file, an upstream, events.
 *
 * @module
 */
import type { LiveExchange } from "../pipeline/exchange.ts";
import type { Problem } from "../lib/problem.ts";
import type { Body } from "./body.ts";

/** What one exchange is answered with. */
export interface Content {
  /** The status; the route's own where absent. */
  readonly status?: number;
  /** The source's headers; those of the route's configuration replace them. */
  readonly headers?: Headers;
  /** The body: whole, in pieces, or none. */
  readonly body: string | Body | null;
  /** True where this tells of a failure: then the route's headers are left out. */
  readonly failed?: boolean;
}

/** Where a route's answers come from. */
export interface Source {
  /**
   * Begins, at the start of service, what must be there before the headers leave: sets `x.preparing`, and calls
   * `prepared(x)` later, never within this call.
   */
  readonly prepare?: (x: LiveExchange) => void;
  /** What the exchange is answered with, once its time has come. May throw: the client is told that it was us. */
  readonly content: (x: LiveExchange) => Content;
  /** The sizes of the pieces that a simulation sends instead, in bytes; absent where they cannot be known. */
  readonly pieces?: (x: LiveExchange, most: number) => Iterable<number>;
}

/** An answer that tells what went wrong. */
export function failure(problem: Problem, headers?: Headers): Content {
  const all = new Headers(headers);
  all.set("content-type", "application/problem+json");
  return {
    status: problem.status,
    headers: all,
    body: JSON.stringify({ type: "about:blank", ...problem }),
    failed: true,
  };
}

/** The sizes of the pieces that so many bytes are cut into. */
export function* cut(bytes: number, most: number): Iterable<number> {
  for (let left = bytes; left > 0; left -= most) yield Math.min(left, most);
}
