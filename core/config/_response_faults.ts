/**
 * Faults of a route's response that the types alone do not show: templates that name nothing, files that are not there.
 *
 * @module
 */
import type { Issue } from "../errors.ts";
import type { Kit } from "../plugin.ts";
import { nameList, unknownNames } from "../lib/template.ts";
import { isRecord } from "./_schema_lookup.ts";
import { fileFaults } from "./_read_response_file.ts";
import { toPointer } from "../lib/pointer.ts";
import { suggest } from "../lib/suggest.ts";
import { alternatives } from "./words.ts";

/** Finds them in routes as written; what has not the right type is the schema's to report. */
export function responseFaults(routes: unknown, kit: Kit): Issue[] {
  return (Array.isArray(routes) ? routes : []).flatMap((route, index) => {
    if (!isRecord(route) || !isRecord(route.response)) return [];
    const { response } = route;
    const at = ["routes", `${index}`, "response"];
    const path = typeof route.path === "string" ? namesIn(route.path) : [];
    const known = { path, index: false };
    return [
      ...templateFaults(response.text, [...at, "text"], known),
      ...templateFaults(response.json, [...at, "json"], known),
      ...templateFaults(response.file, [...at, "file"], known),
      ...eventFaults(response.events, [...at, "events"], path),
      ...fileFaults(response, at, kit),
      ...wireFaults(route, index),
    ];
  });
}

/** The parameters of a path in Hono's syntax. */
function namesIn(path: string): string[] {
  return [...path.matchAll(/\/:([^/{?]+)/g)].map(([, name]) => name);
}

type Names = Parameters<typeof unknownNames>[1];

/** In all strings of a value, but in no key. */
function templateFaults(
  value: unknown,
  at: readonly string[],
  known: Names,
): Issue[] {
  if (typeof value === "string") {
    return unknownNames(value, known).map((name) => {
      const meant = suggest(name, nameList(known)) ??
        suggest(name, known.path.map((each) => `path.${each}`));
      return {
        path: toPointer([...at]),
        message: `Nothing is called {{${name}}} here`,
        value: value.length > 80 ? `{{${name}}}` : value,
        allowed: `${alternatives(nameList(known))}, or \\{{ for two braces`,
        ...meant !== undefined && { suggestion: `{{${meant}}}` },
      };
    });
  }
  if (typeof value !== "object" || value === null) return [];
  // A value that contains itself is the schema's to report.
  if (at.length > 500) return [];
  return Object.entries(value).flatMap(([key, item]) =>
    templateFaults(item, [...at, key], known)
  );
}

function eventFaults(
  events: unknown,
  at: readonly string[],
  path: readonly string[],
): Issue[] {
  if (!isRecord(events)) return [];
  return ["data", "id", "last"].flatMap((key) =>
    templateFaults(events[key], [...at, key], { path, index: key !== "last" })
  );
}

/** What a wire cannot do with a body. */
function wireFaults(route: Record<string, unknown>, index: number): Issue[] {
  const { wire, response } = route;
  if (!isRecord(wire) || !isRecord(response)) return [];
  if ("events" in response && "chunk" in wire) {
    return [{
      path: toPointer(["routes", `${index}`, "wire", "chunk"]),
      message: "An event leaves as one piece: it has no chunks",
      value: wire.chunk,
      allowed: 'no "chunk" on a route with "events"',
    }];
  }
  return [];
}
