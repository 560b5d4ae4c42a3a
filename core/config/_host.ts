/**
 * Host names and addresses to listen on.
 *
 * @module
 */

const NAME = /^[\p{L}\p{N}._-]+$/u;

/** An IPv6 address, with its zone, perhaps in brackets. */
const IPV6 = /^(?:\[[\da-f:.]+(?:%[\w.-]+)?\]|[\da-f:.]+(?:%[\w.-]+)?)$/i;

/** True for a text that can be a host: neither a URL, nor a host with its port. */
export function isHost(text: string): boolean {
  return NAME.test(text) || text.split(":").length > 2 && IPV6.test(text);
}
