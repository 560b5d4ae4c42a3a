/**
 * The warnings of distributions, with their places.
 *
 * @module
 */
import { toPointer } from "../config/mod.ts";
import type { Issue } from "../errors.ts";
import type { Distribution } from "../plugin.ts";

/** Remembers for each distribution what is to be said of it and of those within it. */
export class WarningBook {
  readonly #warnings = new WeakMap<object, readonly Issue[]>();
  readonly #shared = new WeakSet<object>();

  /**
   * Takes a distribution in.
   *
   * @param distribution just made
   * @param parameters what it was made of, in which further distributions may lie
   */
  enter(distribution: Distribution, parameters: unknown): void {
    const path = toPointer([distribution.family]);
    this.#warnings.set(distribution, [
      ...distribution.warnings.map((message) => ({ path, message })),
      ...this.within(parameters, path),
    ]);
  }

  /** Changes the warnings of a distribution. */
  rewrite(distribution: Distribution, change: (issue: Issue) => Issue): void {
    const warnings = this.#warnings.get(distribution);
    if (warnings === undefined || this.#shared.has(distribution)) return;
    this.#warnings.set(distribution, warnings.map(change));
  }

  /** Marks a distribution as a profile's: what is to be said of it is said where the profile is written. */
  share(distribution: Distribution): void {
    this.#shared.add(distribution);
  }

  /** The warnings of one distribution, paths under `path`. */
  of(distribution: Distribution, path: string): readonly Issue[] {
    return (this.#warnings.get(distribution) ?? [])
      .map((issue) => ({ ...issue, path: path + issue.path }));
  }

  /** The warnings of all distributions within a value that are no profiles', paths under `path`. */
  within(value: unknown, path: string): readonly Issue[] {
    return this.#walk(value, path, new Set());
  }

  #walk(value: unknown, path: string, seen: Set<unknown>): readonly Issue[] {
    if (typeof value !== "object" || value === null || seen.has(value)) {
      return [];
    }
    seen.add(value);
    const warnings = this.#warnings.get(value);
    if (warnings !== undefined) {
      if (this.#shared.has(value)) return [];
      return warnings.map((issue) => ({ ...issue, path: path + issue.path }));
    }
    if (!isContainer(value)) return [];
    return Object.entries(value).flatMap(([key, part]) =>
      this.#walk(part, path + toPointer([key]), seen)
    );
  }
}

function isContainer(value: object): boolean {
  const prototype = Object.getPrototypeOf(value);
  return Array.isArray(value) || prototype === Object.prototype ||
    prototype === null;
}
