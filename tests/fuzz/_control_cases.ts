/**
 * Calls of the control API, made from its openapi.json: valid ones, and ones that are a few changes away.
 *
 * @module
 */
import type { Chance } from "./_generator.ts";
import { type Json, mutated, NONSENSE, ValueMaker } from "./_schema_values.ts";

/** A call that openapi.json describes. */
export interface Operation {
  /** Method in upper case. */
  readonly method: string;
  /** Path, with parameters in braces. */
  readonly path: string;
  /** Its description. */
  readonly described: Described;
}

/** The part of an operation in openapi.json that is read here. */
export interface Described {
  readonly parameters?: readonly {
    readonly name: string;
    readonly in: "path" | "query" | "header";
    readonly schema: Json;
  }[];
  readonly requestBody?: {
    readonly content: Readonly<Record<string, { readonly schema: Json }>>;
  };
  readonly responses: Readonly<
    Record<
      string,
      {
        readonly content?: Readonly<Record<string, { readonly schema: Json }>>;
      }
    >
  >;
}

/** The part of openapi.json that is read here. */
export interface Document extends Json {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Described>>>>;
}

/** Lists the calls of a document. */
export function operationsOf({ paths }: Document): Operation[] {
  return Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, described]) => ({
      method: method.toUpperCase(),
      path,
      described,
    }))
  );
}

/** One call. */
export interface ControlCase {
  /** Call that it started from. */
  readonly operation: Operation;
  /** Method, which may be another than that of the operation. */
  readonly method: string;
  /** Path and query. */
  readonly target: string;
  /** Request headers. */
  readonly headers: Readonly<Record<string, string>>;
  /** Body; undefined for none. */
  readonly body: string | Uint8Array<ArrayBuffer> | undefined;
}

const METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE"];

/** Segments of a path, encoded. */
const SEGMENTS: readonly string[] = [
  "x",
  "%00",
  "..%2f..",
  "%2e%2e%2f",
  "%",
  "%ff",
  "%F0%9F%98%80",
  "__proto__",
  "a%20b",
  "-",
  ":id",
  "{id}",
  "*",
  "a".repeat(5000),
];

const TYPES = [
  "application/json",
  "application/json; charset=utf-16",
  "application/yaml",
  "text/plain",
  "multipart/form-data; boundary=x",
  "a/b",
  ";",
];

const IF_MATCHES = ['"1"', "*", "nonsense", '"0"', 'W/"1"', '"1", "2"', '""'];

const SESSIONS = ["w1", "a", "gone", "", "a b", "x".repeat(300)];

/** Paths of calls that start a thread. */
const SLOW = /\/(runs|simulate)$/;

/** Chance of one in `n`. */
function rarely(chance: Chance, n: number): boolean {
  return chance.below(n) === 0;
}

/** Names that exist, by the segment of a path that they follow, such as `runs`. */
export type Names = Readonly<Record<string, readonly string[]>>;

/** Makes one call. */
export function controlCase(
  document: Document,
  operations: readonly Operation[],
  names: Names,
  chance: Chance,
): ControlCase {
  let operation = chance.of(operations);
  // A thread for each of these takes a hundred times as long as another call.
  if (SLOW.test(operation.path) && chance.below(3) > 0) {
    operation = chance.of(operations);
  }
  const { described } = operation;
  const method = rarely(chance, 12) ? chance.of(METHODS) : operation.method;
  const make = new ValueMaker(document, chance);
  let path = operation.path;
  const query: string[] = [];
  const headers: Record<string, string> = {};
  for (const { name, in: place, schema } of described.parameters ?? []) {
    if (place === "path") {
      const kind = /(\w+)\/\{/.exec(path)?.[1] ?? "";
      const known = names[kind] ?? [];
      const segment = known.length === 0 || rarely(chance, 4)
        ? chance.of(SEGMENTS)
        : encodeURIComponent(chance.of(known));
      path = path.replace(`{${name}}`, () => segment);
    } else if (place === "query" && chance.below(3) > 0) {
      query.push(pair(name, queryValue(make.make(schema), chance)));
    } else if (name === "If-Match" && rarely(chance, 3)) {
      headers[name] = chance.of(IF_MATCHES);
    } else if (place === "header" && rarely(chance, 3)) {
      headers[name] = chance.of(["1", "-1", "999999999999999999999", "\xe9"]);
    }
  }
  if (rarely(chance, 15)) query.push(pair(chance.of(["x", "limit"]), "1"));
  if (rarely(chance, 10)) {
    headers["Perfmock-Session"] = chance.of([
      ...SESSIONS,
      ...names.sessions ?? [],
    ]);
  }
  const body = method === "GET"
    ? undefined
    : bodyOf(described, make, chance, headers);
  const search = query.length === 0 ? "" : `?${query.join("&")}`;
  return { operation, method, target: path + search, headers, body };
}

function pair(name: string, value: string): string {
  return `${name}=${encodeURIComponent(value.toWellFormed())}`;
}

function queryValue(value: unknown, chance: Chance): string {
  const text = rarely(chance, 4) ? chance.of(NONSENSE) : value;
  // Longer targets are refused by the limit on request lines: not a matter of the control API.
  return String(typeof text === "object" ? JSON.stringify(text) : text)
    .slice(0, 1000);
}

/** Makes a body, and adds its content type to the headers. */
function bodyOf(
  { requestBody }: Described,
  make: ValueMaker,
  chance: Chance,
  headers: Record<string, string>,
): ControlCase["body"] {
  if (requestBody === undefined) {
    return rarely(chance, 10) ? chance.of(BODIES) : undefined;
  }
  const [[type, { schema }]] = Object.entries(requestBody.content);
  headers["Content-Type"] = rarely(chance, 8) ? chance.of(TYPES) : type;
  if (rarely(chance, 12)) return chance.of(BODIES);
  if (rarely(chance, 20)) return undefined;
  let value = make.make(schema);
  const changes = Math.max(0, chance.below(6) - 2);
  for (let left = changes; left > 0; left--) {
    value = mutated(value, chance);
  }
  const text = JSON.stringify(value);
  return rarely(chance, 15) ? text.slice(0, chance.below(text.length)) : text;
}

const encoder = new TextEncoder();

/** Bodies that have nothing to do with any schema. */
const BODIES: readonly ControlCase["body"][] = [
  "",
  "null",
  "[]",
  "{}",
  "NaN",
  "{'a': 1}",
  '{"a":1,"a":2}',
  '{"a":1e400}',
  "\ufeff{}",
  "a: [1, 2]\nb: &x {c: *x}",
  "<a/>",
  new Uint8Array([0xff, 0xfe, 0x7b, 0x00]),
  new Uint8Array([0x22, 0xc3, 0x28, 0x22]),
  "[".repeat(100_000),
  encoder.encode(`"${"x".repeat(1024 * 1024)}"`),
  encoder.encode(`[${"0,".repeat(250_000)}0]`),
];
