/**
 * Expectations of MockServer.
 *
 * @see https://www.mock-server.com/mock_server/creating_expectations.html
 * @module
 */
import { TextBudget } from "./bodies.ts";
import { Draft, type DraftRoute } from "./draft.ts";
import { braced, matched, type PathReading } from "./paths.ts";
import { isRecord, type Json } from "./resolver.ts";
import {
  addPartsOf,
  Conditions,
  fixedTime,
  fromBase64,
  pairsOf,
  pointerOf,
  stubResponse,
  withResponse,
} from "./stubs.ts";
import type { PlacedStub } from "./wiremock.ts";

/** Makes a draft of expectations. */
export function draftOfMockServer(expectations: readonly PlacedStub[]): Draft {
  const draft = new Draft("MockServer");
  const budget = new TextBudget();
  const priority = ({ stub }: PlacedStub) => Number(stub.priority) || 0;
  const ordered = expectations.map((placed, index) => ({ placed, index }))
    .sort((a, b) =>
      priority(b.placed) - priority(a.placed) || a.index - b.index
    );
  for (const { placed } of ordered) {
    const route = routeOf(placed, draft, budget);
    if (route !== undefined) draft.routes.push(route);
  }
  return draft;
}

function routeOf(
  { stub, place }: PlacedStub,
  draft: Draft,
  budget: TextBudget,
): DraftRoute | undefined {
  const { httpRequest: request } = stub;
  if (!isRecord(request)) {
    draft.leave("expectations without an httpRequest", place);
    return undefined;
  }
  if (request.specUrlOrPayload !== undefined) {
    draft.leave(
      "expectations by an OpenAPI document, which can be imported itself",
      place,
    );
    return undefined;
  }
  const path = pathOf(request);
  if (path.reason !== undefined) {
    draft.leave(path.reason, place, textOf(request.path) ?? "");
    return undefined;
  }
  const methodText = textOf(request.method) ?? "";
  if (!/^[\w-]*$/.test(methodText)) {
    draft.leave("expressions of methods", place, methodText);
    return undefined;
  }
  const conditions = new Conditions(draft, place);
  readConditions(request, conditions);
  if (
    isRecord(stub.times) && stub.times.unlimited !== true &&
    stub.times.remainingTimes !== undefined
  ) {
    draft.change("numbers of times, which are not counted", place);
  }
  if (isRecord(stub.timeToLive) && stub.timeToLive.unlimited !== true) {
    draft.change("times to live, which do not end", place);
  }
  const settings = answerOf(stub, { draft, budget, place });
  if (settings === undefined) return undefined;
  const time = timeOf(stub, draft, place);
  return {
    ...typeof stub.id === "string" && stub.id !== "" && { id: stub.id },
    method: methodText === "" ? "*" : methodText.toUpperCase(),
    path: path.path,
    ...conditions.when !== undefined && { when: conditions.when },
    ...time !== undefined && { serviceTime: time },
    settings,
    place,
  };
}

/** Text of a matcher: a text, or `{ value }` without `not`. */
function textOf(matcher: unknown): string | undefined {
  if (typeof matcher === "string") return matcher;
  if (!isRecord(matcher) || matcher.not === true) return undefined;
  return typeof matcher.value === "string" ? matcher.value : undefined;
}

function pathOf(request: Json): PathReading {
  const text = textOf(request.path);
  if (text === undefined) {
    return request.path === undefined || request.path === ""
      ? { path: "/*" }
      : { reason: "paths that are negated or described by a schema" };
  }
  if (text === "") return { path: "/*" };
  return /\{\w+\}/.test(text) && request.pathParameters !== undefined
    ? braced(text)
    : matched(text.startsWith("/") || text.startsWith(".") ? text : `/${text}`);
}

/** An expression if the text has operators, else the text. */
function conditionOf(text: string) {
  return /[\\*+?^$|()[\]]|\.[*+]/.test(text) ? { pattern: text } : text;
}

function readConditions(request: Json, conditions: Conditions): void {
  for (
    const [key, part] of [
      ["queryStringParameters", "query"],
      ["headers", "header"],
      ["cookies", "cookie"],
    ] as const
  ) {
    const written = request[key];
    if (written === undefined) continue;
    const pairs = pairsOf(written);
    for (const [name, value] of pairs) {
      if (name.startsWith("!")) {
        conditions.add(part, name.slice(1), { absent: true });
      } else if (/[\\*+()[\]]|\.\*/.test(name) || value.startsWith("!")) {
        conditions.lost(`${key}.${name}`);
      } else {
        conditions.add(part, name.replace(/^\?/, ""), conditionOf(value));
      }
    }
    const names = Array.isArray(written) ? [] : Object.keys(Object(written));
    for (const name of names) {
      if (!pairs.some(([known]) => known === name)) {
        conditions.lost(`${key}.${name}`);
      }
    }
  }
  readBody(request.body, conditions);
  for (
    const key of [
      "keepAlive",
      "secure",
      "socketAddress",
      "localAddress",
      "protocol",
      "jwt",
    ]
  ) {
    if (request[key] !== undefined) conditions.lost(key);
  }
}

function readBody(body: unknown, conditions: Conditions): void {
  if (body === undefined || body === null) return;
  if (!isRecord(body)) {
    if (Array.isArray(body)) conditions.add("body", "", { equal: body });
    else addTextBody(`${body}`, conditions);
    return;
  }
  const { type, json, string, jsonPath, subString, matchType, not } = body;
  if (not === true) {
    conditions.lost("negated bodies");
    return;
  }
  switch (type) {
    case "JSON": {
      const value = parsed(json);
      if (value === undefined) conditions.lost("body of type JSON");
      else if (matchType === "STRICT") {
        conditions.add("body", "", { equal: value });
      } else addPartsOf(value, conditions);
      return;
    }
    case "JSON_PATH": {
      const pointer = typeof jsonPath === "string"
        ? pointerOf(jsonPath)
        : undefined;
      if (pointer === undefined) conditions.lost("body of type JSON_PATH");
      else conditions.add("body", pointer, { present: true });
      return;
    }
    case "STRING":
      if (typeof string === "string" && subString !== true) {
        addTextBody(string, conditions);
      } else conditions.lost("body of type STRING");
      return;
    case undefined:
      addPartsOf(body, conditions);
      return;
    default:
      conditions.lost(`body of type ${type}`);
  }
}

/** A text that is JSON is compared as JSON; other texts have no counterpart. */
function addTextBody(text: string, conditions: Conditions): void {
  const value = parsed(text);
  if (value !== undefined && typeof value === "object") {
    conditions.add("body", "", { equal: value });
  } else conditions.lost("body of text");
}

function parsed(json: unknown): unknown {
  if (typeof json !== "string") return json;
  try {
    return JSON.parse(json);
  } catch {
    return undefined;
  }
}

/** Actions of an expectation that have no counterpart. */
const ACTIONS = [
  "httpResponseTemplate",
  "httpResponseClassCallback",
  "httpResponseObjectCallback",
  "httpForwardTemplate",
  "httpForwardClassCallback",
  "httpForwardObjectCallback",
];

interface Tools {
  readonly draft: Draft;
  readonly budget: TextBudget;
  readonly place: string;
}

function answerOf(
  stub: Json,
  { draft, budget, place }: Tools,
): Record<string, unknown> | undefined {
  const { httpResponse, httpForward, httpOverrideForwardedRequest, httpError } =
    stub;
  if (isRecord(httpError)) {
    if (httpError.dropConnection !== true) {
      draft.change(
        "faults, as the nearest of perfmock's",
        place,
        "responseBytes",
      );
    }
    return { faults: [{ share: 1, action: "connection-reset" }] };
  }
  const forward = isRecord(httpForward)
    ? httpForward
    : isRecord(httpOverrideForwardedRequest)
    ? forwardOf(httpOverrideForwardedRequest)
    : undefined;
  if (forward !== undefined) {
    if (forward !== httpForward) {
      draft.change(
        "changes of forwarded requests, which are sent as they are",
        place,
      );
    }
    const scheme = `${forward.scheme ?? "http"}`.toLowerCase();
    const port = forward.port === undefined ? "" : `:${forward.port}`;
    return { response: { proxy: `${scheme}://${forward.host}${port}` } };
  }
  if (!isRecord(httpResponse)) {
    const action = ACTIONS.find((key) => stub[key] !== undefined);
    draft.leave(
      "expectations without an answer that can be written",
      place,
      action ?? "no action",
    );
    return undefined;
  }
  const { body } = httpResponse;
  const headers = pairsOf(httpResponse.headers);
  for (const [name, value] of pairsOf(httpResponse.cookies)) {
    headers.push(["Set-Cookie", `${name}=${value}`]);
  }
  if (httpResponse.connectionOptions !== undefined) {
    draft.change("connection options, which are the server's own", place);
  }
  const { text, size, type } = bodyOf(body);
  if (
    type !== undefined &&
    !headers.some(([name]) => /^content-type$/i.test(name))
  ) {
    headers.push(["Content-Type", type]);
  }
  const response = stubResponse(
    {
      status: Number(httpResponse.statusCode ?? 200),
      headers,
      text: text?.replaceAll("{{", "\\{{"),
      size,
      place,
    },
    draft,
    budget,
  );
  return response === undefined ? undefined : withResponse(response);
}

/** Target of an overridden request: its socket address, or its header Host. */
function forwardOf({ httpRequest, requestOverride }: Json): Json | undefined {
  const request = isRecord(requestOverride) ? requestOverride : httpRequest;
  if (!isRecord(request)) return undefined;
  if (isRecord(request.socketAddress)) return request.socketAddress;
  const host = pairsOf(request.headers).find(([name]) => /^host$/i.test(name))
    ?.[1];
  return host === undefined ? undefined : { host };
}

interface Body {
  readonly text?: string;
  readonly size?: number;
  readonly type?: string;
}

function bodyOf(body: unknown): Body {
  if (body === undefined || body === null) return {};
  if (typeof body === "string") return { text: body };
  if (!isRecord(body)) return { text: JSON.stringify(body) };
  const { type, json, string, xml, base64Bytes, contentType } = body;
  const named = typeof contentType === "string" ? { type: contentType } : {};
  if (
    type === "JSON" ||
    json !== undefined && type === undefined && Object.keys(body).length <= 2
  ) {
    return {
      text: typeof json === "string" ? json : JSON.stringify(json ?? null),
      type: "application/json",
      ...named,
    };
  }
  if (typeof string === "string") return { text: string, ...named };
  if (typeof xml === "string") {
    return { text: xml, type: "application/xml", ...named };
  }
  if (typeof base64Bytes === "string") {
    return { ...fromBase64(base64Bytes), ...named };
  }
  return { text: JSON.stringify(body), type: "application/json" };
}

/** Units of a delay, in ms. */
const UNITS: Readonly<Record<string, number>> = {
  NANOSECONDS: 1e-6,
  MICROSECONDS: 1e-3,
  MILLISECONDS: 1,
  SECONDS: 1000,
  MINUTES: 60_000,
  HOURS: 3_600_000,
  DAYS: 86_400_000,
};

/** Service time: the delay of the action, as a duration or as a distribution. */
function timeOf(stub: Json, draft: Draft, place: string): unknown {
  const action = stub.httpResponse ?? stub.httpForward ?? stub.httpError ??
    stub.httpOverrideForwardedRequest;
  const delay = isRecord(action) ? action.delay : undefined;
  if (!isRecord(delay)) return undefined;
  const unit = UNITS[`${delay.timeUnit ?? "MILLISECONDS"}`] ?? 1;
  const ms = (value: unknown) => `${Number(value) * unit}ms`;
  const { distribution } = delay;
  if (!isRecord(distribution)) return fixedTime(Number(delay.value) * unit);
  const { type, min, max, median, p99, mean, stdDev } = distribution;
  switch (type) {
    case "UNIFORM":
      return { uniform: { min: ms(min), max: ms(max) } };
    case "LOG_NORMAL":
      return { lognormal: { median: ms(median), p99: ms(p99) } };
    case "GAUSSIAN":
      return { normal: { mean: ms(mean), sd: ms(stdDev) } };
    default:
      draft.leave("delays without a counterpart", place, `${type}`);
      return undefined;
  }
}
