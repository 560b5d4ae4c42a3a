/**
 * Names below `localhost`, by which requests reach a session, in Node.js: not every system's resolver knows that they are this machine,
 * as RFC 6761 (section 6.3) demands.
 *
 * @module
 */
import dns from "node:dns";

/** Marks the look-up that this module has put in place, also that of another copy of it. */
const MARK = Symbol.for("perfmock.localhost");

/** Matches names below `localhost`. */
const NAME = /\.localhost\.?$/i;

type LookUp = (name: string, ...rest: unknown[]) => unknown;

/** Resolves names below `localhost` to this machine from now on, for all that looks names up by `dns.lookup`: fetch and http do. */
export function resolveLocalhost(): void {
  const before = dns.lookup as unknown as LookUp & { [MARK]?: boolean };
  if (before[MARK] === true) return;
  const lookUp: LookUp & { [MARK]?: boolean } = (name, ...rest) =>
    before(NAME.test(name) ? "localhost" : name, ...rest);
  lookUp[MARK] = true;
  Object.assign(dns, { lookup: lookUp });
}
