/**
 * Sources of answers that are not the same bytes for each request: templates, files, upstreams and events.
 *
 * @module
 */
import type { Problem } from "../lib/problem.ts";
import type { LiveExchange } from "../pipeline/exchange.ts";

/** Body that is read in pieces. */
export interface Body {
  /** True once everything has been read, if the body knows this before it reaches its end. */
  readonly ended: boolean;
  /**
   * Reads the next piece, or null at the end. Callers wait for one piece before they ask for the next.
   *
   * @param limit largest size of the piece, in bytes
   */
  read(limit: number): Uint8Array | null | Promise<Uint8Array | null>;
  /** Releases all resources. Called once, after the last piece or when the rest is not needed. Must not throw. */
  close(): void;
}

/** Body of bytes in memory. */
export class BytesBody implements Body {
  readonly #bytes: Uint8Array;
  #sent = 0;

  /** @param bytes not copied; must not change */
  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  get ended(): boolean {
    return this.#sent >= this.#bytes.length;
  }

  read(limit: number): Uint8Array | null {
    if (this.ended) return null;
    const start = this.#sent;
    this.#sent = Math.min(start + limit, this.#bytes.length);
    // A copy, because a stream may transfer the buffer that it is given.
    return this.#bytes.slice(start, this.#sent);
  }

  close(): void {}
}

/** Body that all answers of a route share. Bytes are not copied, and must not change. */
export type FixedBody = string | Uint8Array<ArrayBuffer>;

/** Answer to one exchange. */
export interface Content {
  /** Status. By default the status of the route. */
  readonly status?: number;
  /** Headers of the source. Headers in the route's configuration replace them. */
  readonly headers?: Headers;
  /** Body: a whole text or whole bytes, a body in pieces, or none. */
  readonly body: FixedBody | Body | null;
  /** True if the answer reports a failure. The route's headers are left out then. */
  readonly failed?: boolean;
}

/** Source of the answers of a route. */
export interface Source {
  /**
   * Starts, at the start of service, the work that must end before the headers leave. Sets `x.preparing`, and calls
   * `prepared(x)` later, never during this call.
   */
  readonly prepare?: (x: LiveExchange) => void;
  /** Creates the answer to an exchange whose time has come. If it throws, the client receives a 500. */
  readonly content: (x: LiveExchange) => Content;
  /** Sizes, in bytes, of the pieces that a simulation sends instead of a body. Absent if they cannot be known. */
  readonly pieces?: (x: LiveExchange, limit: number) => Iterable<number>;
}

/** Creates an answer that reports a failure. */
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

/** Sizes of the pieces into which a body is cut, all in bytes. */
export function* pieceSizes(total: number, limit: number): Iterable<number> {
  for (let left = total; left > 0; left -= limit) yield Math.min(left, limit);
}
