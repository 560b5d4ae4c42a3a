/**
 * Examples of JSON Schemas.
 *
 * @module
 */
import { sample } from "openapi-sampler";
import { fromPointer, lookUp } from "./pointer.ts";
import { WrittenNumber } from "./written_number.ts";

/** Keywords whose values are examples, or parts of them. */
const EXAMPLES: ReadonlySet<string> = new Set(
  "const default enum example examples".split(" "),
);

/** Keywords whose keys are names and no keywords. */
const NAMES: ReadonlySet<string> = new Set(
  "$defs definitions dependentSchemas patternProperties properties".split(" "),
);

/** Begins a text that stands for a number whose digits must stay. */
const NUMBER = "\0n";

/** Begins a text that stands for the rest of itself. */
const TEXT = "\0t";

/**
 * Makes an example of a JSON Schema: from `const`, `examples`, `enum` or `default` where there are any, and otherwise the smallest
 * value that fits. The same schema always yields the same example. Numbers of examples keep their digits.
 *
 * @param schema its references may name its own parts only
 * @returns JSON value
 * @throws Error where the schema cannot be read
 */
export function sampleOf(schema: object): unknown {
  const readable = marked(schema, "keywords") as Keywords;
  measure(readable, readable, { left: MOST_VALUES });
  const example = sample(
    readable,
    { quiet: true, skipWriteOnly: true },
    readable,
  );
  // A schema without any keywords allows everything.
  return unmarked(example ?? null);
}

/** Maximum number of values of an example; of a text, each hundred characters count as one. */
export const MOST_VALUES = 100_000;

/** Number of characters of a text that count as one value. */
const CHARACTERS = 100;

/** A JSON Schema as far as its size matters. Any keyword may have any value. */
type Keywords = Readonly<Record<string, unknown>>;

/**
 * Counts the values of an example before it is made: schemas that refer to one another may describe an endless one.
 *
 * @param root schema that the references are relative to
 * @param open references that lead to this schema, which the sampler follows once
 * @throws RangeError beyond the maximum
 */
function measure(
  schema: unknown,
  root: Keywords,
  budget: { left: number },
  open: readonly string[] = [],
): void {
  if (typeof schema !== "object" || schema === null) return;
  const { $ref, minLength, minItems, items, ...others } = schema as Keywords;
  const length = typeof minLength === "number" ? minLength : 0;
  budget.left -= 1 + Math.ceil(length / CHARACTERS);
  if (budget.left < 0) {
    throw new RangeError(`it would have more than ${MOST_VALUES} values`);
  }
  if (typeof $ref === "string" && !open.includes($ref)) {
    const to = $ref.startsWith("#")
      ? lookUp(root, fromPointer($ref.slice(1)))
      : undefined;
    measure(to, root, budget, [...open, $ref]);
  }
  const times = typeof minItems === "number" ? Math.max(1, minItems) : 1;
  for (const item of Array.isArray(items) ? items : [items]) {
    if (item === undefined) continue;
    for (let time = 0; time < times; time++) measure(item, root, budget, open);
  }
  for (const [key, part] of Object.entries(others)) {
    if (EXAMPLES.has(key) || key === "$defs" || key === "definitions") continue;
    if (typeof part !== "object" || part === null) continue;
    const parts = Array.isArray(part) || NAMES.has(key)
      ? Object.values(part)
      : [part];
    for (const one of parts) measure(one, root, budget, open);
  }
}

/** Replaces written numbers: by marked texts in examples, and by numbers elsewhere, since the sampler computes with those. */
function marked(
  value: unknown,
  place: "keywords" | "names" | "example",
): unknown {
  if (value instanceof WrittenNumber) {
    return place === "example" ? NUMBER + value.digits : Number(value.digits);
  }
  if (typeof value === "string") {
    return value.startsWith("\0") && place === "example" ? TEXT + value : value;
  }
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return value.map((item) => marked(item, place));
  return Object.fromEntries(
    Object.entries(value).map(([key, part]) => [
      key,
      marked(
        part,
        place === "names"
          ? "keywords"
          : place === "example" || EXAMPLES.has(key)
          ? "example"
          : NAMES.has(key)
          ? "names"
          : "keywords",
      ),
    ]),
  );
}

function unmarked(value: unknown): unknown {
  if (typeof value === "string") {
    if (value.startsWith(TEXT)) return value.slice(TEXT.length);
    return value.startsWith(NUMBER)
      ? new WrittenNumber(value.slice(NUMBER.length))
      : value;
  }
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return value.map(unmarked);
  return Object.fromEntries(
    Object.entries(value).map(([key, part]) => [key, unmarked(part)]),
  );
}
