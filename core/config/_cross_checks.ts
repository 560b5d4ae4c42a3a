/**
 * Checks across settings that are each valid on their own: exposed servers, ambiguous routes, bodies that cannot be cut,
 * templates that name nothing, files that do not exist.
 *
 * The checks read the configuration as written, so that an error elsewhere does not hide what they find. They skip
 * values of the wrong type, which the schema reports.
 *
 * @module
 */
import type { Issue } from "../errors.ts";
import { toPointer } from "../lib/pointer.ts";
import { suggest } from "../lib/suggest.ts";
import {
  isFixed,
  type KnownNames,
  nameList,
  parseTemplate,
  unknownNames,
} from "../lib/template.ts";
import type { Kit } from "../contract/values.ts";
import { isHost } from "./_host.ts";
import { foreignPlaceholder } from "./_foreign_placeholders.ts";
import { fileIssues, folderIssues } from "./_read_response_file.ts";
import { whenOf, writtenId } from "./_route_ids.ts";
import { methodsOf } from "./_route_settings.ts";
import { isRecord, listOf } from "./_schema_lookup.ts";
import { type NamedRoute, RouteTree } from "./_shadowed_routes.ts";
import { alternatives } from "./words.ts";

const LOOPBACK = /^(127(\.\d+){3}|\[?::1\]?|localhost)$/;

/** Finds the issues between the settings of a configuration, step by step. */
export function* crossIssues(
  written: unknown,
  kit: Kit,
): Generator<void, Issue[]> {
  if (!isRecord(written)) return [];
  const routes = listOf(written.routes);
  const issues = [
    ...exposedServer(written),
    ...yield* ambiguousRoutes(routes),
  ];
  for (const [index, route] of routes.entries()) {
    if (!isRecord(route)) continue;
    issues.push(
      ...uncuttableBodies(route, index),
      ...responseIssues(route, index, kit),
    );
    yield;
  }
  return issues;
}

/** Requires a token beyond loopback, where anyone could change the server. */
function exposedServer({ server, control }: Record<string, unknown>): Issue[] {
  const written = isRecord(server) ? server.host : undefined;
  const token = isRecord(control) ? control.token : undefined;
  if (token !== undefined && token !== null) return [];
  const hosts = Array.isArray(written) ? written : [written];
  const host = hosts.find((host) =>
    // The schema reports what is no host.
    typeof host === "string" && isHost(host) && !LOOPBACK.test(host)
  );
  if (host === undefined) return [];
  return [{
    path: Array.isArray(written)
      ? toPointer(["server", "host", String(hosts.indexOf(host))])
      : "/server/host",
    message:
      "Cannot listen beyond loopback without a token: anyone could use the control API",
    value: host,
    allowed: "127.0.0.1, ::1, localhost, or any address with control.token",
    suggestion: suggest(host, ["localhost"]) ?? "Set control.token",
  }];
}

/** A route with its place in the configuration. */
interface PlacedRoute extends NamedRoute {
  readonly index: number;
}

/** Finds routes with the same id, and routes that an earlier one hides. */
function* ambiguousRoutes(
  routes: readonly unknown[],
): Generator<void, Issue[]> {
  const issues: Issue[] = [];
  /** First route of each id. */
  const named = new Map<string, PlacedRoute>();
  const tree = new RouteTree();
  for (const [index, route] of routes.entries()) {
    yield;
    if (!isRecord(route) || typeof route.path !== "string") continue;
    const { path } = route;
    const read = whenOf(route);
    // The schema reports conditions that cannot be read.
    if (read.issues !== undefined) continue;
    const { value: when } = read;
    const methods = methodsOf(route.method, when);
    const id = writtenId(route, when);
    const own: PlacedRoute = { id, methods, path, when, index };
    const hidden = tree.hiding(own);
    const twin = named.get(id);
    if (hidden !== undefined) {
      const { method, by } = hidden;
      issues.push({
        path: `/routes/${index}/path`,
        message:
          `This route never answers ${method} ${path}: route "${by.id}" matches it first`,
        value: path,
        allowed:
          "another path or method, other conditions, or a place before that route",
        ...(path !== by.path || when?.length !== by.when?.length) &&
          { suggestion: `Move it before route "${by.id}"` },
        also: `/routes/${(by as PlacedRoute).index}/path`,
      });
    } else if (twin !== undefined) {
      issues.push({
        path: `/routes/${index}/id`,
        message:
          `Routes ${twin.methods} ${twin.path} and ${methods} ${path} have the same id "${id}"`,
        value: id,
        allowed: "an id of its own",
        also: `/routes/${twin.index}`,
      });
    }
    if (twin === undefined) named.set(id, own);
    tree.add(own);
  }
  return issues;
}

/** Finds faults that would cut the body of a response without one. */
function uncuttableBodies(
  route: Record<string, unknown>,
  index: number,
): Issue[] {
  const bodiless = responsesOf(route).every(({ response }) => {
    const { status: _status, headers: _headers, times: _times, ...body } =
      response;
    return Object.keys(body).length === 0;
  });
  if (!bodiless) return [];
  return listOf(route.faults).flatMap((fault, place) =>
    isRecord(fault) && fault.action === "cut-body"
      ? [{
        path: `/routes/${index}/faults/${place}/action`,
        message: "Cannot cut the body of a response that has none",
        value: "cut-body",
        allowed: "a response with a body, or another action",
      }]
      : []
  );
}

/** Responses of a route as written, with their places in it. */
function responsesOf(
  { response, responses }: Record<string, unknown>,
): { readonly response: Record<string, unknown>; readonly at: string[] }[] {
  return [
    { response, at: ["response"] },
    ...listOf(responses).map((response, turn) => ({
      response,
      at: ["responses", `${turn}`],
    })),
  ].filter((one): one is { response: Record<string, unknown>; at: string[] } =>
    isRecord(one.response)
  );
}

/** Checks templates, files and wire of one route's responses, and the parameter that counts its turns. */
function responseIssues(
  route: Record<string, unknown>,
  index: number,
  kit: Kit,
): Issue[] {
  return [
    ...turnIssues(route, index),
    ...socketIssues(
      route.websocket,
      ["routes", `${index}`, "websocket"],
      typeof route.path === "string" ? parametersOf(route.path) : [],
    ),
    ...responsesOf(route).flatMap(({ response, at }) =>
      issuesOfResponse(route, response, { index, at, kit })
    ),
  ];
}

/** Finds a path parameter that counts turns and is not in the path. */
function turnIssues(
  { path, turns }: Record<string, unknown>,
  index: number,
): Issue[] {
  if (!isRecord(turns) || typeof turns.per !== "string") return [];
  const [, name] = /^path:(.+)$/.exec(turns.per) ?? [];
  const known = typeof path === "string" ? parametersOf(path) : [];
  if (name === undefined || known.includes(name)) return [];
  const meant = suggest(name, known);
  return [{
    path: `/routes/${index}/turns/per`,
    message: `The path has no parameter "${name}"`,
    value: turns.per,
    allowed: known.length === 0
      ? "another key: the path has no parameters"
      : alternatives(known.map((each) => `"path:${each}"`)),
    ...meant !== undefined && { suggestion: `path:${meant}` },
  }];
}

function issuesOfResponse(
  { path, wire }: Record<string, unknown>,
  response: Record<string, unknown>,
  { index, at: own, kit }: {
    readonly index: number;
    readonly at: readonly string[];
    readonly kit: Kit;
  },
): Issue[] {
  const at = ["routes", `${index}`];
  const parameters = typeof path === "string" ? parametersOf(path) : [];
  const known = { path: parameters };
  const within = (...keys: string[]) => [...at, ...own, ...keys];
  return [
    ...["text", "json", "file", "headers"].flatMap((key) =>
      templateIssues(response[key], within(key), known)
    ),
    ...eventIssues(response.events, within("events"), parameters),
    ...listIssues(response.repeat, within("repeat"), parameters),
    ...fileIssues(response, within("file"), kit),
    ...folderIssues(response, within(), kit),
    ...folderPathIssues(response, path, index),
    ...headerIssues(response.headers, within("headers")),
    ..."events" in response && isRecord(wire) && "chunk" in wire
      ? [{
        path: toPointer([...at, "wire", "chunk"]),
        message: "An event is sent as one piece and has no chunks",
        value: wire.chunk,
        allowed: 'no "chunk" on a route with "events"',
      }]
      : [],
  ];
}

/** Returns the names of the parameters of a path in Hono's syntax. */
function parametersOf(path: string): string[] {
  return [...path.matchAll(/\/:([^/{?]+)/g)].map(([, name]) => name);
}

/** Maximum depth to search: the schema reports deeper values, and those that contain themselves. */
const DEPTH = 500;

/** Finds places in the strings of a value, but not in its keys, that name nothing. */
function templateIssues(
  value: unknown,
  at: readonly string[],
  known: KnownNames,
): Issue[] {
  if (typeof value === "string") {
    return unknownNames(value, known).map((name) => {
      const foreign = foreignPlaceholder(name);
      const meant = foreign !== undefined &&
          unknownNames(`{{${foreign}}}`, known).length === 0
        ? foreign
        : suggest(name, nameList(known)) ??
          suggest(name, known.path.map((each) => `path.${each}`));
      return {
        path: toPointer(at),
        message: `There is no value {{${name}}}`,
        value: value.length > 80 ? `{{${name}}}` : value,
        allowed: `${alternatives(nameList(known))}, or \\{{ for two braces`,
        ...meant !== undefined && { suggestion: `{{${meant}}}` },
      };
    });
  }
  if (typeof value !== "object" || value === null) return [];
  if (at.length > DEPTH) return [];
  return Object.entries(value).flatMap(([key, item]) =>
    templateIssues(item, [...at, key], known)
  );
}

function eventIssues(
  events: unknown,
  at: readonly string[],
  path: readonly string[],
): Issue[] {
  if (!isRecord(events)) return [];
  return ["data", "id", "last"].flatMap((key) =>
    templateIssues(events[key], [...at, key], {
      path,
      more: key === "last" ? [] : ["index"],
    })
  );
}

function socketIssues(
  websocket: unknown,
  at: readonly string[],
  path: readonly string[],
): Issue[] {
  if (!isRecord(websocket)) return [];
  const { messages, on } = websocket;
  const known = { path, more: ["index"] } as const;
  return [
    ...listOf(messages).flatMap((message, index) =>
      isRecord(message)
        ? templateIssues(
          message.send,
          [...at, "messages", `${index}`, "send"],
          known,
        )
        : []
    ),
    ...Object.entries(isRecord(on) ? on : {}).flatMap(([pattern, written]) =>
      [written].flat().flatMap((reply, index) => {
        const own = [...at, "on", pattern];
        if (Array.isArray(written)) own.push(`${index}`);
        return isRecord(reply)
          ? templateIssues(reply.send, [...own, "send"], known)
          : templateIssues(reply, own, known);
      })
    ),
  ];
}

function listIssues(
  repeat: unknown,
  at: readonly string[],
  path: readonly string[],
): Issue[] {
  if (!isRecord(repeat)) return [];
  return [
    ...templateIssues(repeat.item, [...at, "item"], {
      path,
      more: ["index", "count"],
    }),
    ...templateIssues(repeat.within, [...at, "within"], {
      path,
      more: ["count", "items"],
    }),
  ];
}

/** Headers that decide how an answer is read, so that no request may say what they are. */
const NEVER_OF_REQUEST = /^(?:content-(?:type|encoding)|connection)$/i;

/** Finds placeholders in headers that must not depend on the request. */
function headerIssues(headers: unknown, at: readonly string[]): Issue[] {
  if (!isRecord(headers)) return [];
  return Object.entries(headers).flatMap(([name, value]) =>
    NEVER_OF_REQUEST.test(name) &&
      [value].flat().some((one) =>
        typeof one === "string" && !isFixed(parseTemplate(one))
      )
      ? [{
        path: toPointer([...at, name]),
        message: `The header "${name}" cannot contain values of the request`,
        value,
        allowed: "a value without {{…}}",
      }]
      : []
  );
}

/** Requires a path that ends with a star: what the star stands for names the file. */
function folderPathIssues(
  { folder }: Record<string, unknown>,
  path: unknown,
  index: number,
): Issue[] {
  if (folder === undefined || typeof path !== "string") return [];
  if (path.endsWith("/*")) return [];
  return [{
    path: toPointer(["routes", `${index}`, "path"]),
    message: "The path of a folder ends with /*, which stands for its files",
    value: path,
    allowed: 'a path such as "/*" or "/assets/*"',
    suggestion: `${path.replace(/\/$/, "")}/*`,
  }];
}
