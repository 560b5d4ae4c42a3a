/**
 * From a route's settings to where its answers come from.
 *
 * @module
 */
import type { RouteSettings } from "../../config/mod.ts";
import { fillJson, parseJsonTemplate } from "../../lib/json_template.ts";
import type { Source } from "../source.ts";
import { fill, isFixed, parseTemplate } from "../../lib/template.ts";
import { eventsSource } from "./events.ts";
import { fileSource } from "./file.ts";
import { type ProxyParts, proxySource } from "./proxy.ts";
import { fixedSource, templateSource } from "./text.ts";

/** What a route answers: a text that is always the same, or a source. */
export interface Answers {
  /** The content type of its bodies; undefined for none, or where each body has its own. */
  readonly contentType: string | undefined;
  /** The text; undefined for none. */
  readonly body: string | undefined;
  /** The source; undefined where the text is all. */
  readonly source: Source | undefined;
}

/** Binds the response of a route. */
export function answersOf(
  { response, path, wire }: RouteSettings,
  parts: ProxyParts,
): Answers {
  const { json, text, file, proxy, events, status } = response;
  if (file !== undefined) {
    return {
      contentType: undefined,
      body: undefined,
      source: fileSource(file, { path, status }),
    };
  }
  if (proxy !== undefined) {
    const source = proxySource(proxy, parts);
    return { contentType: undefined, body: undefined, source };
  }
  if (events !== undefined) {
    return {
      contentType: "text/event-stream",
      body: undefined,
      source: eventsSource(events, path),
    };
  }
  if (json !== undefined) {
    const template = parseJsonTemplate(json);
    const [first] = template;
    return textual(
      template.length === 1 && typeof first === "string"
        ? first
        : templateSource((values) => fillJson(template, values), path),
      { contentType: "application/json", wired: wire !== undefined },
    );
  }
  if (text !== undefined) {
    const template = parseTemplate(text);
    return textual(
      isFixed(template)
        ? template.join("")
        : templateSource((values) => fill(template, values), path),
      { contentType: "text/plain; charset=utf-8", wired: wire !== undefined },
    );
  }
  return { contentType: undefined, body: undefined, source: undefined };
}

function textual(
  body: string | Source,
  { contentType, wired }: {
    readonly contentType: string;
    readonly wired: boolean;
  },
): Answers {
  if (typeof body !== "string") {
    return { contentType, body: undefined, source: body };
  }
  return wired
    ? { contentType, body: undefined, source: fixedSource(body) }
    : { contentType, body, source: undefined };
}
