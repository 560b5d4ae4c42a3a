/**
 * The text form of a distribution, for command lines, table cells and settings on one line.
 *
 * ```text
 * distribution = name "(" [ arguments ] ")"
 * arguments    = entries | value                     a single value stands for all parameters
 * entries      = key "=" value { "," key "=" value }
 * value        = distribution | list | record | word
 * list         = "[" [ value { "," value } ] "]"
 * record       = "(" entries ")"
 * word         = JSON string, or text without ( ) [ ] , = "
 * ```
 *
 * `lognormal(median=120ms, p99=800ms)` stands for `{ "lognormal": { "median": "120ms", "p99": "800ms" } }`, and
 * `mixture([(weight=0.9, of=120ms), (weight=0.1, of=exponential(mean=2s))])` for a mixture of two. A word that is a
 * decimal number becomes a number, every other word a string; a name without parentheses is a word.
 *
 * @module
 */
import type { Issue } from "../errors.ts";

/** The value that a text stands for, or the error in it. */
export type TextForm =
  | { readonly value: unknown; readonly issues?: undefined }
  | { readonly issues: readonly [Issue] };

const DEEPEST = 100;

const FORM =
  'a text such as "lognormal(median=120ms, p99=800ms)" or "mixture([(weight=0.9, of=120ms), (weight=0.1, of=2s)])"';

/**
 * Parses the text form of a distribution. It does not check that the family and its parameters exist.
 *
 * @param text text as written by a user
 * @returns the same distribution in JSON form, or one issue with the column, counted from 1
 */
export function parseTextForm(text: string): TextForm {
  const reader = new Reader(text);
  try {
    return { value: reader.whole() };
  } catch (error) {
    if (!(error instanceof Unexpected)) throw error;
    const { message } = error;
    return { issues: [{ path: "", message, value: text, allowed: FORM }] };
  }
}

class Unexpected extends Error {}

const SPACE = /\s*/uy;
const WORD = /[^()[\],="]+/uy;
const QUOTED = /"(?:[^"\\]|\\.)*"/uy;
const NUMBER = /^[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?$/u;

/** A parser from left to right. Before and after each method, the position is not at white space. */
class Reader {
  #at = 0;
  #depth = 0;

  constructor(readonly text: string) {
    this.#match(SPACE);
  }

  /** Parses a distribution with nothing after it. */
  whole(): unknown {
    const name = this.#name("the name of a family");
    if (!this.#next("(")) this.#expect('"("');
    const value = this.#call(name);
    if (this.#at < this.text.length) this.#expect("the end");
    return value;
  }

  #call(name: string): unknown {
    return Object.fromEntries([[name, this.#arguments()]]);
  }

  #arguments(): unknown {
    this.#open("(");
    if (this.#next(")")) return this.#close(")", {});
    if (this.#next("[") || this.#next("(")) {
      return this.#close(")", this.#value());
    }
    const start = this.#at;
    const first = this.#name("a key or a value");
    if (this.#next("=")) return this.#close(")", this.#entries(first));
    this.#at = start;
    const value = this.#value();
    if (!this.#next(",")) return this.#close(")", value);
    this.#at = start;
    return this.#fail("parameters have names, as in mean=120ms, sd=20ms");
  }

  #record(): unknown {
    this.#open("(");
    return this.#close(")", this.#entries(this.#name("a key")));
  }

  /** Parses entries after the first key. */
  #entries(first: string): unknown {
    const entries = new Map<string, unknown>();
    let key = first;
    while (true) {
      if (!this.#next("=")) this.#expect('"="');
      if (entries.has(key)) {
        this.#fail(`the key ${JSON.stringify(key)} is written twice`);
      }
      this.#skip(1);
      entries.set(key, this.#value());
      if (!this.#next(",")) return Object.fromEntries(entries);
      this.#skip(1);
      key = this.#name("a key");
    }
  }

  #list(): unknown {
    this.#open("[");
    const values: unknown[] = [];
    if (this.#next("]")) return this.#close("]", values);
    while (true) {
      values.push(this.#value());
      if (!this.#next(",")) return this.#close("]", values);
      this.#skip(1);
    }
  }

  #value(): unknown {
    if (this.#next("[")) return this.#list();
    if (this.#next("(")) return this.#record();
    if (this.#next('"')) return this.#quoted();
    const start = this.#at;
    const word = this.#name("a value");
    if (this.#next("(")) return this.#call(word);
    if (!NUMBER.test(word)) return word;
    const number = Number(word);
    if (Number.isFinite(number)) return number;
    this.#at = start;
    return this.#fail("the number is too large");
  }

  #quoted(): string {
    const start = this.#at;
    try {
      return JSON.parse(this.#match(QUOTED));
    } catch {
      this.#at = start;
      return this.#fail("a text in double quotes is written as in JSON");
    }
  }

  #name(what: string): string {
    if (this.#next('"')) return this.#quoted();
    const word = this.#match(WORD).trim();
    if (word === "") this.#expect(what);
    return word;
  }

  #open(bracket: string): void {
    this.#depth++;
    if (this.#depth > DEEPEST) {
      this.#fail("there are too many levels of parentheses");
    }
    this.#skip(bracket.length);
  }

  #close(bracket: string, value: unknown): unknown {
    if (!this.#next(bracket)) this.#expect(`"," or "${bracket}"`);
    this.#depth--;
    this.#skip(1);
    return value;
  }

  #next(character: string): boolean {
    return this.text[this.#at] === character;
  }

  #skip(count: number): void {
    this.#at += count;
    this.#match(SPACE);
  }

  /** Consumes the match of a sticky pattern, and the white space after it. */
  #match(pattern: RegExp): string {
    pattern.lastIndex = this.#at;
    const [found] = pattern.exec(this.text) ?? [""];
    this.#at += found.length;
    if (pattern !== SPACE) this.#match(SPACE);
    return found;
  }

  #expect(what: string): never {
    const found = this.#at < this.text.length
      ? JSON.stringify(this.text[this.#at])
      : "the end";
    return this.#fail(`expected ${what}, found ${found}`);
  }

  #fail(reason: string): never {
    throw new Unexpected(
      `Cannot read the distribution at column ${this.#at + 1}: ${reason}`,
    );
  }
}
