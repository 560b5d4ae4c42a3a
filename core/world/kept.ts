/**
 * State that outlives a revision, by identity: who asks for it under the same name gets the same object.
 *
 * @module
 */

/** What the plugins of one revision keep. */
export class Kept {
  #before: ReadonlyMap<string, unknown>;
  readonly #values = new Map<string, unknown>();

  /** @param before what the revision before kept; undefined for the first */
  constructor(before?: Kept) {
    this.#before = before === undefined ? new Map() : before.#values;
  }

  /** What is kept under a name, made where the revision before kept nothing there. */
  keep<T>(name: string, create: () => T): T {
    if (this.#values.has(name)) return this.#values.get(name) as T;
    const value = this.#before.has(name) ? this.#before.get(name) : create();
    this.#values.set(name, value);
    return value as T;
  }

  /** Its revision is in force: what the one before kept is no matter any more. */
  forget(): void {
    this.#before = new Map();
  }

  /** What this has and the other has not: to be disposed where it can be, once nobody uses it any more. */
  beyond(other: Kept | undefined): unknown[] {
    const kept = new Set(other === undefined ? [] : other.#values.values());
    return [...this.#values.values()].filter((value) => !kept.has(value));
  }
}

/** Disposes what can be disposed; returns what they threw. */
export async function disposeValues(
  values: readonly unknown[],
): Promise<unknown[]> {
  const errors: unknown[] = [];
  for (const value of values) {
    try {
      if (typeof value !== "object" || value === null) continue;
      if (Symbol.asyncDispose in value) {
        await (value as AsyncDisposable)[Symbol.asyncDispose]();
      } else if (Symbol.dispose in value) {
        (value as Disposable)[Symbol.dispose]();
      }
    } catch (error) {
      errors.push(error);
    }
  }
  return errors;
}
