/**
 * Environments of Mockoon.
 *
 * @see https://mockoon.com/docs/latest/mockoon-data-files/data-files-location/
 * @module
 */
import { TextBudget } from "./bodies.ts";
import { Draft } from "./draft.ts";
import { express, shapeOf } from "./paths.ts";
import { isRecord, type Json } from "./resolver.ts";
import {
  Conditions,
  fixedTime,
  pairsOf,
  stubResponse,
  templated,
  withResponse,
} from "./stubs.ts";
import type { BodyFile } from "./wiremock.ts";

/** Parts that the routes of an environment share. */
interface Environment {
  readonly draft: Draft;
  readonly budget: TextBudget;
  readonly bodyFile: BodyFile;
  readonly prefix: string;
  readonly latency: number;
  /** Bodies of data buckets by id. */
  readonly buckets: ReadonlyMap<string, string>;
  readonly headers: readonly (readonly [string, string])[];
}

/** Makes a draft of an environment. */
export function draftOfMockoon(
  environment: Json,
  bodyFile: BodyFile,
): Draft {
  const draft = new Draft("Mockoon");
  const shared: Environment = {
    draft,
    budget: new TextBudget(),
    bodyFile,
    prefix: typeof environment.endpointPrefix === "string"
      ? environment.endpointPrefix
      : "",
    latency: Number(environment.latency) || 0,
    buckets: new Map(
      recordsOf(environment.data).flatMap(({ id, uuid, value }) =>
        [id, uuid].flatMap((key): [string, string][] =>
          typeof key === "string" ? [[key, `${value ?? ""}`]] : []
        )
      ),
    ),
    headers: pairsOf(environment.headers),
  };
  for (const [index, route] of recordsOf(environment.routes).entries()) {
    readRoute(route, `/routes/${index}`, shared);
  }
  if (environment.proxyMode === true) {
    draft.routes.push({
      method: "*",
      path: "/*",
      settings: { response: { proxy: `${environment.proxyHost}` } },
      place: "/proxyHost",
      notes: ["Everything else goes to the environment's proxy."],
    });
  }
  for (const [index] of recordsOf(environment.callbacks).entries()) {
    draft.leave(
      "callbacks, which the server would send",
      `/callbacks/${index}`,
    );
  }
  return draft;
}

function recordsOf(value: unknown): Json[] {
  return Array.isArray(value) ? value.filter(isRecord) : [];
}

function readRoute(route: Json, place: string, shared: Environment): void {
  const { draft, prefix } = shared;
  const { type = "http", method, endpoint = "", enabled } = route;
  if (enabled === false) {
    draft.leave("routes that are switched off", place);
    return;
  }
  if (type !== "http") {
    draft.leave("routes of other kinds than http", place, `${type}`);
    return;
  }
  const path = express(`/${prefix}/${endpoint}`.replaceAll(/\/{2,}/g, "/"));
  if (path.reason !== undefined) {
    draft.leave(path.reason, place, `${endpoint}`);
    return;
  }
  const responses = recordsOf(route.responses).map((response, index) => ({
    response,
    place: `${place}/responses/${index}`,
  }));
  const first = responses.find(({ response }) => response.default === true) ??
    responses[0];
  if (first === undefined) {
    draft.leave("routes without an answer", place);
    return;
  }
  const common = {
    method: method === "all" || typeof method !== "string"
      ? "*"
      : method.toUpperCase(),
    path: path.path,
    ...typeof route.documentation === "string" && route.documentation !== "" &&
      { notes: [route.documentation.slice(0, 200)] },
  };
  if (route.responseMode === "SEQUENTIAL" && responses.length > 1) {
    const settings = inTurn(responses, common.path, shared);
    if (settings !== undefined) {
      draft.routes.push({ ...common, settings, place });
    }
    return;
  }
  const mode = route.responseMode;
  if (mode === "RANDOM" && responses.length > 1) {
    draft.change(
      "answers chosen by chance, of which the default is given",
      place,
    );
  }
  const ruled = mode === "RANDOM" || mode === "DISABLE_RULES" ? [] : responses;
  for (const one of ruled) {
    for (const conditions of rulesOf(one, shared)) {
      const settings = answerOf(one, common.path, shared);
      const { when } = conditions;
      if (settings === undefined || when === undefined) continue;
      draft.routes.push({ ...common, when, ...settings, place: one.place });
    }
  }
  const settings = answerOf(first, common.path, shared);
  if (settings !== undefined) {
    draft.routes.push({ ...common, ...settings, place: first.place });
  }
  for (const { response, place } of responses) {
    const unused = response !== first.response &&
      recordsOf(response.rules).length === 0;
    if (unused) {
      draft.leave("answers without a rule, which nothing asks for", place);
    }
  }
}

interface PlacedResponse {
  readonly response: Json;
  readonly place: string;
}

/** Conditions of a response: one set if all of its rules have to hold, else a set for each. */
function rulesOf(
  { response, place }: PlacedResponse,
  { draft }: Environment,
): Conditions[] {
  const rules = recordsOf(response.rules);
  if (rules.length === 0) return [];
  if (response.rulesOperator === "AND") {
    const all = new Conditions(draft, place);
    for (const rule of rules) addRule(rule, all);
    return [all];
  }
  return rules.map((rule) => {
    const one = new Conditions(draft, place);
    addRule(rule, one);
    return one;
  });
}

const TARGETS = {
  query: "query",
  header: "header",
  cookie: "cookie",
  body: "body",
} as const;

function addRule(rule: Json, conditions: Conditions): void {
  const { target, modifier, value, operator = "equals", invert } = rule;
  const part = TARGETS[target as keyof typeof TARGETS];
  const text = `${value ?? ""}`;
  const isPlain = !/\{\{/.test(text);
  if (part === undefined || !isPlain || typeof modifier !== "string") {
    conditions.lost(`rules on ${target}`);
    return;
  }
  const name = part === "body" ? pointerFrom(modifier) : modifier;
  if (name === undefined || name === "" && part !== "body") {
    conditions.lost(`rules on ${target}`);
    return;
  }
  const absent = operator === "null" || operator === "empty_array";
  if (absent) {
    conditions.add(
      part,
      name,
      invert === true ? { present: true } : { absent: true },
    );
  } else if (invert === true) conditions.lost("inverted rules");
  else if (operator === "equals") {
    conditions.add(
      part,
      name,
      part === "body" ? { equal: valueOf(text) } : text,
    );
  } else if (operator === "regex") {
    conditions.add(part, name, { pattern: text });
  } else conditions.lost(`operator ${operator}`);
}

/** A rule's value is text: of a JSON body it may stand for a number or a boolean. */
function valueOf(text: string): unknown {
  return /^(?:true|false|null|-?\d+(?:\.\d+)?)$/.test(text)
    ? JSON.parse(text)
    : text;
}

/** Converts an object path such as `user.items.0` or a JSONPath to a JSON Pointer. */
function pointerFrom(path: string): string | undefined {
  if (path.startsWith("$.")) return pointerFrom(path.slice(2));
  if (path.startsWith("/")) return path;
  if (/[[\]*?()$]/.test(path)) return undefined;
  return path === ""
    ? ""
    : `/${path.split(".").map((key) => key.replaceAll("~", "~0")).join("/")}`;
}

function answerOf(
  placed: PlacedResponse,
  path: string,
  shared: Environment,
): { settings: Record<string, unknown>; serviceTime?: string } | undefined {
  const response = responseOf(placed, path, shared);
  if (response === undefined) return undefined;
  const time = fixedTime(
    shared.latency + (Number(placed.response.latency) || 0),
  );
  return {
    ...time !== undefined && { serviceTime: time },
    settings: withResponse(response),
  };
}

/** Answers that are given one after another, over and over. */
function inTurn(
  placed: readonly PlacedResponse[],
  path: string,
  shared: Environment,
): Record<string, unknown> | undefined {
  const responses = placed.flatMap((one) =>
    responseOf(one, path, shared) ?? []
  );
  if (responses.length === 0) return undefined;
  const times = placed.map(({ response }) =>
    fixedTime(shared.latency + (Number(response.latency) || 0)) ?? "0ms"
  );
  return {
    turns: { end: "repeat" },
    ...times.some((time) => time !== "0ms") && { serviceTimes: times },
    responses,
  };
}

function responseOf(
  { response, place }: PlacedResponse,
  path: string,
  { draft, budget, bodyFile, buckets, headers }: Environment,
): Record<string, unknown> | undefined {
  const {
    bodyType = "INLINE",
    body,
    filePath,
    databucketID,
    disableTemplating,
  } = response;
  const own = pairsOf(response.headers);
  const names = new Set(own.map(([name]) => name.toLowerCase()));
  const convert = (text: string) =>
    disableTemplating === true ? text.replaceAll("{{", "\\{{") : templated(
      text,
      (expression) => placeholderOf(expression, path),
      { draft, place },
    );
  const file = bodyType === "FILE" && typeof filePath === "string"
    ? bodyFile(filePath)
    : undefined;
  if (bodyType === "FILE" && file === undefined) {
    draft.change(
      "bodies in files that were not found, left empty",
      place,
      `${filePath}`,
    );
  }
  const text = bodyType === "DATABUCKET"
    ? buckets.get(`${databucketID}`)
    : bodyType === "FILE"
    ? file !== undefined && "text" in file ? file.text : undefined
    : typeof body === "string"
    ? body
    : undefined;
  return stubResponse(
    {
      status: Number(response.statusCode ?? 200),
      headers: [
        ...headers.filter(([name]) => !names.has(name.toLowerCase())),
        ...own,
      ].map(([name, value]): [string, string] => [name, convert(value)]),
      text: text === undefined ? undefined : convert(text),
      size: file !== undefined && "size" in file ? file.size : undefined,
      place,
    },
    draft,
    budget,
  );
}

/** Converts an expression of Mockoon's templates. */
function placeholderOf(expression: string, path: string): string | undefined {
  const [, helper, name = ""] =
    /^(\w+)(?:\s+['"]([^'"]*)['"])?/.exec(expression) ?? [];
  switch (helper) {
    case "urlParam":
      return shapeOf(path) !== path && path.includes(`:${name}`)
        ? `{{path.${name}}}`
        : undefined;
    case "queryParam":
    case "queryParamRaw":
      return /^[\w-]+$/.test(name) ? `{{query.${name}}}` : undefined;
    case "header":
      return `{{header.${name}}}`;
    case "cookie":
      return `{{cookie.${name}}}`;
    case "body":
    case "bodyRaw":
      if (name === "") return "{{body}}";
      return /^[\w.-]+$/.test(name) ? `{{body.${name}}}` : undefined;
    case "guid":
    case "uuid":
      return "{{uuid}}";
    case "now":
      return expression === "now" ? "{{now}}" : undefined;
    case "faker":
      return /uuid$/i.test(name) ? "{{uuid}}" : undefined;
    default:
      return undefined;
  }
}
