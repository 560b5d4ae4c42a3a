/**
 * Placeholders of environment variables in a file: `${NAME}`, and `${NAME:-default}` for one that may be absent or empty. They are
 * replaced in the values that were read, so that no variable can add a key or a line.
 *
 * @module
 */
import { WrittenNumber } from "../lib/written_number.ts";

import { type JsonSchema, nodesAt } from "./_schema_lookup.ts";

/** Returns the value of an environment variable; undefined if it is not set. */
export type Variables = (name: string) => string | undefined;

/** Values that replace the placeholders of a text. */
export interface Filling {
  /** Variables by name; undefined to replace nothing. */
  readonly variables?: Readonly<Record<string, string>> | undefined;
  /** The only key of the whole whose value may contain placeholders; undefined for all. */
  readonly key?: string | undefined;
}

/** A placeholder that was not replaced, or cannot be. */
export interface Placeholder {
  /** Name of its variable. */
  readonly name: string;
  /** Offset of the text that contains it. */
  readonly offset: number;
}

/** A text in which placeholders were replaced. */
export interface FilledText {
  /** Path of the text. */
  readonly path: readonly string[];
  /** The text. */
  readonly text: string;
}

/** Stands for a text in which placeholders were replaced, until its path is known. */
class Filled {
  constructor(readonly text: string) {}
}

/** A dollar sign before a placeholder keeps it as text. */
const PLACEHOLDER = /(\$?)\$\{([A-Z_][A-Z0-9_]*)(:-[^}]*)?\}/g;

/** Returns the variables that the placeholders of a text name, as far as they are set. */
export function variablesIn(
  text: string,
  variables: Variables,
): Readonly<Record<string, string>> {
  const found = new Map<string, string>();
  for (const [, , name] of text.matchAll(PLACEHOLDER)) {
    const value = variables(name);
    if (value !== undefined) found.set(name, value);
  }
  return Object.fromEntries(found);
}

/** Replaces the placeholders of one file. */
export class Placeholders {
  /** Placeholders that stay text because variables are not allowed; the first of each name. */
  readonly kept: Placeholder[] = [];
  /** Placeholders without a default whose variable is not set. */
  readonly missing: Placeholder[] = [];
  readonly #variables: Filling["variables"];
  #replaced = false;

  /** @param variables by name; undefined to replace nothing */
  constructor(variables: Filling["variables"]) {
    this.#variables = variables;
  }

  /**
   * Replaces the placeholders of a text.
   *
   * @param offset where the text is in the file
   * @returns the text, or what {@linkcode Placeholders.unwrapped} makes a text of
   */
  fill(text: string, offset: number): unknown {
    if (!text.includes("${")) return text;
    const variables = this.#variables;
    if (variables === undefined) {
      for (const [, escape, name] of text.matchAll(PLACEHOLDER)) {
        if (escape === "" && this.kept.every((one) => one.name !== name)) {
          this.kept.push({ name, offset });
        }
      }
      return text;
    }
    const filled = text.replaceAll(
      PLACEHOLDER,
      (whole: string, escape: string, name: string, fallback?: string) => {
        if (escape !== "") return whole.slice(1);
        const value = Object.hasOwn(variables, name)
          ? variables[name]
          : undefined;
        if (value !== undefined && (value !== "" || fallback === undefined)) {
          return value;
        }
        if (fallback === undefined) this.missing.push({ name, offset });
        return fallback?.slice(2) ?? "";
      },
    );
    if (filled === text) return text;
    this.#replaced = true;
    return new Filled(filled);
  }

  /** Returns a value with its filled texts, and where they are. */
  unwrapped(
    value: unknown,
  ): { readonly value: unknown; readonly filled: readonly FilledText[] } {
    return this.#replaced ? unwrapped(value) : { value, filled: [] };
  }
}

function unwrapped(value: unknown) {
  const filled: FilledText[] = [];
  const within = (part: unknown, path: readonly string[]): unknown => {
    if (part instanceof Filled) {
      filled.push({ path, text: part.text });
      return part.text;
    }
    if (typeof part !== "object" || part === null) return part;
    if (part instanceof WrittenNumber) return part;
    if (Array.isArray(part)) {
      return part.map((item, index) => within(item, [...path, `${index}`]));
    }
    return Object.fromEntries(
      Object.entries(part).map((
        [key, item],
      ) => [key, within(item, [...path, key])]),
    );
  };
  return { value: within(value, []), filled };
}

/**
 * Makes numbers and booleans of filled texts where a schema does not accept a text.
 *
 * @param value as written, with the filled texts
 * @param schema JSON Schema of the value
 */
export function typedBySchema<T>(
  value: T,
  filled: readonly FilledText[],
  schema: JsonSchema,
): T {
  let typed: unknown = value;
  for (const { path, text } of filled) {
    const read = readAs(text, nodesAt(schema, path));
    if (read !== text) typed = replaced(typed, path, read);
  }
  return typed as T;
}

/** True if a filled text could be something else than a text. */
export function mayBeTyped({ text }: FilledText): boolean {
  return NUMBER.test(text) || text === "true" || text === "false";
}

const NUMBER = /^[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?$/;

function readAs(text: string, nodes: readonly JsonSchema[]): unknown {
  const accepted = nodes.flatMap(({ type }) =>
    Array.isArray(type) ? type : [type]
  );
  if (accepted.includes("string")) return text;
  if (NUMBER.test(text)) {
    return accepted.includes("number") || accepted.includes("integer")
      ? Number(text)
      : text;
  }
  return accepted.includes("boolean") && (text === "true" || text === "false")
    ? text === "true"
    : text;
}

function replaced(
  value: unknown,
  [key, ...rest]: readonly string[],
  by: unknown,
): unknown {
  if (key === undefined) return by;
  return Array.isArray(value)
    ? value.with(Number(key), replaced(value[Number(key)], rest, by))
    : Object.fromEntries(
      Object.entries(value as object).map((
        [name, part],
      ) => [name, name === key ? replaced(part, rest, by) : part]),
    );
}
