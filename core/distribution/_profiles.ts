/**
 * Profiles, which are named distributions. Each is compiled when it is first used.
 *
 * @module
 */
import { parseDuration, type Validation } from "../config/mod.ts";
import { type Issue, PerfmockError } from "../errors.ts";
import { missedTables } from "../lib/tables.ts";
import type { Distribution } from "../plugin.ts";

/** Maximum depth of families within each other, and of profiles that refer to each other. */
export const DEEPEST = 32;

/** Makes the issue for a value that is nested deeper. It leaves out the value, which may be very deep. */
export function tooDeep(): { readonly issues: readonly Issue[] } {
  return {
    issues: [{
      path: "",
      message: `Cannot nest distributions more than ${DEEPEST} levels deep`,
      allowed: `at most ${DEEPEST} levels`,
    }],
  };
}

/**
 * The distribution of a profile with errors, and of any distribution that refers to it. So an error in a profile is reported
 * once, where the profile is written. A configuration with errors never runs; drawing from this distribution throws.
 */
export const UNUSABLE: Distribution = Object.freeze({
  family: "unusable",
  quantile: refuse,
  survivalQuantile: refuse,
  draw: refuse,
  cdf: refuse,
  survival: refuse,
  mean: NaN,
  standardDeviation: NaN,
  estimated: false,
  warnings: [],
});

function refuse(): never {
  throw new PerfmockError(
    "CONFIG_INVALID",
    "Cannot use the distribution: it refers to a profile that has errors",
  );
}

/** A profile as written in the configuration. */
export interface ProfileEntry {
  /** Distribution in any of its written forms. */
  readonly value: unknown;
  /** JSON Pointer to the value in the configuration. */
  readonly path: string;
}

/** Errors and warnings of all profiles. */
export interface Findings {
  /** Errors. */
  readonly issues: readonly Issue[];
  /** Warnings, which do not prevent the configuration from running. */
  readonly warnings: readonly Issue[];
}

/** A compiled profile. */
interface Compiled {
  /** The distribution; {@linkcode UNUSABLE} if the profile, or one that it refers to, has errors. */
  readonly distribution: Distribution;
  /** Errors of the profile itself, with paths relative to its value. */
  readonly issues: readonly Issue[];
  /** Number of levels of nested families. */
  readonly height: number;
}

/** The profiles of a configuration. */
export class Profiles {
  /** Number of uses of profiles with errors so far. */
  unusable = 0;
  readonly #entries: ReadonlyMap<string, ProfileEntry>;
  readonly #parse: (value: unknown) => Validation<Distribution>;
  readonly #compiled = new Map<string, Compiled>();
  /** Circles of profiles, as the names from one of them back to itself. */
  readonly #circles: (readonly string[])[] = [];
  /** Names of the profiles being compiled. Each is referred to by the one before. */
  readonly #open: string[] = [];
  #deepest = 0;

  /**
   * Stores the profiles without compiling them.
   *
   * @param entries the profiles by name
   * @param parse compiles a distribution, and calls this object for the profiles it refers to
   */
  constructor(
    entries: ReadonlyMap<string, ProfileEntry>,
    parse: (value: unknown) => Validation<Distribution>,
  ) {
    this.#entries = entries;
    this.#parse = parse;
  }

  /** Returns true if there is a profile of this name. */
  has(name: string): boolean {
    return this.#entries.has(name);
  }

  /** Names of all profiles. */
  names(): Iterable<string> {
    return this.#entries.keys();
  }

  /** Records the current depth of nested families. */
  reach(depth: number): void {
    this.#deepest = Math.max(this.#deepest, depth);
  }

  /**
   * Returns the distribution of a profile, which must exist.
   *
   * @param name name of the profile
   * @param depth number of families that enclose the reference
   * @returns the distribution, or {@linkcode UNUSABLE} if the profile has errors, which are reported where it is written.
   * Issues if the reference itself closes a cycle or is nested too deep.
   */
  use(name: string, depth: number): Validation<Distribution> {
    const first = this.#open.indexOf(name);
    if (first >= 0) {
      const circle = this.#open.slice(first);
      this.#circles.push(circle);
      return { issues: [{ path: "", ...aboutCircle(circle) }] };
    }
    if (this.#open.length >= DEEPEST) return tooDeep();
    const { distribution, height } = this.#compile(name, depth);
    if (distribution === UNUSABLE) {
      this.unusable++;
      return { value: UNUSABLE };
    }
    if (depth + height > DEEPEST) return tooDeep();
    this.reach(depth + height);
    return { value: distribution };
  }

  /**
   * Compiles all profiles and returns their errors and warnings.
   *
   * @param warningsOf returns the warnings of a distribution, with paths under `path`
   */
  findings(
    warningsOf: (distribution: Distribution, path: string) => readonly Issue[],
  ): Findings {
    const issues: Issue[] = [];
    const warnings: Issue[] = [];
    for (const [name, { path }] of this.#entries) {
      if (parseDuration(name) !== undefined || name.includes("(")) {
        issues.push(unnameable(name, path));
      }
      const compiled = this.#compile(name, 0);
      for (const issue of compiled.issues) {
        issues.push({ ...issue, path: path + issue.path });
      }
      if (compiled.distribution !== UNUSABLE) {
        warnings.push(...warningsOf(compiled.distribution, path));
      }
    }
    return { issues: [...issues, ...this.#circleIssues()], warnings };
  }

  /** The error of each profile of a circle but the last, which was reported where it leads back to the first. */
  #circleIssues(): Issue[] {
    return this.#circles.flatMap((circle) =>
      circle.slice(0, -1).map((name, index) => ({
        path: this.#entries.get(name)?.path ?? "",
        ...aboutCircle([...circle.slice(index), ...circle.slice(0, index)]),
      }))
    );
  }

  #compile(name: string, depth: number): Compiled {
    const known = this.#compiled.get(name);
    if (known !== undefined) return known;
    const { deepest, unusable } = {
      deepest: this.#deepest,
      unusable: this.unusable,
    };
    const missed = missedTables();
    this.#deepest = depth;
    this.#open.push(name);
    let result: Validation<Distribution>;
    try {
      result = this.#parse(this.#entries.get(name)?.value);
    } finally {
      this.#open.pop();
    }
    const compiled = {
      distribution: result.issues === undefined ? result.value : UNUSABLE,
      issues: result.issues ?? [],
      height: this.#deepest - depth,
    };
    this.#deepest = Math.max(deepest, this.#deepest);
    this.unusable = unusable;
    // Not remembered if a table was missing: compiled again, the profile has no such error.
    if (missedTables() === missed) this.#compiled.set(name, compiled);
    return compiled;
  }
}

/** Describes a circle of profiles, from the first of them back to itself. */
function aboutCircle(circle: readonly string[]): Omit<Issue, "path"> {
  const [name] = circle;
  return {
    message: `Cannot resolve the profile "${name}": it leads back to itself (${
      [...circle, name].join(" → ")
    })`,
    value: name,
    allowed: "a profile that does not lead back here",
  };
}

function unnameable(name: string, path: string): Issue {
  return {
    path,
    message: `Cannot name a profile ${
      JSON.stringify(name)
    }: it reads as another form of a distribution`,
    value: name,
    allowed: "a name that is no duration and has no parenthesis",
  };
}
