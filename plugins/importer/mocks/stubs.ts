/**
 * Parts that stubs of several mock servers share: conditions, templates and responses.
 *
 * @module
 */
import {
  bodyFrom,
  headersFrom,
  LONGEST_TEXT,
  responseFrom,
  type TextBudget,
} from "./bodies.ts";
import type { Draft } from "./draft.ts";
import { expressionOf } from "./paths.ts";
import { isRecord } from "./resolver.ts";
import { isStatus } from "./statuses.ts";

/** Condition of perfmock on a text; undefined for one that has no counterpart. */
export type TextCondition = string | Readonly<Record<string, unknown>>;

/** Conditions of a route that are gathered. */
export class Conditions {
  readonly #parts: Record<string, Record<string, unknown>> = {};
  readonly #draft: Draft;
  readonly #place: string;

  /** @param place place of the stub, for conditions without a counterpart */
  constructor(draft: Draft, place: string) {
    this.#draft = draft;
    this.#place = place;
  }

  /** Adds a condition. */
  add(
    part: "query" | "header" | "cookie" | "body",
    name: string,
    condition: TextCondition,
  ): void {
    (this.#parts[part] ??= {})[name] = condition;
  }

  /** Adds a condition on a GraphQL operation. */
  addGraphql(condition: Readonly<Record<string, unknown>>): void {
    this.#parts.graphql = { ...condition };
  }

  /** Counts a condition without a counterpart. */
  lost(kind: string): void {
    this.#draft.change(
      "conditions without a counterpart, which are not checked",
      this.#place,
      kind,
    );
  }

  /** Value of `when`; undefined for none. */
  get when(): Readonly<Record<string, unknown>> | undefined {
    return Object.keys(this.#parts).length === 0 ? undefined : this.#parts;
  }
}

/** Returns a condition on texts that contain a text. */
export function containing(text: string): TextCondition {
  return { pattern: `.*${expressionOf(text)}.*` };
}

/** Returns a JSON Pointer for a simple JSONPath such as `$.a.b[0]` or `$['a']`; undefined for others. */
export function pointerOf(jsonPath: string): string | undefined {
  const path = jsonPath.trim();
  if (!path.startsWith("$")) return undefined;
  let rest = path.slice(1);
  let pointer = "";
  while (rest !== "") {
    const step =
      /^(?:\.([A-Za-z_][\w-]*)|\[(\d+)\]|\['([^']*)'\]|\["([^"]*)"\])/.exec(
        rest,
      );
    if (step === null) return undefined;
    const key = step[1] ?? step[2] ?? step[3] ?? step[4];
    pointer += `/${key.replaceAll("~", "~0").replaceAll("/", "~1")}`;
    rest = rest.slice(step[0].length);
  }
  return pointer;
}

/** Adds conditions for all values of a JSON body, which may have others beside. */
export function addPartsOf(
  value: unknown,
  conditions: Conditions,
  pointer = "",
): void {
  if (isRecord(value) && Object.keys(value).length > 0) {
    for (const [key, part] of Object.entries(value)) {
      addPartsOf(
        part,
        conditions,
        `${pointer}/${key.replaceAll("~", "~0").replaceAll("/", "~1")}`,
      );
    }
  } else conditions.add("body", pointer, { equal: value });
}

/** Converts one expression of another tool's template to a placeholder; undefined where there is none. */
export type ConvertExpression = (expression: string) => string | undefined;

/** Expression in braces, two or three; blocks begin with # or /, comments with !. */
const EXPRESSION = /\{\{\{?\s*([^{}]*?)\s*\}?\}\}/g;

/**
 * Converts the placeholders of another tool's template. Blocks stand once, and values that have no counterpart are replaced by an
 * example; the draft lists them with the place of the stub.
 */
export function templated(
  text: string,
  convert: ConvertExpression,
  { draft, place }: { readonly draft: Draft; readonly place: string },
): string {
  const lost = (expression: string) =>
    draft.change(
      "expressions of templates without a counterpart",
      place,
      expression,
    );
  return text.replaceAll(EXPRESSION, (_, expression: string) => {
    if (/^[!]/.test(expression)) return "";
    if (/^[#/^]|^else\b/.test(expression)) {
      if (expression.startsWith("#")) {
        lost(`{{${expression.split(/\s/)[0]} …}}`);
      }
      return "";
    }
    const placeholder = convert(expression);
    if (placeholder !== undefined) return placeholder;
    lost(`{{${expression.split(/[\s(]/)[0]} …}}`);
    return exampleFor(expression);
  });
}

/** An example in place of a value that cannot be made. */
function exampleFor(expression: string): string {
  const first = /\barray ['"]([^'"]*)['"]/.exec(expression);
  if (first !== null) return first[1];
  if (/bool/i.test(expression)) return "true";
  if (/date|now\b|past|future|recent/i.test(expression)) {
    return "2026-01-01T00:00:00.000Z";
  }
  return /(?:\b|random)(?:int|float|number|numeric|amount|price|latitude|longitude|decimal|index)/i
      .test(expression)
    ? "1"
    : "example";
}

/** A stub's answer. */
export interface StubAnswer {
  readonly status: number;
  readonly headers: Iterable<readonly [name: string, value: string]>;
  /** Text of the body, with perfmock's placeholders; undefined for none. */
  readonly text?: string | undefined;
  /** Size of a body whose bytes are not text. */
  readonly size?: number | undefined;
  /** Place in the source. */
  readonly place: string;
}

/** Settings of `response`; undefined, and counted, where a route cannot answer so. */
export function stubResponse(
  { status, headers, text, size, place }: StubAnswer,
  draft: Draft,
  budget: TextBudget,
): Record<string, unknown> | undefined {
  if (!isStatus(status)) {
    draft.leave("statuses below 200 and above 599", place, `${status}`);
    return undefined;
  }
  const kept = headersFrom(headers, true);
  for (const name of kept.left) {
    draft.leave("headers that are not sent", place, name);
  }
  const type = Object.entries(kept.headers).find(([name]) =>
    name.toLowerCase() === "content-type"
  )?.[1];
  const guessed =
    type === undefined && text !== undefined && looksLikeJson(text)
      ? "application/json"
      : `${type ?? ""}`;
  const { settings, changed } = bodyFrom(
    {
      type: guessed,
      text: text ?? (size === undefined ? "" : undefined),
      size,
      authored: true,
    },
    status,
    budget,
  );
  if (changed !== undefined) draft.change(changed, place);
  return responseFrom(status, kept.headers, settings);
}

function looksLikeJson(text: string): boolean {
  if (!/^\s*[[{]/.test(text) || text.length > LONGEST_TEXT) return false;
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

/** Adds `response` to settings unless it is the default one. */
export function withResponse(
  response: Readonly<Record<string, unknown>>,
): Record<string, unknown> {
  return Object.keys(response).length === 0 ? {} : { response };
}

/** Decodes a Base64 text: to text where it is one, else its size. */
export function fromBase64(
  base64: string,
): { readonly text: string } | { readonly size: number } | undefined {
  try {
    const bytes = Uint8Array.from(atob(base64), (one) => one.charCodeAt(0));
    try {
      return {
        text: new TextDecoder("utf-8", { fatal: true }).decode(bytes),
      };
    } catch {
      return { size: bytes.length };
    }
  } catch {
    return undefined;
  }
}

/** Returns a number of ms as a service time; undefined for 0. */
export function fixedTime(ms: unknown): string | undefined {
  const value = Number(ms);
  return Number.isFinite(value) && value > 0 ? `${value}ms` : undefined;
}

/** Returns the texts of a value that is one text or a list of them. */
export function textsOf(value: unknown): string[] {
  return [value].flat().filter((one) =>
    typeof one === "string" || typeof one === "number" ||
    typeof one === "boolean"
  ).map(String);
}

/** Returns the entries of headers or parameters: an object of texts or lists, or a list of `{name, values}`. */
export function pairsOf(value: unknown): [name: string, value: string][] {
  if (Array.isArray(value)) {
    return value.flatMap((one: unknown) => {
      if (!isRecord(one)) return [];
      const name = one.name ?? one.key;
      if (typeof name !== "string") return [];
      return textsOf(one.values ?? one.value).map((text): [string, string] => [
        name,
        text,
      ]);
    });
  }
  return Object.entries(Object(value)).flatMap(([name, one]) =>
    textsOf(one).map((text): [string, string] => [name, text])
  );
}
