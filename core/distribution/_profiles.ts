/**
 * Named distributions, compiled when they are first used.
 *
 * @module
 */
import { parseDuration, type Validation } from "../config/mod.ts";
import type { Issue } from "../errors.ts";
import type { Distribution } from "../plugin.ts";
import { DEEPEST, tooDeep } from "./_depth.ts";
import { UNUSABLE } from "./_unusable.ts";

/** A profile as written. */
export interface ProfileEntry {
  /** A distribution in any of its written forms. */
  readonly value: unknown;
  /** A JSON Pointer to where it is written. */
  readonly path: string;
}

/** What is to be said of the profiles: what forbids to run, and what does not. */
export interface Findings {
  /** Faults. */
  readonly issues: readonly Issue[];
  /** What a user should know all the same. */
  readonly warnings: readonly Issue[];
}

/** A profile that was compiled. */
interface Compiled {
  /** {@linkcode UNUSABLE} where the profile, or one that it names, is faulty. */
  readonly distribution: Distribution;
  /** Its own faults, paths relative to its value. */
  readonly issues: readonly Issue[];
  /** How many levels of families it has. */
  readonly height: number;
}

/** The profiles of a configuration. */
export class Profiles {
  /** How often a profile was used so far that turned out to be faulty. */
  unusable = 0;
  readonly #entries: ReadonlyMap<string, ProfileEntry>;
  readonly #parse: (value: unknown) => Validation<Distribution>;
  readonly #compiled = new Map<string, Compiled>();
  /** The profiles being compiled, each named by the one before. */
  readonly #open: string[] = [];
  #deepest = 0;

  /**
   * Compiles nothing yet.
   *
   * @param entries the profiles, by name
   * @param parse compiles a distribution, and comes back here for the profiles in it
   */
  constructor(
    entries: ReadonlyMap<string, ProfileEntry>,
    parse: (value: unknown) => Validation<Distribution>,
  ) {
    this.#entries = entries;
    this.#parse = parse;
  }

  /** Whether there is a profile of this name. */
  has(name: string): boolean {
    return this.#entries.has(name);
  }

  /** The names of all profiles. */
  names(): Iterable<string> {
    return this.#entries.keys();
  }

  /** Notes that families are nested this deep at present. */
  reach(depth: number): void {
    this.#deepest = Math.max(this.#deepest, depth);
  }

  /**
   * The distribution of a profile, which must exist.
   *
   * @param name the profile's
   * @param depth how many families the reference is nested in
   * @returns {@linkcode UNUSABLE} where the profile is faulty: that is reported where it is written. The reference itself
   * is faulty where it closes a cycle or goes too deep.
   */
  use(name: string, depth: number): Validation<Distribution> {
    const first = this.#open.indexOf(name);
    if (first >= 0) return cycle([...this.#open.slice(first), name]);
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
   * Compiles all profiles.
   *
   * @param warningsOf the warnings of a distribution, under a path
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
    return { issues, warnings };
  }

  #compile(name: string, depth: number): Compiled {
    const known = this.#compiled.get(name);
    if (known !== undefined) return known;
    const { deepest, unusable } = {
      deepest: this.#deepest,
      unusable: this.unusable,
    };
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
    this.#compiled.set(name, compiled);
    return compiled;
  }
}

function cycle(names: readonly string[]): Validation<never> {
  return {
    issues: [{
      path: "",
      message: `Cannot resolve the profile "${
        names[0]
      }": it leads back to itself (${names.join(" → ")})`,
      value: names[0],
      allowed: "a profile that does not lead back here",
    }],
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
