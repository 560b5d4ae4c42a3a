/**
 * Stub mappings of WireMock.
 *
 * @see https://wiremock.org/docs/standalone/admin-api-reference/
 * @module
 */
import { TextBudget } from "./bodies.ts";
import { Draft, type DraftRoute } from "./draft.ts";
import { braced, literalSegment, matched, type PathReading } from "./paths.ts";
import { isRecord, type Json } from "./resolver.ts";
import {
  addPartsOf,
  Conditions,
  containing,
  fixedTime,
  fromBase64,
  pairsOf,
  pointerOf,
  stubResponse,
  templated,
  type TextCondition,
  withResponse,
} from "./stubs.ts";

/** A mapping and its place. */
export interface PlacedStub {
  readonly stub: Json;
  readonly place: string;
}

/** Returns the body of a stub that stands in a file of its own; undefined where there is none. */
export type BodyFile = (
  name: string,
) => { readonly text: string } | { readonly size: number } | undefined;

/** Priority of mappings that have none. */
const PRIORITY = 5;

/** Makes a draft of mappings. */
export function draftOfWireMock(
  stubs: readonly PlacedStub[],
  bodyFile: BodyFile,
): Draft {
  const draft = new Draft("WireMock");
  const budget = new TextBudget();
  const priority = ({ stub }: PlacedStub) =>
    typeof stub.priority === "number" ? stub.priority : PRIORITY;
  // Of equal priority, the one that was added last answers.
  const ordered = stubs.map((placed, index) => ({ placed, index })).sort((
    a,
    b,
  ) => priority(a.placed) - priority(b.placed) || b.index - a.index);
  for (const { placed } of ordered) {
    const route = routeOf(placed, { draft, budget, bodyFile });
    if (route !== undefined) draft.routes.push(route);
  }
  return draft;
}

interface Tools {
  readonly draft: Draft;
  readonly budget: TextBudget;
  readonly bodyFile: BodyFile;
}

function routeOf(
  { stub, place }: PlacedStub,
  { draft, budget, bodyFile }: Tools,
): DraftRoute | undefined {
  const request: Json = isRecord(stub.request) ? stub.request : {};
  const response: Json = isRecord(stub.response) ? stub.response : {};
  const state = stub.requiredScenarioState;
  if (state !== undefined && state !== "Started") {
    draft.leave("stubs for later states of a scenario", place, `${state}`);
    return undefined;
  }
  if (stub.newScenarioState !== undefined) {
    draft.change("states of scenarios, of which the first is kept", place);
  }
  const conditions = new Conditions(draft, place);
  const path = pathOf(request, conditions);
  if (path.reason !== undefined) {
    draft.leave(path.reason, place);
    return undefined;
  }
  readConditions(request, conditions);
  for (const key of Object.keys(stub)) {
    if (["postServeActions", "serveEventListeners", "webhooks"].includes(key)) {
      draft.leave("actions after an answer", place, key);
    }
  }
  const settings = answerOf(response, path.path, {
    draft,
    budget,
    bodyFile,
    place,
  });
  if (settings === undefined) return undefined;
  const method = typeof request.method === "string" ? request.method : "ANY";
  const time = timeOf(response, draft, place);
  return {
    ...typeof stub.name === "string" && stub.name.length <= 120 &&
      { id: stub.name },
    method: method === "ANY" ? "*" : method.toUpperCase(),
    path: path.path,
    ...conditions.when !== undefined && { when: conditions.when },
    ...time !== undefined && { serviceTime: time },
    settings,
    place,
  };
}

function pathOf(request: Json, conditions: Conditions): PathReading {
  const { url, urlPath, urlPattern, urlPathPattern, urlPathTemplate } = request;
  if (typeof urlPathTemplate === "string") {
    const parameters = Object.keys(Object(request.pathParameters));
    for (const name of parameters) conditions.lost(`pathParameters.${name}`);
    return braced(urlPathTemplate);
  }
  if (typeof urlPath === "string") return literalPath(urlPath);
  if (typeof url === "string") {
    const [path, query] = url.split("?", 2);
    for (const [name, value] of new URLSearchParams(query ?? "")) {
      conditions.add("query", name, value);
    }
    return literalPath(path);
  }
  if (typeof urlPathPattern === "string") return matched(urlPathPattern);
  if (typeof urlPattern === "string") {
    // The expression matches path and query; a query in it becomes no condition.
    const [path, query] = urlPattern.split(/\\\?|\[\?\]/, 2);
    if (query !== undefined) conditions.lost("the query in urlPattern");
    return matched(path.replace(/\(\?:?$|\($/, ""));
  }
  return { path: "/*" };
}

function literalPath(path: string): PathReading {
  const segments = path.replace(/^\//, "").split("/").map(literalSegment);
  return segments.includes(undefined)
    ? { reason: "a path with a part that routes cannot have" }
    : { path: `/${segments.join("/")}` };
}

function readConditions(request: Json, conditions: Conditions): void {
  for (
    const [key, part] of [
      ["queryParameters", "query"],
      ["headers", "header"],
      ["cookies", "cookie"],
    ] as const
  ) {
    for (const [name, matcher] of Object.entries(Object(request[key]))) {
      const condition = textCondition(matcher);
      if (condition === undefined) conditions.lost(`${key}.${name}`);
      else conditions.add(part, name, condition);
    }
  }
  const { basicAuthCredentials: basic } = request;
  if (isRecord(basic)) {
    conditions.add(
      "header",
      "Authorization",
      `Basic ${btoa(`${basic.username}:${basic.password}`)}`,
    );
  }
  for (
    const pattern of Array.isArray(request.bodyPatterns)
      ? request.bodyPatterns
      : []
  ) {
    if (!isRecord(pattern) || !addBody(pattern, conditions)) {
      conditions.lost(`bodyPatterns.${Object.keys(Object(pattern))[0]}`);
    }
  }
  for (
    const key of [
      "multipartPatterns",
      "formParameters",
      "customMatcher",
      "host",
      "port",
      "scheme",
      "clientIp",
    ]
  ) {
    if (request[key] !== undefined) conditions.lost(key);
  }
}

/** Converts a matcher of a text; undefined where it has no counterpart. */
function textCondition(matcher: unknown): TextCondition | undefined {
  if (!isRecord(matcher)) return undefined;
  const { equalTo, matches, contains, absent, caseInsensitive } = matcher;
  if (absent === true) return { absent: true };
  if (caseInsensitive === true) return undefined;
  if (typeof equalTo === "string" || typeof equalTo === "number") {
    return `${equalTo}`;
  }
  if (typeof matches === "string") {
    return /^\.[*+]$/.test(matches) ? { present: true } : { pattern: matches };
  }
  return typeof contains === "string" ? containing(contains) : undefined;
}

function addBody(pattern: Json, conditions: Conditions): boolean {
  const { equalToJson, matchesJsonPath, ignoreExtraElements } = pattern;
  if (equalToJson !== undefined) {
    let value: unknown = equalToJson;
    if (typeof equalToJson === "string") {
      try {
        value = JSON.parse(equalToJson);
      } catch {
        return false;
      }
    }
    if (/\$\{json-unit\./.test(JSON.stringify(value))) return false;
    if (ignoreExtraElements === true) addPartsOf(value, conditions);
    else conditions.add("body", "", { equal: value });
    return true;
  }
  const expression = isRecord(matchesJsonPath)
    ? matchesJsonPath.expression
    : matchesJsonPath;
  if (typeof expression !== "string") return false;
  const pointer = pointerOf(expression);
  if (pointer === undefined) return false;
  const condition = isRecord(matchesJsonPath)
    ? textCondition(matchesJsonPath)
    : { present: true };
  if (condition === undefined) return false;
  conditions.add("body", pointer, condition);
  return true;
}

function answerOf(
  response: Json,
  path: string,
  { draft, budget, bodyFile, place }: Tools & { readonly place: string },
): Record<string, unknown> | undefined {
  const { fault, proxyBaseUrl } = response;
  if (typeof proxyBaseUrl === "string") {
    return { response: { proxy: proxyBaseUrl } };
  }
  if (typeof fault === "string") {
    const cut = /MALFORMED|RANDOM_DATA/.test(fault);
    if (fault !== "CONNECTION_RESET_BY_PEER") {
      draft.change("faults, as the nearest of perfmock's", place, fault);
    }
    return {
      ...cut && { response: { size: 1024 } },
      faults: [{ share: 1, action: cut ? "cut-body" : "connection-reset" }],
    };
  }
  const isTemplate = [response.transformers].flat().includes(
    "response-template",
  );
  const convert = (text: string) =>
    isTemplate
      ? templated(
        text,
        (expression) => placeholderOf(expression, path),
        { draft, place },
      )
      : text.replaceAll("{{", "\\{{");
  const body = bodyOf(response, bodyFile);
  if (body === "missing") {
    draft.change(
      "bodies in files that were not found, left empty",
      place,
      `${response.bodyFileName}`,
    );
  }
  const made = stubResponse(
    {
      status: Number(response.status ?? 200),
      headers: pairsOf(response.headers),
      ...typeof body === "object" && body !== null &&
        ("text" in body ? { text: convert(body.text) } : body),
      place,
    },
    draft,
    budget,
  );
  if (made === undefined) return undefined;
  const { chunkedDribbleDelay: dribble } = response;
  return {
    ...withResponse(made),
    ...isRecord(dribble) && wireOf(dribble, made),
  };
}

/** Paces a body that WireMock sends in a number of chunks over a time. */
function wireOf(
  { numberOfChunks, totalDuration }: Json,
  { json, text, size }: Readonly<Record<string, unknown>>,
): Record<string, unknown> {
  const chunks = Math.max(1, Number(numberOfChunks) || 1);
  const length = typeof size === "number" ? size : new TextEncoder().encode(
    typeof text === "string" ? text : JSON.stringify(json ?? ""),
  ).length;
  return {
    wire: {
      gap: `${Number(totalDuration) / chunks || 0}ms`,
      chunk: Math.max(1, Math.ceil(length / chunks)),
    },
  };
}

function bodyOf(
  { body, jsonBody, base64Body, bodyFileName }: Json,
  bodyFile: BodyFile,
):
  | { readonly text: string }
  | { readonly size: number }
  | "missing"
  | undefined {
  if (jsonBody !== undefined) return { text: JSON.stringify(jsonBody) };
  if (typeof body === "string") return { text: body };
  if (typeof base64Body === "string") return fromBase64(base64Body);
  if (typeof bodyFileName === "string") {
    return bodyFile(bodyFileName) ?? "missing";
  }
  return undefined;
}

/** Converts an expression of WireMock's templates. */
function placeholderOf(expression: string, path: string): string | undefined {
  const value =
    /^request\.(query|headers|cookies|path)\.(?:\[?([\w-]+)\]?)(?:\.\[?0\]?)?$/
      .exec(expression);
  if (value !== null) {
    const [, source, name] = value;
    if (source === "path" && /^\d+$/.test(name)) {
      return segmentAt(path, Number(name));
    }
    const sources: Readonly<Record<string, string>> = {
      query: "query",
      headers: "header",
      cookies: "cookie",
      path: "path",
    };
    return source === "path" && !path.includes(`:${name}`)
      ? undefined
      : `{{${sources[source]}.${name}}}`;
  }
  const segment = /^request\.(?:pathSegments|path)\.\[(\d+)\]$/.exec(
    expression,
  );
  if (segment !== null) return segmentAt(path, Number(segment[1]));
  if (expression === "request.body") return "{{body}}";
  const json = /^jsonPath request\.body ['"]([^'"]+)['"]$/.exec(expression);
  const pointer = json === null ? undefined : pointerOf(json[1]);
  if (pointer !== undefined) return `{{body.${pointer}}}`;
  if (/^randomValue\b.*type=['"]UUID['"]/.test(expression)) return "{{uuid}}";
  return expression === "now" ? "{{now}}" : undefined;
}

/** Segment of a path: a parameter, or its text. */
function segmentAt(path: string, index: number): string | undefined {
  const segment = path.slice(1).split("/")[index];
  if (segment === undefined || segment === "*") return undefined;
  const name = /^:(\w+)/.exec(segment)?.[1];
  return name === undefined ? segment : `{{path.${name}}}`;
}

/** Service time of a response: its fixed delay and its distribution, one after the other. */
function timeOf(response: Json, draft: Draft, place: string): unknown {
  const fixed = fixedTime(response.fixedDelayMilliseconds);
  const { delayDistribution } = response;
  const drawn = isRecord(delayDistribution)
    ? distributionOf(delayDistribution)
    : undefined;
  if (isRecord(delayDistribution) && drawn === undefined) {
    draft.leave(
      "delays without a counterpart",
      place,
      `${delayDistribution.type}`,
    );
  }
  if (drawn === undefined) return fixed;
  return fixed === undefined ? drawn : { shift: { by: fixed, of: drawn } };
}

function distributionOf(
  { type, median, sigma, lower, upper, milliseconds, maxValue }: Json,
): unknown {
  switch (type) {
    case "lognormal": {
      const of = {
        lognormal: { median: `${Number(median)}ms`, sigma: Number(sigma) },
      };
      return typeof maxValue === "number"
        ? { truncate: { max: `${maxValue}ms`, of } }
        : of;
    }
    case "uniform":
      return Number(lower) === Number(upper)
        ? fixedTime(lower)
        : { uniform: { min: `${Number(lower)}ms`, max: `${Number(upper)}ms` } };
    case "fixed":
      return fixedTime(milliseconds);
    default:
      return undefined;
  }
}
