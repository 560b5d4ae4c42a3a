/**
 * The assertion that a client sent no request which the configuration does not expect.
 *
 * @module
 */
import { atCaller } from "../lib/caller.ts";
import type { Perfmock } from "../app.ts";
import { checkGiven, UNEXPECTED_OPTIONS } from "./options.ts";
import { count, failed } from "./values.ts";

/** Exceptions from {@linkcode assertNoUnexpected}. */
export interface UnexpectedOptions {
  /**
   * Requests that may match no route: paths such as `/favicon.ico`, with `*` for any text, and with a method in front for that method
   * alone, such as `GET /assets/*`. Default `/favicon.ico` and `/.well-known/*`, for which browsers ask by themselves.
   */
  readonly except?: readonly string[];
}

/** Requests that browsers send by themselves. */
const BY_THEMSELVES = ["/favicon.ico", "/.well-known/*"];

/**
 * Asserts that every request since the start or the last reset matched a route. The message lists those that did not, which a renamed
 * path or a missing mock would otherwise hide behind fast 404s.
 *
 * ```ts
 * import { assertNoUnexpected, createTestServer } from "@perfmock/perfmock/testing";
 *
 * await using server = await createTestServer({ routes: [{ path: "/orders" }] });
 * await server.request("/orders");
 * assertNoUnexpected(server.server);
 * ```
 *
 * @throws AssertionError with the requests
 */
export function assertNoUnexpected(
  server: Pick<Perfmock, "stats" | "routes">,
  options: UnexpectedOptions = {},
): void {
  return atCaller(assertNoUnexpected, () => {
    checkGiven("look for unexpected requests", options, UNEXPECTED_OPTIONS);
    const { except = BY_THEMSELVES } = options;
    const { unmatched, unmatchedRequests } = server.stats();
    const patterns = except.map(patternOf);
    const isExpected = (request: string) =>
      patterns.some((pattern) => pattern.test(request));
    const found = unmatchedRequests.filter(({ method, path }) =>
      !isExpected(`${method} ${path.split("?", 1)[0]}`)
    );
    // Of many different requests, some are only counted.
    const listed = unmatchedRequests.reduce((sum, { count }) => sum + count, 0);
    const more = unmatched - listed;
    if (found.length === 0 && more === 0) return;
    const sum = found.reduce((sum, { count }) => sum + count, more);
    throw failed(
      [
        `${count(sum, "request")} matched no route`,
        ...found.map(({ method, path, count }) =>
          `  ${method} ${path}${count > 1 ? ` (${count} times)` : ""}`
        ),
        ...more > 0 ? [`  and ${more} more`] : [],
        `The routes are ${
          server.routes.map(({ methods, path }) =>
            `${methods.join("|")} ${path}`
          )
            .join(", ") || "none"
        }`,
      ].join("\n"),
      { actual: found, expected: [], operator: "assertNoUnexpected" },
    );
  });
}

/** Makes the pattern of an exception. */
function patternOf(exception: string): RegExp {
  const [, method, path] = /^([A-Z]+) (.*)$/s.exec(exception) ??
    ["", "\\S+", exception];
  const text = path.split("*")
    .map((part) => part.replaceAll(/[.+?^${}()|[\]\\]/g, "\\$&"))
    .join(".*");
  return new RegExp(`^${method} ${text}$`, "s");
}
