/**
 * Who a client is.
 *
 * @module
 */
import type { Exchange } from "../../core/plugin.ts";

/** The key of clients that nothing tells apart, as in simulation. */
export const UNKNOWN_CLIENT = "unknown";

/**
 * Tells clients apart by a header, by default the first address of X-Forwarded-For: who connects is not known to a hook.
 *
 * @param header the header that names the client; undefined for X-Forwarded-For
 */
export function clientKey(
  header: string | undefined,
): (exchange: Pick<Exchange, "header">) => string {
  if (header !== undefined) {
    return (exchange) => exchange.header(header) ?? UNKNOWN_CLIENT;
  }
  return (exchange) => {
    const forwarded = exchange.header("x-forwarded-for");
    const first = forwarded?.split(",", 1)[0].trim();
    return first === undefined || first === "" ? UNKNOWN_CLIENT : first;
  };
}
