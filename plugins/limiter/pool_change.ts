/**
 * Changing one pool: an edit of the configuration.
 *
 * @module
 */
import type { Call, Faults, Host, Issue } from "../../core/plugin.ts";
import { InvalidSettings } from "./faults.ts";
import type { Limiter } from "./limiter.ts";
import { INLINE } from "./settings.ts";

type Settings = Record<string, unknown>;

/** Where a pool's settings stand in the configuration as written. */
interface Place {
  /** What holds them. */
  readonly holder: Settings;
  /** Under which key. */
  readonly key: string;
  /** Where that is, as a JSON Pointer. */
  readonly pointer: string;
}

/**
 * Answers PATCH limiter/pools/{name}: merges the body into the pool's settings (RFC 7396: null removes) in the configuration.
 *
 * @param report shows the pool after the change; undefined where it is gone
 * @throws what {@linkcode Host.update} throws, faults of the pool with paths relative to the body
 */
export async function changePool(
  { parameters: { name }, request, body }: Call,
  { host, limiter, report }: {
    readonly host: Host;
    readonly limiter: Limiter;
    readonly report: (name: string) => unknown;
  },
): Promise<Response> {
  let pointer: string | undefined;
  const edit = (written: unknown) => {
    const place = placeOf(written, name, limiter);
    if (place === undefined) throw new UnknownPool();
    pointer = place.pointer;
    place.holder[place.key] = merged(place.holder[place.key], body);
    return written;
  };
  try {
    if (limiter.pool(name) === undefined) throw new UnknownPool();
    const revision = await host.update(edit, request.headers.get("if-match"));
    return Response.json(report(name), { headers: { etag: `"${revision}"` } });
  } catch (error) {
    if (error instanceof UnknownPool) return unknown(name, { host, limiter });
    const faults = faultsOf(error);
    if (pointer === undefined || faults === undefined) throw error;
    throw new InvalidSettings(
      faults.map((fault) => relative(fault, `${pointer}`)),
      `Cannot change the pool "${name}": ${faults.length} ${
        faults.length === 1 ? "fault" : "faults"
      }`,
    );
  }
}

/** Thrown inside of an edit, to end it. */
class UnknownPool extends Error {}

function unknown(
  name: string,
  { host, limiter }: { readonly host: Host; readonly limiter: Limiter },
): Response {
  const names = [...limiter.pools].map(({ kept }) => kept.pool.name);
  const meant = host.suggest(name, names);
  return Response.json({
    type: "about:blank",
    status: 404,
    title: `There is no pool "${name}"`,
    issues: [{
      path: "",
      message: `Unknown pool "${name}"`,
      value: name,
      allowed: names.join(", ") || "nothing: there are no pools",
      ...(meant !== undefined && { suggestion: meant }),
    }],
  }, {
    status: 404,
    headers: { "content-type": "application/problem+json" },
  });
}

/** A fault of the pool itself is told where it stands in the body. */
function relative(fault: Issue, pointer: string): Issue {
  return fault.path === pointer || fault.path.startsWith(`${pointer}/`)
    ? { ...fault, path: fault.path.slice(pointer.length) }
    : fault;
}

function faultsOf(error: unknown): readonly Issue[] | undefined {
  const { code, issues } = error as Partial<Faults & { readonly code: string }>;
  return code === "CONFIG_INVALID" && issues !== undefined && issues.length > 0
    ? issues
    : undefined;
}

function placeOf(
  written: unknown,
  name: string,
  limiter: Limiter,
): Place | undefined {
  const { plugins, routes } = settingsIn(written) ?? {};
  if (name.startsWith(INLINE)) {
    const place = limiter.routeOf(name);
    if (place === undefined || !Array.isArray(routes)) return undefined;
    const isIt = (value: unknown): value is Settings => {
      const { id, path, limiter } = settingsIn(value) ?? {};
      return path === place.path && (id ?? place.id) === place.id &&
        settingsIn(limiter) !== undefined;
    };
    // Another change may have moved it since; routes without an id may share a path, so the place goes first.
    const index = isIt(routes[place.index])
      ? place.index
      : routes.findIndex(isIt);
    const route = settingsIn(routes[index]);
    if (route === undefined) return undefined;
    const pointer = `/routes/${index}/limiter`;
    return { holder: route, key: "limiter", pointer };
  }
  // The plugin may be named by a path or a specifier: the one that has the pool is this one.
  for (const [key, options] of Object.entries(settingsIn(plugins) ?? {})) {
    const pools = settingsIn(settingsIn(options)?.pools);
    if (pools === undefined || !Object.hasOwn(pools, name)) continue;
    const pointer = `/plugins/${escaped(key)}/pools/${escaped(name)}`;
    return { holder: pools, key: name, pointer };
  }
  return undefined;
}

function settingsIn(value: unknown): Settings | undefined {
  return typeof value === "object" && value !== null && !Array.isArray(value)
    ? value as Settings
    : undefined;
}

/** A key as a part of a JSON Pointer. */
export function escaped(key: string): string {
  return key.replaceAll("~", "~0").replaceAll("/", "~1");
}

/** JSON Merge Patch, RFC 7396. */
function merged(target: unknown, patch: unknown): unknown {
  const changes = settingsIn(patch);
  if (changes === undefined) return patch;
  const result: Settings = { ...settingsIn(target) };
  for (const [key, value] of Object.entries(changes)) {
    if (value === null) delete result[key];
    else result[key] = merged(result[key], value);
  }
  return result;
}
