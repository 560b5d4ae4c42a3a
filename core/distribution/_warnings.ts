/**
 * Warnings of distributions, with the places of nested distributions.
 *
 * @module
 */
import { toPointer } from "../config/mod.ts";
import type { Issue } from "../errors.ts";
import type { Distribution } from "../plugin.ts";

/** Warnings by distribution, including those of the distributions nested in it. */
export class Warnings {
  readonly #warnings = new WeakMap<object, readonly Issue[]>();
  readonly #profiles = new WeakSet<object>();

  /**
   * Records the warnings of a new distribution.
   *
   * @param parameters parameters of the distribution, which may contain other distributions
   */
  record(distribution: Distribution, parameters: unknown): void {
    const path = toPointer([distribution.family]);
    this.#warnings.set(distribution, [
      ...distribution.warnings.map((message) => ({ path, message })),
      ...this.within(parameters, path),
    ]);
  }

  /** Replaces each warning of a distribution, unless it belongs to a profile. */
  rewrite(distribution: Distribution, change: (issue: Issue) => Issue): void {
    const warnings = this.#warnings.get(distribution);
    if (warnings === undefined || this.#profiles.has(distribution)) return;
    this.#warnings.set(distribution, warnings.map(change));
  }

  /** Marks a distribution as a profile's, so that its warnings appear only where the profile is written. */
  markProfile(distribution: Distribution): void {
    this.#profiles.add(distribution);
  }

  /** Warnings of one distribution, with paths under `path`. */
  of(distribution: Distribution, path: string): readonly Issue[] {
    return (this.#warnings.get(distribution) ?? [])
      .map((issue) => ({ ...issue, path: path + issue.path }));
  }

  /** Warnings of all distributions within a value except those of profiles, with paths under `path`. */
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
      if (this.#profiles.has(value)) return [];
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
