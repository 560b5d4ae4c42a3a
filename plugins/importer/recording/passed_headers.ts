/**
 * Headers on their way through the recorder: what concerns one connection stays, and addresses of the one side become those of the
 * other, so that redirects and cookies lead clients back to the recorder.
 *
 * @module
 */
import { HOP_BY_HOP } from "../../../core/import.ts";
import type { HeaderLists, Upstream } from "./upstream.ts";

/** A header. */
export type HeaderPair = readonly [name: string, value: string];

/** Headers that are not passed on: those that concern one connection, and `Expect`, which the recorder answers itself. */
const NOT_PASSED: ReadonlySet<string> = new Set([...HOP_BY_HOP, "expect"]);

/** Header by which a recorder recognises a request that comes back to it. */
export const MARK = "perfmock-recorder";

/** Pairs of a flat list, as Node gives them. */
export function pairsOf(raw: readonly string[]): HeaderPair[] {
  return Array.from(
    { length: raw.length / 2 },
    (_, i) => [raw[2 * i], raw[2 * i + 1]],
  );
}

/** Headers without those that concern one connection, including the ones that Connection names. */
export function endToEnd(pairs: readonly HeaderPair[]): HeaderPair[] {
  const named = new Set(
    pairs.filter(([name]) => name.toLowerCase() === "connection")
      .flatMap(([, value]) =>
        value.split(",").map((one) => one.trim().toLowerCase())
      ),
  );
  return pairs.filter(([name]) => {
    const lower = name.toLowerCase();
    return !NOT_PASSED.has(lower) && !named.has(lower);
  });
}

/** Headers of a request as the upstream gets them. */
export function toUpstream(
  pairs: readonly HeaderPair[],
  upstream: Upstream,
  { own, mark }: { readonly own: string; readonly mark: string },
): HeaderLists {
  const sent: Record<string, string | string[]> = {};
  const add = (name: string, value: string) => {
    const known = sent[name];
    sent[name] = known === undefined ? value : [known, value].flat();
  };
  for (const [name, value] of endToEnd(pairs)) {
    const lower = name.toLowerCase();
    if (lower === "host") continue;
    // A page that the recorder served is of the same origin as its requests.
    if (lower === "origin" || lower === "referer") {
      add(
        lower,
        value === own || value.startsWith(`${own}/`)
          ? upstream.origin + value.slice(own.length)
          : value,
      );
    } else add(lower, value);
  }
  sent.host = upstream.host;
  if (upstream.authorization !== undefined) {
    sent.authorization ??= upstream.authorization;
  }
  sent[MARK] = [sent[MARK] ?? [], mark].flat().join(", ");
  return sent;
}

/** Headers of an answer, as the client gets them if `own` is the recorder's origin, and as they are recorded if it is empty. */
export function toClient(
  pairs: readonly HeaderPair[],
  upstream: Upstream,
  own: string,
): HeaderPair[] {
  return endToEnd(pairs).map(([name, value]) => {
    switch (name.toLowerCase()) {
      case "location":
      case "content-location":
        return [name, location(value, upstream, own)];
      case "set-cookie":
        return [name, cookie(value, upstream)];
      default:
        return [name, value];
    }
  });
}

/** Address of a redirect. That of another site stays. */
function location(value: string, upstream: Upstream, own: string): string {
  const { origin, base } = upstream;
  const isAbsolute = value === origin || value.startsWith(`${origin}/`);
  const path = isAbsolute ? value.slice(origin.length) || "/" : value;
  if (!isAbsolute && !path.startsWith("/")) return value;
  if (path.startsWith("//")) return value;
  const below = base !== "" && `${path}/`.startsWith(`${base}/`)
    ? path.slice(base.length) || "/"
    : path;
  return isAbsolute ? own + below : below;
}

/** A cookie of the upstream's domain and path as one of the recorder's. */
function cookie(value: string, { base }: Upstream): string {
  return value.split(";").filter((part) => !/^\s*domain\s*=/i.test(part))
    .map((part) => {
      const path = /^(\s*path\s*=\s*)(.*)$/i.exec(part);
      return path !== null && base !== "" &&
          `${path[2]}/`.startsWith(`${base}/`)
        ? path[1] + (path[2].slice(base.length) || "/")
        : part;
    }).join(";");
}
