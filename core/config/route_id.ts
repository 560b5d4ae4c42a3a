/**
 * The default id of a route.
 *
 * @module
 */

/** Method and path in words: GET /api/orders/:id is get-api-orders-id. */
export function idOf(methods: readonly string[], path: string): string {
  const words = path.split(/[^A-Za-z0-9]+/).filter((word) => word !== "");
  const method = methods.map((method) =>
    method === "*" ? "any" : method.toLowerCase()
  );
  return [...method, ...(words.length === 0 ? ["root"] : words)].join("-");
}
