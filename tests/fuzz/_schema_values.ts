/**
 * Values made from a JSON Schema, and values that are one to three changes away from one.
 *
 * @module
 */
import type { Chance } from "./_generator.ts";

/** An object of JSON. */
export type Json = Record<string, unknown>;

/** Maximum depth to which optional parts are added. */
const MAX_DEPTH = 5;

/** True for a JSON object. */
export function isObject(value: unknown): value is Json {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Finds the part of a document that a local reference such as `#/components/schemas/Problem` names. */
export function resolve(document: Json, reference: string): Json {
  let part: unknown = document;
  for (const segment of reference.slice(2).split("/")) {
    const name = segment.replaceAll("~1", "/").replaceAll("~0", "~");
    part = isObject(part) ? part[name] : undefined;
  }
  if (isObject(part)) return part;
  throw new Error(`Cannot find ${reference} in openapi.json`);
}

/** Makes values that a schema accepts, as far as its keywords tell. */
export class ValueMaker {
  readonly #document: Json;
  readonly #chance: Chance;

  /** @param document document that contains what the schemas refer to */
  constructor(document: Json, chance: Chance) {
    this.#document = document;
    this.#chance = chance;
  }

  /** Makes one value. */
  make(schema: unknown, depth: number = 0): unknown {
    const chance = this.#chance;
    if (!isObject(schema)) return chance.of(SCALARS);
    if (typeof schema.$ref === "string") {
      return this.make(resolve(this.#document, schema.$ref), depth + 1);
    }
    if ("const" in schema) return schema.const;
    if (Array.isArray(schema.enum)) return chance.of(schema.enum);
    const { examples } = schema;
    if (
      Array.isArray(examples) && examples.length > 0 &&
      (depth > MAX_DEPTH || chance.below(3) > 0)
    ) return structuredClone(chance.of(examples));
    for (const key of ["anyOf", "oneOf"]) {
      const choices = schema[key];
      if (Array.isArray(choices)) return this.make(chance.of(choices), depth);
    }
    if (Array.isArray(schema.allOf)) {
      const parts = schema.allOf.map((part) => this.make(part, depth));
      return parts.every(isObject) ? Object.assign({}, ...parts) : parts[0];
    }
    const { type } = schema;
    return this.#ofType(
      Array.isArray(type) ? chance.of(type) : type,
      schema,
      depth,
    );
  }

  #ofType(type: unknown, schema: Json, depth: number): unknown {
    const chance = this.#chance;
    switch (type) {
      case "null":
        return null;
      case "boolean":
        return chance.below(2) === 0;
      case "integer":
        return Math.round(this.#number(schema));
      case "number":
        return this.#number(schema);
      case "string":
        return chance.of(TEXTS);
      case "array":
        return this.#list(schema, depth);
      default:
        return isObject(schema.properties) || type === "object"
          ? this.#object(schema, depth)
          : chance.of(SCALARS);
    }
  }

  #number({ minimum, exclusiveMinimum, maximum, exclusiveMaximum }: Json) {
    const low = Number(minimum ?? exclusiveMinimum ?? 0);
    const high = Number(maximum ?? exclusiveMaximum ?? low + 100);
    const span = Math.min(high - low, 100);
    return low + span * (this.#chance.below(1000) + 1) / 1001;
  }

  #list({ items, minItems }: Json, depth: number): unknown[] {
    const least = Number(minItems ?? 0);
    const length = least + (depth > MAX_DEPTH ? 0 : this.#chance.below(3));
    return Array.from({ length }, () => this.make(items ?? {}, depth + 1));
  }

  /** Chooses members: the needed ones, and others as far as their number is allowed. */
  #some(
    all: readonly string[],
    needed: readonly string[],
    { least, most, optional }: {
      readonly least: number;
      readonly most: number;
      readonly optional: boolean;
    },
  ): string[] {
    const chance = this.#chance;
    const chosen = all.filter((name) => needed.includes(name));
    const others = all.filter((name) => !needed.includes(name));
    const wanted = optional ? others.filter(() => chance.below(2) > 0) : [];
    while (chosen.length < most && wanted.length > 0) {
      chosen.push(removeOne(wanted, chance));
    }
    const left = others.filter((name) => !chosen.includes(name));
    while (chosen.length < least && left.length > 0) {
      chosen.push(removeOne(left, chance));
    }
    return chosen;
  }

  #object(schema: Json, depth: number): Json {
    const { properties = {}, additionalProperties, required } = schema;
    const needed = Array.isArray(required) ? required : [];
    const value: Json = {};
    const names = this.#some(Object.keys(properties as Json), needed, {
      least: Number(schema.minProperties ?? 0),
      most: Number(schema.maxProperties ?? Infinity),
      optional: depth <= MAX_DEPTH,
    });
    for (const name of names) {
      value[name] = this.make((properties as Json)[name], depth + 1);
    }
    if (isObject(additionalProperties) && depth <= MAX_DEPTH) {
      for (let left = this.#chance.below(3); left > 0; left--) {
        value[this.#chance.of(NAMES)] = this.make(
          additionalProperties,
          depth + 1,
        );
      }
    }
    return value;
  }
}

function removeOne(names: string[], chance: Chance): string {
  return names.splice(chance.below(names.length), 1)[0];
}

const NAMES = "a browse db get-r r x y-1".split(" ");

/** Texts that many settings take. */
const TEXTS: readonly string[] = [
  "a",
  "/a",
  "/a/:id",
  "5ms",
  "1ms",
  "10/s",
  "1KiB",
  "1KiB/s",
  "db",
  "get-r",
  "GET",
  "exponential(mean=2ms)",
  "arrival-rate",
  "unbounded",
  "w1",
];

const SCALARS: readonly unknown[] = [...TEXTS, 0, 1, 2, 0.5, true, false];

function nested(depth: number, list: boolean): unknown {
  let value: unknown = 1;
  for (let i = 0; i < depth; i++) value = list ? [value] : { a: value };
  return value;
}

/** Values that take the place of others. */
export const NONSENSE: readonly unknown[] = [
  null,
  true,
  false,
  0,
  -1,
  -0,
  0.5,
  1e308,
  -1e308,
  5e-324,
  2 ** 53,
  2 ** 64,
  "",
  " ",
  "\0",
  "\u202e\ud83d\ude00é\u0301",
  "\ud800",
  "1e999",
  "NaN",
  "-1ms",
  "99999h",
  "../../etc/passwd",
  "file:///etc/passwd",
  "http://192.0.2.1/",
  "{{query.q}}",
  "{{",
  "__proto__",
  "a".repeat(5000),
  "é".repeat(20_000),
  [],
  {},
  [[]],
  [null],
  { "": null },
  nested(150, true),
  nested(300, true),
  nested(300, false),
  Array.from({ length: 3000 }, (_, i) => i),
  Object.fromEntries(Array.from({ length: 1000 }, (_, i) => [`k${i}`, i])),
];

/** Keys that are added. */
const KEYS: readonly string[] = [
  "__proto__",
  "constructor",
  "toString",
  "hasOwnProperty",
  "x",
  "",
  "\0",
  "é",
  "id",
  "path",
  "routes",
  "plugins",
  "server",
  "a".repeat(2000),
];

/** Replaces, removes or adds at one place of a value, which is not changed itself. */
export function mutated(value: unknown, chance: Chance): unknown {
  if (Array.isArray(value) && value.length > 0 && chance.below(4) > 0) {
    const at = chance.below(value.length);
    switch (chance.below(4)) {
      case 0:
        return value.toSpliced(at, 1);
      case 1:
        return [...value, ...value];
      default:
        return value.with(at, mutated(value[at], chance));
    }
  }
  if (isObject(value) && chance.below(6) > 0) {
    const entries = Object.entries(value);
    const at = chance.below(entries.length + 1);
    // By entries, since a key may be "__proto__".
    if (at === entries.length) {
      return Object.fromEntries([
        ...entries,
        [chance.of(KEYS), chance.of(NONSENSE)],
      ]);
    }
    const [key, part] = entries[at];
    return Object.fromEntries(
      chance.below(5) === 0
        ? entries.toSpliced(at, 1)
        : entries.with(at, [key, mutated(part, chance)]),
    );
  }
  return chance.of(NONSENSE);
}
