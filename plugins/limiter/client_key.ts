/**
 * Who a client is: what a header says, else the address it connects from.
 *
 * @module
 */
import type { Exchange } from "../../core/plugin.ts";

/** The key of clients that nothing tells apart, as in simulation. */
export const UNKNOWN_CLIENT = "unknown";

/**
 * Tells clients apart. X-Forwarded-For goes before the connection's address where no header is named: behind a proxy all
 * connections come from one address, and a load generator can play many clients by it. It is believed without question, since a
 * mock server guards nothing.
 *
 * @param header the header that names the client; undefined for the first address of X-Forwarded-For
 */
export function clientKey(
  header: string | undefined,
): (exchange: Pick<Exchange, "header" | "client">) => string {
  const named = header === undefined
    ? (exchange: Pick<Exchange, "header">) =>
      exchange.header("x-forwarded-for")?.split(",", 1)[0]
    : (exchange: Pick<Exchange, "header">) => exchange.header(header);
  return (exchange) =>
    named(exchange)?.trim() || (exchange.client ?? UNKNOWN_CLIENT);
}
