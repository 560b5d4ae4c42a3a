/**
 * References within a document.
 *
 * @module
 */

/** A JSON object. */
export type Json = Readonly<Record<string, unknown>>;

/** Returns whether a value is an object and no list. */
export function isRecord(value: unknown): value is Json {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** A value behind references. */
export interface Found {
  /** The value. */
  readonly value: unknown;
  /** JSON Pointer to it. */
  readonly pointer: string;
}

/** A reference that cannot be followed. */
export interface Lost {
  /** The reference. */
  readonly ref: string;
  /** True if it names another file. */
  readonly external: boolean;
  /** True if it leads back to itself. */
  readonly circular: boolean;
}

/** Greatest number of references that are followed one after another. */
const MOST_STEPS = 32;

/** Follows references within one document. */
export class Resolver {
  readonly #root: unknown;

  /** @param root document */
  constructor(root: unknown) {
    this.#root = root;
  }

  /**
   * Follows `$ref` until a value has none.
   *
   * @param pointer JSON Pointer to the value
   */
  resolve(value: unknown, pointer: string): Found | Lost {
    let found: Found = { value, pointer };
    for (let step = 0; step < MOST_STEPS; step++) {
      const ref = isRecord(found.value) ? found.value.$ref : undefined;
      if (typeof ref !== "string") return found;
      if (!ref.startsWith("#")) return { ref, external: true, circular: false };
      const to = this.lookUp(ref);
      if (to === undefined) return { ref, external: false, circular: false };
      found = to;
    }
    return { ref: found.pointer, external: false, circular: true };
  }

  /** Returns the value that one reference leads to; undefined where it leads nowhere, or to another file. */
  lookUp(ref: string): Found | undefined {
    if (!ref.startsWith("#")) return undefined;
    let pointer = ref.slice(1);
    try {
      pointer = decodeURIComponent(pointer);
    } catch {
      // It is no escape.
    }
    let value = this.#root;
    for (const token of pointer.split("/").slice(1)) {
      const key = token.replaceAll("~1", "/").replaceAll("~0", "~");
      if (
        typeof value !== "object" || value === null ||
        !Object.hasOwn(value, key)
      ) {
        return undefined;
      }
      value = Reflect.get(value, key);
    }
    return { value, pointer };
  }
}
