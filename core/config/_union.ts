/**
 * Which alternative of a union a value was meant for: zod says only that it fits none.
 *
 * @module
 */
import { listOf, pathOf, type RawIssue } from "./_raw_issue.ts";
import { suggest } from "../lib/suggest.ts";
import { alternatives, expected, mustBe, typeInWords } from "./words.ts";

/** The issues of one alternative. */
export type Branch = readonly RawIssue[];

/**
 * The issues of the alternative that fits best: one that takes this type of value at all; among these the one with the
 * fewest and deepest faults. Where none takes the type, one issue that names all alternatives.
 *
 * @param branches the issues of each alternative, in the schema's order
 * @param value what was written
 */
export function resolveUnion(
  branches: readonly Branch[],
  value: unknown,
): Branch {
  const fitting = branches.filter((branch) =>
    !branch.some((issue) => mismatches(issue, value))
  );
  if (fitting.length === 0) return [noneTakes(branches, value)];
  const best = fitting.toSorted((a, b) => cost(a) - cost(b))[0];
  if (!best.every(isPlain)) return best;
  const plain = fitting.filter((branch) => branch.every(isPlain));
  if (plain.every((branch) => branch.every(isOption))) {
    return [noOption(plain.flat(), value)];
  }
  return (plain.find((branch) => !branch.every(isOption)) ?? best)
    .map((issue) => ({
      ...issue,
      params: { ...paramsOf(issue), partial: true },
    }));
}

/** An issue of the value itself, not of a part of it. */
function isPlain(issue: RawIssue): boolean {
  return pathOf(issue).length === 0 && issue.code !== "unrecognized_keys";
}

/** An issue that lists the options there are. */
function isOption(issue: RawIssue): boolean {
  return issue.code === "invalid_value";
}

/** Whether an alternative is for another type of value altogether. */
function mismatches(issue: RawIssue, value: unknown): boolean {
  if (pathOf(issue).length > 0) return false;
  switch (issue.code) {
    case "invalid_type":
      return true;
    case "invalid_value":
      return listOf(issue.values).every((option) =>
        typeof option !== typeof value
      );
    case "invalid_union":
      return unionOf(issue).length > 0 &&
        unionOf(issue).every((branch) =>
          branch.some((inner) => mismatches(inner, value))
        );
    default:
      return false;
  }
}

/**
 * How badly a value fits an alternative: each fault counts less, the deeper it lies, since what lies deep was recognised
 * so far; and a missing key that is there but misspelt counts half.
 */
function cost(branch: Branch): number {
  const missing = branch.map(pathOf).filter((path) => path.length === 1)
    .map((path) => String(path[0]));
  let total = 0;
  for (const issue of branch) {
    if (issue.code === "unrecognized_keys") {
      for (const key of listOf(issue.keys).map(String)) {
        total += suggest(key, missing) === undefined ? 1 : 0.5;
      }
    } else {
      total += 4 ** -Math.max(0, pathOf(issue).length - 1);
    }
  }
  return total;
}

function noneTakes(branches: readonly Branch[], value: unknown): RawIssue {
  const root = branches.flat().flatMap(flatten);
  return {
    code: "custom",
    message: expected(root.flatMap(nouns), value),
    params: {
      allowed: alternatives(root.flatMap((issue) => {
        const { allowed } = paramsOf(issue);
        return typeof allowed === "string" ? [allowed] : nouns(issue);
      })),
      partial: true,
    },
  };
}

function noOption(issues: Branch, value: unknown): RawIssue {
  const options = issues.flatMap((issue) => listOf(issue.values));
  const words = options.filter((option) => typeof option === "string");
  return {
    code: "custom",
    message: mustBe(options, value),
    params: { partial: true, suggestion: suggest(String(value), words) },
  };
}

function flatten(issue: RawIssue): RawIssue[] {
  const inner = unionOf(issue);
  return inner.length === 0 ? [issue] : inner.flat().flatMap(flatten);
}

function nouns(issue: RawIssue): string[] {
  switch (issue.code) {
    case "invalid_type":
      return [typeInWords(String(issue.expected))];
    case "invalid_value":
      return listOf(issue.values).map((option) => JSON.stringify(option));
    default:
      return [];
  }
}

function unionOf(issue: RawIssue): readonly Branch[] {
  return listOf(issue.errors) as readonly Branch[];
}

function paramsOf(issue: RawIssue): Readonly<Record<string, unknown>> {
  return { ...(issue.params as object | undefined) };
}
