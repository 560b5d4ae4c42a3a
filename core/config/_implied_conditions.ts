/**
 * Conditions that follow from others: a route whose conditions follow from those of a later one answers in its place.
 *
 * @module
 */
import {
  LONGEST_MATCHED,
  type PlacedCondition,
  type WhenSettings,
  wholeMatch,
} from "./when_settings.ts";

/** Returns true if each request that meets `given` is proven to meet `wanted` too. */
export function implies(given: WhenSettings, wanted: WhenSettings): boolean {
  return wanted.every((condition) =>
    given.some((each) => follows(condition, each))
  );
}

function follows(
  { part, name, condition: wanted }: PlacedCondition,
  { part: otherPart, name: otherName, condition: given }: PlacedCondition,
): boolean {
  if (part !== otherPart) return false;
  // Each condition on an operation demands that there is one.
  if (part === "graphql" && name === "operation" && wanted.kind === "present") {
    return true;
  }
  if (name !== otherName) return false;
  if (JSON.stringify(wanted) === JSON.stringify(given)) return true;
  if (wanted.kind === "present") return given.kind !== "absent";
  if (given.kind !== "equal") return false;
  const text = textOf(given.value);
  if (text === undefined) return false;
  if (wanted.kind === "pattern") {
    return text.length <= LONGEST_MATCHED &&
      wholeMatch(wanted.source).test(text);
  }
  return part === "contentType" && wanted.kind === "equal" &&
    coversType(`${wanted.value}`, text);
}

/** Text of a value that an expression is compared with; undefined where that is not certain. */
function textOf(value: unknown): string | undefined {
  return typeof value === "string" || typeof value === "number" ||
      typeof value === "boolean"
    ? `${value}`
    : undefined;
}

function coversType(wanted: string, given: string): boolean {
  const all = wanted.toLowerCase();
  const one = given.toLowerCase();
  return all === one || all.endsWith("/*") && one.startsWith(all.slice(0, -1));
}
