/**
 * Warnings about a configuration as written: settings that are valid, but probably mean something else than their author thinks.
 *
 * @module
 */
import type { Issue } from "../errors.ts";
import { toPointer } from "../lib/pointer.ts";
import { suggest } from "../lib/suggest.ts";
import type { Schema } from "../contract/values.ts";
import { bareNumberIssues } from "./bare_numbers.ts";
import { isRecord, listOf } from "./_schema_lookup.ts";
import { jsonSchemaOf } from "./json_schema.ts";
import { OWN_ROUTE_KEYS, type RouteKey } from "./schema.ts";
import { methodsOf } from "./_route_settings.ts";
import { limitWarnings } from "./server_settings.ts";

/** Schemas of the parts of a configuration. */
export interface PartSchemas {
  /** Schema of the configuration. */
  readonly schema: Schema;
  /** Schema of one route, without the keys of plugins. */
  readonly routeSchema: Schema;
  /** Keys of routes that plugins read, by key. */
  readonly routeKeys: ReadonlyMap<string, RouteKey>;
  /** Schema of a plugin's options, by its key in the configuration; undefined where it has none. */
  readonly optionSchema: (key: string) => Schema | undefined;
}

/** Finds what a valid configuration probably means otherwise, route by route. */
export function* warningSteps(
  written: unknown,
  parts: PartSchemas,
): Generator<void, Issue[]> {
  if (!isRecord(written)) return [];
  const { routes, plugins, ...core } = written;
  const warnings = [
    ...limitWarnings(written),
    ...bareNumberIssues(core, [], () => jsonSchemaOf(parts.schema)),
  ];
  for (
    const [key, options] of Object.entries(isRecord(plugins) ? plugins : {})
  ) {
    const schema = parts.optionSchema(key);
    if (schema === undefined) continue;
    warnings.push(
      ...bareNumberIssues(
        options,
        ["plugins", key],
        () => jsonSchemaOf(schema),
      ),
    );
  }
  for (const [index, route] of listOf(routes).entries()) {
    yield;
    if (!isRecord(route)) continue;
    warnings.push(
      ...methodWarnings(route, index),
      ...bodyWarnings(route, index),
    );
    for (const [key, value] of Object.entries(route)) {
      const schema = OWN_ROUTE_KEYS.has(key)
        ? undefined
        : parts.routeKeys.get(key)?.schema;
      warnings.push(
        ...schema === undefined
          ? bareNumberIssues(
            { [key]: value },
            ["routes", `${index}`],
            () => jsonSchemaOf(parts.routeSchema),
          )
          : bareNumberIssues(
            value,
            ["routes", `${index}`, key],
            () => jsonSchemaOf(schema),
          ),
      );
    }
  }
  return warnings;
}

/** Methods that clients send: those of HTTP, of WebDAV and its relatives, and of caches. */
const KNOWN_METHODS: ReadonlySet<string> = new Set(
  "* GET HEAD POST PUT DELETE CONNECT OPTIONS TRACE PATCH QUERY ACL BASELINE-CONTROL BIND CHECKIN CHECKOUT COPY LABEL LINK LOCK MERGE MKACTIVITY MKCALENDAR MKCOL MKREDIRECTREF MKWORKSPACE MOVE NOTIFY M-SEARCH ORDERPATCH PROPFIND PROPPATCH REBIND REPORT SEARCH SOURCE SUBSCRIBE UNBIND UNCHECKOUT UNLINK UNLOCK UNSUBSCRIBE UPDATE UPDATEREDIRECTREF VERSION-CONTROL PURGE BAN"
    .split(" "),
);

/** Warns of conditions on a body that requests of the route's methods do not have. */
function bodyWarnings(
  { method, when }: Record<string, unknown>,
  index: number,
): Issue[] {
  const methods = methodsOf(method);
  const bodiless = methods.every((name) => name === "GET" || name === "HEAD");
  if (!bodiless || !isRecord(when) || when.body === undefined) return [];
  if (method === undefined && when.graphql !== undefined) return [];
  return [{
    path: `/routes/${index}/when/body`,
    message: `Requests of ${
      methods.join(" and ")
    } have no body: this condition never holds`,
    suggestion: "method: POST",
  }];
}

/** Warns of methods that no usual client sends. */
function methodWarnings(
  { method }: Record<string, unknown>,
  index: number,
): Issue[] {
  const warnings: Issue[] = [];
  const list = Array.isArray(method) ? method : [method];
  for (const [place, name] of methodsOf(method).entries()) {
    const path = toPointer([
      "routes",
      `${index}`,
      "method",
      ...Array.isArray(method) ? [`${place}`] : [],
    ]);
    if (!KNOWN_METHODS.has(name)) {
      const near = suggest(name, KNOWN_METHODS);
      warnings.push({
        path,
        message: `No usual client sends the method ${name}`,
        value: list[place],
        allowed: "a method of HTTP, such as GET, POST, PUT, PATCH or DELETE",
        ...near !== undefined && { suggestion: near },
      });
    }
  }
  return warnings;
}
