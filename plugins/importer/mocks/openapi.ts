/**
 * OpenAPI 3.0 and 3.1, and Swagger 2.0: a route for each operation, with an example of its answer.
 *
 * @see https://spec.openapis.org/oas/v3.1.1.html
 * @module
 */
import { type Issue, PerfmockError, toPointer } from "../../../core/plugin.ts";
import { bodyFrom, headersFrom, responseFrom, TextBudget } from "./bodies.ts";
import { Draft, type DraftRoute } from "./draft.ts";
import { type Example, exampleOf } from "./examples.ts";
import { type Found, isRecord, type Json, Resolver } from "./resolver.ts";
import { braced } from "./paths.ts";
import { BODILESS_STATUSES } from "./statuses.ts";

/** Methods of a path item. */
const METHODS = [
  "get",
  "put",
  "post",
  "delete",
  "options",
  "head",
  "patch",
  "trace",
  "query",
] as const;

/** Parts that are counted while a document is read. */
interface Counts {
  parameters: number;
  bodies: number;
  secured: number;
}

/** A document that is being read. */
interface Reading {
  readonly document: Json;
  readonly resolver: Resolver;
  readonly draft: Draft;
  readonly budget: TextBudget;
  readonly issues: Issue[];
  readonly counts: Counts;
}

/**
 * Makes a draft of a document.
 *
 * @param document document in version 3.0 or later
 * @param version version as it was written
 * @throws PerfmockError `IMPORT_INVALID` with all errors, each with its JSON Pointer
 */
export function draftOfOpenApi(document: Json, version: string): Draft {
  const draft = new Draft(`OpenAPI ${version}`);
  const reading: Reading = {
    document,
    resolver: new Resolver(document),
    draft,
    budget: new TextBudget(),
    issues: [],
    counts: { parameters: 0, bodies: 0, secured: 0 },
  };
  const { paths } = document;
  if (isRecord(paths)) {
    for (const [path, item] of Object.entries(paths)) {
      if (!path.startsWith("x-")) readItem(path, item, reading);
    }
  } else if (!isRecord(document.webhooks)) {
    reading.issues.push({
      path: "/paths",
      message: paths === undefined
        ? "The document has no paths"
        : "Paths are an object",
      allowed: "an object with an item for each path",
    });
  }
  for (const name of Object.keys(Object(document.webhooks))) {
    draft.leave(
      "webhooks, which the server would send",
      toPointer(["webhooks", name]),
      name,
    );
  }
  if (reading.issues.length > 0) {
    throw new PerfmockError(
      "IMPORT_INVALID",
      "Cannot import the OpenAPI document",
      reading.issues,
    );
  }
  addNotes(reading);
  return draft;
}

function addNotes({ draft, counts }: Reading): void {
  draft.notes.push(
    "OpenAPI has no times: routes answer at once. Import a HAR or an access log with the document to give them times, or write a serviceTime.",
  );
  const unchecked = [
    counts.parameters > 0 ? `${counts.parameters} parameters` : "",
    counts.bodies > 0 ? `${counts.bodies} request bodies` : "",
    counts.secured > 0 ? `the security of ${counts.secured} operations` : "",
  ].filter((part) => part !== "");
  if (unchecked.length > 0) {
    draft.notes.push(
      `Requests are not checked: ${
        unchecked.join(", ")
      } of the document have no effect.`,
    );
  }
}

function readItem(path: string, written: unknown, reading: Reading): void {
  const pointer = toPointer(["paths", path]);
  const found = resolved(written, pointer, reading);
  if (found === undefined) return;
  const item = found.value;
  if (!isRecord(item)) {
    reading.issues.push({
      path: pointer,
      message: "A path item is an object with operations",
      value: item,
    });
    return;
  }
  for (const method of METHODS) {
    const operation = item[method];
    if (operation === undefined) continue;
    const at = `${found.pointer}/${method}`;
    if (!isRecord(operation)) {
      reading.issues.push({
        path: at,
        message: "An operation is an object with responses",
        value: operation,
      });
    } else if (method === "trace") {
      reading.draft.leave("TRACE, which clients do not send", at);
    } else if (method !== "head" || item.get === undefined) {
      readOperation({ path, method, operation, item, at }, reading);
    }
  }
}

/** Follows references; undefined, with an issue, where one leads nowhere. */
function resolved(
  value: unknown,
  pointer: string,
  { resolver, issues, draft }: Reading,
): Found | undefined {
  const found = resolver.resolve(value, pointer);
  if ("value" in found) return found;
  if (found.external) {
    draft.leave(
      "references to other files, which are not read",
      pointer,
      found.ref,
    );
  } else {
    issues.push({
      path: `${pointer}/$ref`,
      message: found.circular
        ? "The reference leads back to itself"
        : "The reference leads nowhere",
      value: found.ref,
      allowed: "a reference to a part of the document",
    });
  }
  return undefined;
}

interface Operation {
  readonly path: string;
  readonly method: string;
  readonly operation: Json;
  readonly item: Json;
  /** JSON Pointer to the operation. */
  readonly at: string;
}

function readOperation(read: Operation, reading: Reading): void {
  const { path, method, operation, item, at } = read;
  const { draft, counts, document } = reading;
  counts.parameters += listOf(operation.parameters).length +
    listOf(item.parameters).length;
  if (operation.requestBody !== undefined) counts.bodies++;
  const security = operation.security ?? document.security;
  if (listOf(security).length > 0) counts.secured++;
  for (const key of Object.keys(Object(operation.callbacks))) {
    draft.leave(
      "callbacks, which the server would send",
      `${at}/callbacks${toPointer([key])}`,
      key,
    );
  }
  const [bare, fragment] = path.split("#", 2);
  const [pathname, query] = bare.split("?", 2);
  if (fragment !== undefined) {
    draft.change("paths with a fragment, which no request has", at, path);
  }
  const converted = braced(
    `${basePath(operation, item, document)}${pathname}`.replaceAll(
      /\/{2,}/g,
      "/",
    ),
  );
  if (converted.reason !== undefined) {
    draft.leave(converted.reason, at, path);
    return;
  }
  const settings = responseOf(operation.responses, `${at}/responses`, reading);
  if (settings === undefined) return;
  const route: DraftRoute = {
    id: idOf(operation.operationId),
    method: method.toUpperCase(),
    path: converted.path,
    ...query !== undefined && query !== "" &&
      { when: { query: Object.fromEntries(new URLSearchParams(query)) } },
    settings,
    notes: typeof operation.summary === "string" && operation.summary !== ""
      ? [operation.summary.slice(0, 200)]
      : [],
    place: at,
  };
  draft.routes.push(route);
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

/** Id of a route; undefined where the operation has none that is one. */
function idOf(operationId: unknown): string | undefined {
  return typeof operationId === "string" && /\S/.test(operationId) &&
      operationId.length <= 120
    ? operationId.trim()
    : undefined;
}

/** Path of the first server that applies to an operation, with the defaults of its variables. */
function basePath(...owners: readonly Json[]): string {
  for (const { servers } of owners) {
    const [server] = listOf(servers);
    if (!isRecord(server) || typeof server.url !== "string") continue;
    const url = server.url.replaceAll(
      /\{([^{}]+)\}/g,
      (written, name: string) => {
        const variable = Reflect.get(Object(server.variables), name);
        const value = Reflect.get(Object(variable), "default");
        return typeof value === "string" ? value : written;
      },
    );
    const path = /^(?:[\w+.-]+:)?\/\/[^/]*(\/[^?#]*)?/.exec(url)?.[1] ??
      (url.startsWith("/") && !url.startsWith("//") ? url : "");
    return path.replace(/\/+$/, "");
  }
  return "";
}

/** Settings of a route that answers as the document says; undefined, with an issue, where there is no answer. */
function responseOf(
  responses: unknown,
  at: string,
  reading: Reading,
): Record<string, unknown> | undefined {
  const { draft } = reading;
  if (!isRecord(responses)) {
    reading.issues.push({
      path: at,
      message: responses === undefined
        ? "An operation has responses"
        : "Responses are an object",
      ...responses !== undefined && { value: responses },
      allowed: "an object with a response for each status",
    });
    return undefined;
  }
  const statuses = Object.keys(responses).filter((key) =>
    !key.startsWith("x-")
  );
  const [chosen] = statuses.toSorted((a, b) => preference(a) - preference(b));
  for (const other of statuses) {
    if (other !== chosen) {
      draft.leave(
        "answers of other statuses",
        `${at}${toPointer([other])}`,
        other,
      );
    }
  }
  if (chosen === undefined) return {};
  const pointer = `${at}${toPointer([chosen])}`;
  const found = resolved(responses[chosen], pointer, reading);
  if (found === undefined) return undefined;
  if (!isRecord(found.value)) {
    reading.issues.push({
      path: found.pointer,
      message: "A response is an object",
      value: found.value,
    });
    return undefined;
  }
  const status = statusOf(chosen);
  if (status < 200) {
    draft.leave("answers of status 1xx, which are none", pointer, chosen);
    return {};
  }
  for (const link of Object.keys(Object(found.value.links))) {
    draft.leave("links", `${found.pointer}/links${toPointer([link])}`, link);
  }
  const headers = headersOf(
    found.value.headers,
    `${found.pointer}/headers`,
    reading,
  );
  const body = bodyOf(found.value.content, {
    at: `${found.pointer}/content`,
    status,
  }, reading);
  const response = responseFrom(status, headers, body);
  return Object.keys(response).length === 0 ? {} : { response };
}

/** Order in which statuses are chosen: the lowest 2xx, the range, the default, redirects, errors. */
function preference(status: string): number {
  if (/^2\d\d$/.test(status)) return Number(status);
  if (/^2XX$/i.test(status)) return 300;
  if (status === "default") return 301;
  const number = statusOf(status);
  return number >= 300 ? 1000 + number : 2000 + number;
}

function statusOf(status: string): number {
  if (status === "default") return 200;
  const number = Number(status.replace(/XX$/i, "00"));
  return Number.isInteger(number) && number < 600 ? number : 200;
}

/** Headers of a response that have an example, or a value for which their schema says so. */
function headersOf(
  headers: unknown,
  at: string,
  reading: Reading,
): Record<string, string | string[]> {
  const pairs: [string, string][] = [];
  for (const [name, written] of Object.entries(Object(headers))) {
    const pointer = `${at}${toPointer([name])}`;
    const found = resolved(written, pointer, reading);
    if (found === undefined || !isRecord(found.value)) continue;
    const header = found.value;
    const schema = reading.resolver.resolve(header.schema ?? {}, pointer);
    const keywords = "value" in schema && isRecord(schema.value)
      ? schema.value
      : {};
    const value = header.example ?? keywords.example ?? keywords.default ??
      listOf(keywords.examples)[0] ?? listOf(keywords.enum)[0];
    if (typeof value === "string" || typeof value === "number") {
      pairs.push([name, `${value}`]);
    } else {
      reading.draft.leave("headers without an example", pointer, name);
    }
  }
  return { ...headersFrom(pairs, true).headers };
}

function bodyOf(
  content: unknown,
  { at, status }: { readonly at: string; readonly status: number },
  reading: Reading,
): Record<string, unknown> {
  const { draft } = reading;
  const types = Object.keys(Object(content));
  if (types.length === 0 || BODILESS_STATUSES.has(status)) return {};
  const [type] = types.toSorted((a, b) => rankOf(a) - rankOf(b));
  for (const other of types) {
    if (other !== type) {
      draft.leave(
        "further content types of answers",
        `${at}${toPointer([other])}`,
        other,
      );
    }
  }
  const pointer = `${at}${toPointer([type])}`;
  const media = Reflect.get(Object(content), type);
  const example: Example = exampleOf(media, type, { ...reading, pointer });
  if (example.changed !== undefined) draft.change(example.changed, pointer);
  if ("events" in example) return { events: example.events };
  if (example.text === undefined) return {};
  const sent = /\*/.test(type) ? "" : type;
  const { settings, changed } = bodyFrom(
    { type: sent, text: example.text },
    status,
    reading.budget,
  );
  if (changed !== undefined) draft.change(changed, pointer);
  return { ...settings };
}

/** JSON first, then text, then the others. */
function rankOf(type: string): number {
  if (/^application\/json\b/i.test(type)) return 0;
  if (/\bjson\b/i.test(type)) return 1;
  if (/^\*\/\*/.test(type)) return 2;
  if (/xml|^text\//i.test(type)) return 3;
  return 4;
}
