/**
 * How stress reports what is wrong with what a user asked for.
 *
 * @module
 */
import type { Faults, Issue } from "../../core/plugin.ts";

/** What was asked for cannot be done; nothing was started. Structurally a PerfmockError. */
export class StressRefused extends Error implements Faults {
  /** The name of core's error class, by which faults are recognised. */
  override readonly name = "PerfmockError";
  /** The code of a fault in an argument. */
  readonly code = "ARGUMENT_INVALID";

  /**
   * Makes an error.
   *
   * @param message what could not be done
   * @param issues all faults, paths relative to the scenario
   */
  constructor(
    message: string,
    /** All faults, paths relative to the scenario. */
    readonly issues: readonly Issue[] = [],
  ) {
    super(message);
  }
}

/** One of zod's issues, as far as it is read here. */
export interface SchemaFault {
  /** Where. */
  readonly path: readonly PropertyKey[];
  /** What is wrong. */
  readonly message: string;
  /** What kind of issue it is. */
  readonly code?: string;
  /** The keys that may not be there. */
  readonly keys?: readonly string[];
  /** What a check of ours says beside its message. */
  readonly params?: Readonly<Record<string, unknown>>;
  /** The faults of each of several alternatives. */
  readonly errors?: readonly (readonly SchemaFault[])[];
}

/**
 * The faults that a schema found, for those who hand a scenario over within the process; the control API's go through core.
 *
 * @param found the schema's issues
 * @param root what was validated
 */
export function issuesOf(
  found: readonly SchemaFault[],
  root: unknown,
): Issue[] {
  return found.flatMap((fault) => issues(fault, root, []));
}

function issues(
  fault: SchemaFault,
  root: unknown,
  base: readonly PropertyKey[],
): Issue[] {
  const path = [...base, ...fault.path];
  if (fault.code === "unrecognized_keys") {
    return (fault.keys ?? []).map((key) =>
      issue([...path, key], `Unknown key ${JSON.stringify(key)}`, { root })
    );
  }
  const alternatives = (fault.errors ?? []).filter((one) => one.length > 0);
  if (alternatives.length > 0) {
    // The alternative that got furthest is the one that was meant; among equals the first, which is the plain value.
    const depth = (one: readonly SchemaFault[]) =>
      Math.max(...one.map((inner) => inner.path.length));
    const meant = alternatives.reduce((best, one) =>
      depth(one) > depth(best) ? one : best
    );
    return meant.flatMap((inner) => issues(inner, root, path));
  }
  return [issue(path, fault.message, { root, params: fault.params })];
}

function issue(
  path: readonly PropertyKey[],
  message: string,
  { root, params }: {
    readonly root: unknown;
    readonly params?: Readonly<Record<string, unknown>> | undefined;
  },
): Issue {
  let value = root;
  for (const key of path) value = Object(value)[key];
  const said = (key: string) =>
    typeof params?.[key] === "string" ? { [key]: params[key] } : {};
  return {
    path: path.map((key) =>
      `/${String(key).replaceAll("~", "~0").replaceAll("/", "~1")}`
    ).join(""),
    message,
    ...(value !== undefined && { value }),
    ...said("allowed"),
    ...said("suggestion"),
  };
}
