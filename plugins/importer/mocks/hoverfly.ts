/**
 * Simulations of Hoverfly, of schema v3 and later.
 *
 * @see https://docs.hoverfly.io/en/latest/pages/reference/simulationschema.html
 * @module
 */
import { TextBudget } from "./bodies.ts";
import { Draft, type DraftRoute } from "./draft.ts";
import {
  expressionOf,
  literalSegment,
  matched,
  type PathReading,
} from "./paths.ts";
import { isRecord, type Json } from "./resolver.ts";
import {
  addPartsOf,
  Conditions,
  fixedTime,
  fromBase64,
  pairsOf,
  pointerOf,
  stubResponse,
  templated,
  type TextCondition,
  withResponse,
} from "./stubs.ts";
import type { BodyFile } from "./wiremock.ts";

/** Makes a draft of a simulation. */
export function draftOfHoverfly(simulation: Json, bodyFile: BodyFile): Draft {
  const draft = new Draft("Hoverfly");
  const data: Json = isRecord(simulation.data) ? simulation.data : {};
  const tools: Tools = {
    draft,
    budget: new TextBudget(),
    bodyFile,
    delays: globalDelays(data, draft),
  };
  const pairs = Array.isArray(data.pairs) ? data.pairs : [];
  for (const [index, pair] of pairs.entries()) {
    if (!isRecord(pair)) continue;
    const route = routeOf(pair, `/data/pairs/${index}`, tools);
    if (route !== undefined) draft.routes.push(route);
  }
  for (const { used, place, url } of tools.delays) {
    if (!used) {
      draft.leave("delays of URLs that no pair names", place, url.source);
    }
  }
  for (const key of ["literals", "variables"]) {
    const list = data[key];
    if (Array.isArray(list) && list.length > 0) {
      draft.leave(`${key} of templates`, `/data/${key}`);
    }
  }
  return draft;
}

/** A delay of all requests of a method to a URL. */
interface GlobalDelay {
  readonly url: RegExp;
  readonly method: string;
  readonly time: unknown;
  readonly place: string;
  /** True once a pair has it. */
  used: boolean;
}

interface Tools {
  readonly draft: Draft;
  readonly budget: TextBudget;
  readonly bodyFile: BodyFile;
  readonly delays: readonly GlobalDelay[];
}

function globalDelays({ globalActions }: Json, draft: Draft): GlobalDelay[] {
  const { delays, delaysLogNormal }: Json = isRecord(globalActions)
    ? globalActions
    : {};
  return [
    ...listOf(delays).map((delay, index) => ({
      delay,
      time: fixedTime(delay.delay),
      place: `/data/globalActions/delays/${index}`,
    })),
    ...listOf(delaysLogNormal).map((delay, index) => ({
      delay,
      time: logNormal(delay),
      place: `/data/globalActions/delaysLogNormal/${index}`,
    })),
  ].flatMap(({ delay, time, place }) => {
    try {
      return [{
        url: new RegExp(`${delay.urlPattern ?? "."}`),
        method: `${delay.httpMethod ?? ""}`.toUpperCase(),
        time,
        place,
        used: false,
      }];
    } catch {
      draft.leave("delays whose pattern is no regular expression", place);
      return [];
    }
  });
}

function listOf(value: unknown): Json[] {
  return Array.isArray(value) ? value.filter(isRecord) : [];
}

/** Lognormal delay by mean and median, within a minimum and a maximum. */
function logNormal({ min, max, mean, median }: Json): unknown {
  const [average, middle] = [Number(mean), Number(median)];
  if (!(middle > 0)) return undefined;
  const of = average > middle
    ? {
      lognormal: {
        median: `${middle}ms`,
        sigma: Number(Math.sqrt(2 * Math.log(average / middle)).toPrecision(6)),
      },
    }
    : `${middle}ms`;
  const bounds = {
    ...Number(min) > 0 && { min: `${Number(min)}ms` },
    ...Number(max) > 0 && { max: `${Number(max)}ms` },
  };
  return Object.keys(bounds).length === 0 ? of : { clamp: { ...bounds, of } };
}

/** A matcher of a field; older schemas write `{ exactMatch: … }`. */
interface Matcher {
  readonly kind: string;
  readonly value: unknown;
}

function matchersOf(field: unknown): Matcher[] {
  if (typeof field === "string") return [{ kind: "exact", value: field }];
  if (Array.isArray(field)) {
    return field.filter(isRecord).map(({ matcher = "exact", value }) => ({
      kind: `${matcher}`,
      value,
    }));
  }
  if (!isRecord(field)) return [];
  return Object.entries(field).map(([key, value]) => ({
    kind: key.replace(/Match$/, ""),
    value,
  }));
}

function routeOf(
  { request: written, response: answer }: Json,
  place: string,
  tools: Tools,
): DraftRoute | undefined {
  const { draft } = tools;
  const request: Json = isRecord(written) ? written : {};
  const response: Json = isRecord(answer) ? answer : {};
  if (
    isRecord(request.requiresState) &&
    Object.keys(request.requiresState).length > 0
  ) {
    draft.leave("pairs that require a state", place);
    return undefined;
  }
  if (
    response.transitionsState !== undefined ||
    response.removesState !== undefined
  ) {
    draft.change("changes of state, which are not made", place);
  }
  if (response.postServeAction !== undefined) {
    draft.leave(
      "actions after an answer",
      place,
      `${response.postServeAction}`,
    );
  }
  const conditions = new Conditions(draft, place);
  const path = pathOf(matchersOf(request.path));
  if (path.reason !== undefined) {
    draft.leave(path.reason, place);
    return undefined;
  }
  readConditions(request, conditions);
  const [method] = matchersOf(request.method);
  const verb = method?.kind === "exact" ? `${method.value}`.toUpperCase() : "*";
  if (method !== undefined && method.kind !== "exact" && method.value !== "*") {
    conditions.lost("expressions of methods");
  }
  const [destination] = matchersOf(request.destination);
  const host = destination === undefined ? "" : `${destination.value}`;
  if (host !== "") draft.change("hosts, which are not compared", place, host);
  const settings = answerOf(response, path.path, { ...tools, place });
  if (settings === undefined) return undefined;
  const url = host + path.path;
  const global = tools.delays.find((delay) =>
    (delay.method === "" || delay.method === verb) && delay.url.test(url)
  );
  if (global !== undefined) global.used = true;
  const time = isRecord(response.logNormalDelay)
    ? logNormal(response.logNormalDelay)
    : fixedTime(response.fixedDelay) ?? global?.time;
  return {
    method: verb,
    path: path.path,
    ...conditions.when !== undefined && { when: conditions.when },
    ...time !== undefined && { serviceTime: time },
    settings,
    place,
  };
}

function pathOf(matchers: readonly Matcher[]): PathReading {
  if (matchers.length === 0) return { path: "/*" };
  if (matchers.length > 1) return { reason: "paths with several matchers" };
  const [{ kind, value }] = matchers;
  const text = `${value}`;
  switch (kind) {
    case "exact": {
      const segments = text.replace(/^\//, "").split("/").map(literalSegment);
      return segments.includes(undefined)
        ? { reason: "a path with a part that routes cannot have" }
        : { path: `/${segments.join("/")}` };
    }
    case "glob":
      return matched(text.split("*").map(expressionOf).join(".*"));
    case "regex":
      return matched(text);
    default:
      return { reason: `paths by ${kind}` };
  }
}

function readConditions(request: Json, conditions: Conditions): void {
  const query = request.query;
  if (typeof query === "string" || Array.isArray(query)) {
    const [matcher] = matchersOf(query);
    if (matcher?.kind === "exact") {
      for (const [name, value] of new URLSearchParams(`${matcher.value}`)) {
        conditions.add("query", name, value);
      }
    } else if (matcher !== undefined) conditions.lost("query");
  } else addFields("query", query, conditions);
  addFields("query", request.queriesWithMatchers, conditions);
  addFields("header", request.headers, conditions);
  addFields("header", request.headersWithMatchers, conditions);
  for (const { kind, value } of matchersOf(request.body)) {
    if (value === "" && kind === "exact") continue;
    addBody(kind, value, conditions);
  }
  for (const { kind, value } of matchersOf(request.scheme)) {
    if (!(kind === "exact" && /^https?$/.test(`${value}`))) {
      conditions.lost("scheme");
    }
  }
}

function addFields(
  part: "header" | "query",
  fields: unknown,
  conditions: Conditions,
): void {
  for (const [name, field] of Object.entries(Object(fields))) {
    const matchers = Array.isArray(field) && field.every((one) =>
        typeof one === "string"
      )
      ? field.map((value): Matcher => ({ kind: "exact", value }))
      : matchersOf(field);
    const [matcher] = matchers;
    const condition = matcher === undefined || matchers.length > 1
      ? undefined
      : textCondition(matcher);
    if (condition === undefined) conditions.lost(`${part} ${name}`);
    else conditions.add(part, name, condition);
  }
}

function textCondition({ kind, value }: Matcher): TextCondition | undefined {
  switch (kind) {
    case "exact":
      return `${value}`;
    case "regex":
      return { pattern: `${value}` };
    case "glob":
      return value === "*"
        ? { present: true }
        : { pattern: `${value}`.split("*").map(expressionOf).join(".*") };
    default:
      return undefined;
  }
}

function addBody(kind: string, value: unknown, conditions: Conditions): void {
  let json: unknown;
  try {
    json = JSON.parse(`${value}`);
  } catch {
    json = undefined;
  }
  if (kind === "jsonPartial" && json !== undefined) {
    addPartsOf(json, conditions);
  } else if (
    (kind === "json" || kind === "exact") && typeof json === "object"
  ) {
    conditions.add("body", "", { equal: json });
  } else {
    const pointer = /^jsonpath$/i.test(kind)
      ? pointerOf(`${value}`)
      : undefined;
    if (pointer === undefined) conditions.lost(`body by ${kind}`);
    else conditions.add("body", pointer, { present: true });
  }
}

function answerOf(
  response: Json,
  path: string,
  { draft, budget, bodyFile, place }: Tools & { readonly place: string },
): Record<string, unknown> | undefined {
  const { body, encodedBody, templated: isTemplate, bodyFile: file } = response;
  const found = typeof file === "string" && file !== ""
    ? bodyFile(file)
    : encodedBody === true && typeof body === "string"
    ? fromBase64(body)
    : typeof body === "string"
    ? { text: body }
    : undefined;
  if (typeof file === "string" && file !== "" && found === undefined) {
    draft.change(
      "bodies in files that were not found, left empty",
      place,
      file,
    );
  }
  const convert = (text: string) =>
    isTemplate === true
      ? templated(
        text,
        (expression) => placeholderOf(expression, path),
        { draft, place },
      )
      : text.replaceAll("{{", "\\{{");
  const made = stubResponse(
    {
      status: Number(response.status ?? 200),
      headers: pairsOf(response.headers),
      ...found !== undefined &&
        ("text" in found ? { text: convert(found.text) } : found),
      place,
    },
    draft,
    budget,
  );
  return made === undefined ? undefined : withResponse(made);
}

/** Converts an expression of Hoverfly's templates. */
function placeholderOf(expression: string, path: string): string | undefined {
  const query = /^Request\.QueryParam\.([\w-]+)$/.exec(expression);
  if (query !== null) return `{{query.${query[1]}}}`;
  const header = /^Request\.Header\.([\w-]+)(?:\.\[0\])?$/.exec(expression);
  if (header !== null) return `{{header.${header[1]}}}`;
  const segment = /^Request\.Path\.\[(\d+)\]$/.exec(expression);
  if (segment !== null) {
    const part = path.slice(1).split("/")[Number(segment[1])];
    const name = /^:(\w+)/.exec(part ?? "")?.[1];
    if (name !== undefined) return `{{path.${name}}}`;
    return part === undefined || part === "*" ? undefined : part;
  }
  const body = /^Request\.Body ['"]jsonpath['"] ['"]([^'"]+)['"]$/.exec(
    expression,
  );
  const pointer = body === null ? undefined : pointerOf(body[1]);
  if (pointer !== undefined) return `{{body.${pointer}}}`;
  if (/^randomUuid$/.test(expression)) return "{{uuid}}";
  return undefined;
}
