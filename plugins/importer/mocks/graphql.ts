/**
 * GraphQL operations of recorded requests.
 *
 * @module
 */

/** Name of an operation: that of the request, or that of the first operation in its text. */
function nameOf(request: unknown): string | undefined {
  if (typeof request !== "object" || request === null) return undefined;
  const { operationName, query } = request as {
    operationName?: unknown;
    query?: unknown;
  };
  if (typeof operationName === "string" && operationName !== "") {
    return operationName;
  }
  if (typeof query !== "string") return undefined;
  return /^\s*(?:query|mutation|subscription)\s+([_A-Za-z]\w*)/.exec(query)
    ?.[1];
}

/** Returns whether a JSON body is a GraphQL request: it has a text of a query, or the hash of one. */
function isGraphql(request: unknown): boolean {
  if (typeof request !== "object" || request === null) return false;
  const { query, operationName, extensions } = request as Record<
    string,
    unknown
  >;
  return typeof query === "string" && /[{}]/.test(query) ||
    typeof operationName === "string" &&
      typeof Reflect.get(Object(extensions), "persistedQuery") === "object";
}

/**
 * Returns the operation of a recorded request: its name, an empty text for an operation without one, and undefined for a request that
 * is no GraphQL.
 *
 * @param body text of the body
 * @param type content type of the body
 */
export function operationOf(
  url: URL,
  body: string,
  type: string,
): { readonly name: string; readonly batch: boolean } | undefined {
  const query = url.searchParams.get("query");
  const operation = url.searchParams.get("operationName");
  if (
    query !== null && /[{}]/.test(query) ||
    operation !== null && url.searchParams.has("extensions")
  ) {
    return {
      name: nameOf({ operationName: operation, query }) ?? "",
      batch: false,
    };
  }
  if (/^application\/graphql\b/i.test(type)) {
    return { name: nameOf({ query: body }) ?? "", batch: false };
  }
  if (
    !/json/i.test(type) && type !== "" ||
    !/"(?:query|operationName)"/.test(body)
  ) {
    return undefined;
  }
  try {
    const request: unknown = JSON.parse(body);
    if (
      Array.isArray(request) && request.length > 0 && request.every(isGraphql)
    ) {
      return {
        name: request.map((one) => nameOf(one) ?? "").join(", "),
        batch: true,
      };
    }
    return isGraphql(request)
      ? { name: nameOf(request) ?? "", batch: false }
      : undefined;
  } catch {
    return undefined;
  }
}
