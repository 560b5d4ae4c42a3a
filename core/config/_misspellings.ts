/**
 * Misspelt keys and options put right, so that the rest of a value can be checked: errors that only follow from a misspelling are
 * left out, and errors behind it are found.
 *
 * @module
 */
import type { Issue } from "../errors.ts";
import { fromPointer, lookUp, toPointer } from "../lib/pointer.ts";
import { suggest } from "../lib/suggest.ts";
import { isRecord } from "./_schema_lookup.ts";

/** Number of times that a value is put right and read again: a misspelt key may hide another. */
export const MOST_READINGS = 4;

/** Number of issues from which on a value is not read again: a client could keep a server busy with one body. */
export const MOST_CORRECTED = 100;

/** A word, as a key or an option is written. */
const WORD = /^[\w$-]+$/u;

/** Something misspelt in a value. */
export interface Misspelling {
  /** Path of the key or the option. */
  readonly segments: readonly string[];
  /** Key or option that was meant. */
  readonly meant: string;
  /** True for a key, false for an option. */
  readonly isKey: boolean;
}

/**
 * Returns what an issue says of a misspelling; undefined if it is about something else.
 *
 * @param issue issue with its path from the value
 * @param value the value
 * @param isOption tells whether a text is one of the options at a path
 */
export function misspellingOf(
  { path, message, suggestion }: Issue,
  value: unknown,
  isOption: (segments: readonly string[], text: string) => boolean,
): Misspelling | undefined {
  if (suggestion === undefined || !WORD.test(suggestion)) return undefined;
  const segments = fromPointer(path);
  const key = segments.at(-1);
  if (key === undefined) return undefined;
  const quoted = JSON.stringify(key);
  if (
    message === `Unknown key ${quoted}` ||
    message === `Unknown family ${quoted}`
  ) {
    const parent = lookUp(value, segments.slice(0, -1));
    return isRecord(parent) && Object.hasOwn(parent, key) &&
        !Object.hasOwn(parent, suggestion)
      ? { segments, meant: suggestion, isKey: true }
      : undefined;
  }
  return typeof lookUp(value, segments) === "string" &&
      isOption(segments, suggestion)
    ? { segments, meant: suggestion, isKey: false }
    : undefined;
}

/** A value in which misspellings are put right one after another, with the paths at which they were written. */
export class Corrected {
  #value: unknown;
  /** Written keys by the path of the key that was meant. */
  readonly #written = new Map<string, string>();
  /** Paths whose value may belong to another key than the one that was taken. */
  readonly #guessed: string[] = [];

  /** @param value as written; it is not changed */
  constructor(value: unknown) {
    this.#value = value;
  }

  /** Value as far as it is put right. */
  get value(): unknown {
    return this.#value;
  }

  /** Puts misspellings right. Paths are those of the value as it is now. */
  correct(misspellings: readonly Misspelling[]): void {
    for (const { segments, meant, isKey } of misspellings) {
      const key = segments[segments.length - 1];
      const around = segments.slice(0, -1);
      const parent = lookUp(this.#value, around);
      if (Array.isArray(parent) && !isKey) {
        this.#value = put(this.#value, segments, meant);
        continue;
      }
      // Two misspellings may mean the same key: the first has it.
      if (!isRecord(parent) || isKey && Object.hasOwn(parent, meant)) continue;
      this.#value = put(
        this.#value,
        around,
        Object.fromEntries(
          Object.entries(parent).map(([name, part]) =>
            name !== key ? [name, part] : isKey ? [meant, part] : [name, meant]
          ),
        ),
      );
      if (!isKey) continue;
      const path = toPointer([...around, meant]);
      this.#written.set(path, key);
      // A word of another tool may stand for a value of another form.
      if (suggest(key, [meant]) === undefined) this.#guessed.push(path);
    }
  }

  /** Returns an issue of the corrected value with the path as written; undefined if the value may not belong to its key. */
  asWritten(issue: Issue): Issue | undefined {
    const { path, also } = issue;
    const guessed = this.#guessed.some((place) =>
      path === place || path.startsWith(`${place}/`)
    );
    return guessed ? undefined : {
      ...issue,
      path: this.#writtenPath(path),
      ...also !== undefined && { also: this.#writtenPath(also) },
    };
  }

  #writtenPath(path: string): string {
    if (this.#written.size === 0) return path;
    const segments = fromPointer(path);
    return toPointer(
      segments.map((segment, index) =>
        this.#written.get(toPointer(segments.slice(0, index + 1))) ?? segment
      ),
    );
  }
}

/** Puts a value in the place of another, and copies what is around it. */
function put(
  whole: unknown,
  [key, ...rest]: readonly string[],
  value: unknown,
): unknown {
  if (key === undefined) return value;
  if (Array.isArray(whole)) {
    const index = Number(key);
    return whole.with(index, put(whole[index], rest, value));
  }
  if (!isRecord(whole)) return whole;
  return Object.fromEntries(
    Object.entries(whole).map(([name, part]) => [
      name,
      name === key ? put(part, rest, value) : part,
    ]),
  );
}
