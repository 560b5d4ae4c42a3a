/**
 * Texts that mean a distribution but are not in perfmock's form: a range, a spread, parameters without their names.
 *
 * @module
 */
import { jsonSchemaOf } from "../config/mod.ts";
import type { Family, Schema } from "../plugin.ts";

const NUMBER = String.raw`(\d+(?:\.\d+)?)`;
const UNIT = String.raw`(us|ms|s|m|h)`;

/** Two quantities with a sign between them; the unit of the second applies to the first if that has none. */
const PAIR = new RegExp(
  String
    .raw`^\s*${NUMBER}\s*${UNIT}?\s*(-|–|\.{2,3}|to|±|\+\/-|\+-)\s*${NUMBER}\s*${UNIT}\s*$`,
  "u",
);

/** The text form of a range such as `100-200ms`, or of a spread such as `120ms ± 20ms`; undefined for other texts. */
export function meantRange(text: string): string | undefined {
  const match = PAIR.exec(text);
  if (match === null) return undefined;
  const [, first, own, sign, second, unit] = match;
  const [a, b] = [`${first}${own ?? unit}`, `${second}${unit}`];
  return /[±+]/u.test(sign)
    ? `normal(mean=${a}, sd=${b})`
    : `uniform(min=${a}, max=${b})`;
}

/** Greatest number of parameters without names for which names are looked for. */
const MOST = 4;

/**
 * The text form of a call whose parameters have no names, such as `normal(120ms, 20ms)`: with the first names, in the order of the
 * family's schema, that the values fit.
 *
 * @param families families by name
 * @param schemaOf returns the schema of a family's parameters
 * @param fits returns true for a text that can be read
 */
export function meantCall(
  text: string,
  { families, schemaOf, fits }: {
    readonly families: ReadonlyMap<string, Family>;
    readonly schemaOf: (family: Family) => Schema;
    readonly fits: (text: string) => boolean;
  },
): string | undefined {
  const [, name, inner] =
    /^\s*([\w-]+)\s*\(\s*([^()[\]="]{1,100}?)\s*\)\s*$/u.exec(text) ?? [];
  const family = families.get(name);
  if (family === undefined) return undefined;
  const values = inner.split(",").map((value) => value.trim());
  if (values.length > MOST) return undefined;
  const { properties } = jsonSchemaOf(schemaOf(family));
  for (const keys of choices(Object.keys(Object(properties)), values.length)) {
    const named = `${name}(${
      keys.map((key, index) => `${key}=${values[index]}`).join(", ")
    })`;
    if (fits(named)) return named;
  }
}

/** All selections of a number of entries, in the order of the list. */
function* choices(
  list: readonly string[],
  count: number,
): Iterable<readonly string[]> {
  if (count === 0) yield [];
  else {
    for (let at = 0; at + count <= list.length; at++) {
      for (const rest of choices(list.slice(at + 1), count - 1)) {
        yield [list[at], ...rest];
      }
    }
  }
}
