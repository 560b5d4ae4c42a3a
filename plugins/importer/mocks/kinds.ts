/**
 * Kinds of files that can be imported, and the kind of a file by its content.
 *
 * @module
 */

import { isRecording } from "../recording/format.ts";

/** Kinds of files. */
export const KINDS = [
  "openapi",
  "har",
  "access-log",
  "wiremock",
  "mockoon",
  "mockserver",
  "hoverfly",
  "prometheus",
  "recording",
] as const;

/** One of {@linkcode KINDS}. */
export type Kind = typeof KINDS[number];

/** Keys by which a JSON document shows its kind, in the order in which they are looked for. */
const JSON_KINDS: readonly (readonly [kind: Kind, keys: readonly RegExp[]])[] =
  [
    ["openapi", [/"(?:openapi|swagger)"\s*:\s*"/]],
    ["har", [/^\s*\{\s*"log"\s*:\s*\{/]],
    ["prometheus", [/"resultType"\s*:/]],
    ["mockserver", [/"httpRequest"\s*:|"httpResponse"\s*:/]],
    ["hoverfly", [/"pairs"\s*:/, /"data"\s*:\s*\{/]],
    ["hoverfly", [/"schemaVersion"\s*:/, /"data"\s*:\s*\{/]],
    ["mockoon", [/"(?:endpointPrefix|lastMigration|rootChildren)"\s*:/]],
    ["wiremock", [/"mappings"\s*:\s*\[/]],
    ["wiremock", [/"request"\s*:\s*\{/, /"response"\s*:\s*\{/]],
    ["har", [/"log"\s*:\s*\{/, /"entries"\s*:/]],
  ];

/**
 * Returns the kind of a file; undefined where its content does not show it.
 *
 * @param beginning first 64 KiB or so
 * @param name name of the file
 */
export function kindOf(beginning: string, name: string): Kind | undefined {
  const text = beginning.replace(/^\uFEFF/, "").trimStart();
  if (isRecording(text)) return "recording";
  if (/\.har(?:\.gz)?$/i.test(name)) return "har";
  if (/\.log(?:\.gz)?$/i.test(name)) return "access-log";
  if (isLines(text)) return "access-log";
  if (/^[{[]/.test(text)) {
    return JSON_KINDS.find(([, keys]) => keys.every((key) => key.test(text)))
      ?.[0];
  }
  if (/^(?:"|')?(?:openapi|swagger)(?:"|')?\s*:/m.test(text)) return "openapi";
  return /\.(?:ya?ml|json)(?:\.gz)?$/i.test(name) ? undefined : "access-log";
}

/** Returns whether a text has a JSON object on each of its first lines. */
function isLines(text: string): boolean {
  const [first, second = ""] = text.split("\n", 2).map((line) => line.trim());
  if (
    !first.startsWith("{") || !first.endsWith("}") ||
    second !== "" && !second.startsWith("{")
  ) {
    return false;
  }
  try {
    const entry: unknown = JSON.parse(first);
    if (typeof entry !== "object" || entry === null) return false;
    // One line alone may be another document.
    return second !== "" ||
      /"(?:method|request_method|RequestMethod|request)"\s*:/.test(first) &&
        !JSON_KINDS.some(([, keys]) => keys.every((key) => key.test(first)));
  } catch {
    return false;
  }
}
