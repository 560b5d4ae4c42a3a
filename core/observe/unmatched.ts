/**
 * Requests that matched no route, as far as they are listed: each renamed path or missing mock shows there, with the number of its
 * requests.
 *
 * @module
 */
import { ENTRY_BYTES } from "../lib/bounded.ts";
import { detached, excerpt, textBytes } from "../lib/bounded_text.ts";
import { targetOf } from "../lib/http.ts";

/** Requests of one method and path that matched no route. */
export interface UnmatchedRequest {
  /** Method. */
  readonly method: string;
  /** Path without the query. */
  readonly path: string;
  /** Number of requests since the start or the last reset. */
  readonly count: number;
}

/** Maximum number of different requests that are listed. */
const MOST = 20;

/** Maximum length of a path in the list, in characters. */
const LONGEST_PATH = 1024;

/** Maximum length of a method in the list, in characters. */
const LONGEST_METHOD = 32;

/** Maximum number of bytes of the list. */
export const UNMATCHED_BYTES: number = MOST *
  (ENTRY_BYTES + 2 * (LONGEST_PATH + LONGEST_METHOD));

/** List of the first different requests that matched no route; those after {@linkcode MOST} are not listed. */
export class UnmatchedRequests {
  #list: { readonly method: string; readonly path: string; count: number }[] =
    [];

  /** Number of bytes that the list takes at most. */
  get bytes(): number {
    return this.#list.reduce(
      (sum, { method, path }) =>
        sum + ENTRY_BYTES + textBytes(method) + textBytes(path),
      0,
    );
  }

  /** Adds a request. */
  add(method: string, url: string): void {
    const target = targetOf(url);
    const query = target.indexOf("?");
    const path = excerpt(
      query < 0 ? target : target.slice(0, query),
      LONGEST_PATH,
    );
    const shown = excerpt(method, LONGEST_METHOD);
    const known = this.#list.find((one) =>
      one.path === path && one.method === shown
    );
    if (known !== undefined) known.count++;
    else if (this.#list.length < MOST) {
      // A path is a part of the request's head, which must not stay in memory for it.
      this.#list.push({ method: shown, path: detached(path), count: 1 });
    }
  }

  /** Copies the list, in the order of the first requests. */
  list(): UnmatchedRequest[] {
    return this.#list.map((one) => ({ ...one }));
  }

  /** Empties the list. */
  reset(): void {
    this.#list = [];
  }
}
