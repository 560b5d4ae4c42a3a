/**
 * Names of GraphQL operations in the bodies of requests, which tell requests with one path apart.
 *
 * @module
 */

/** Greatest number of operations of a batch that are named. */
const NAMED = 3;

/** Text to append to the name of a request: the names of its operations; empty if it has none. */
export function operationSuffix(body: unknown): string {
  const entries = Array.isArray(body) ? body : [body];
  const names = entries.flatMap((entry: unknown) => {
    const name = typeof entry === "object" && entry !== null
      ? Reflect.get(entry, "operationName")
      : undefined;
    return typeof name === "string" && /^[_A-Za-z]\w*$/.test(name)
      ? [name]
      : [];
  });
  if (names.length === 0 || names.length < entries.length) return "";
  const more = names.length > NAMED ? ", …" : "";
  return ` ${names.slice(0, NAMED).join(", ")}${more}`;
}

/** The same for a body that is text. */
export function operationSuffixIn(text: string): string {
  if (!text.includes("operationName")) return "";
  try {
    return operationSuffix(JSON.parse(text));
  } catch {
    return "";
  }
}
