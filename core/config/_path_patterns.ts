/**
 * Check of the regular expressions in paths, such as `:id{[0-9]+}`, and in conditions. The engine that matches them backtracks: some expressions take
 * a time that grows with a power of the path's length, or doubles with each character. Allowed are those whose time is in
 * proportion to the length.
 *
 * @module
 */

/** Greatest length of one expression, in characters. */
export const MAX_LENGTH = 200;

/** Greatest number of ways in which the parts of bounded length can match. */
const MAX_WAYS = 10_000;

/** A part of an expression and how often it may occur. */
interface Part {
  /** Source text of what is repeated. */
  readonly source: string;
  /** Alternatives of a group; undefined for a character, an escape or a class. */
  readonly group: readonly (readonly Part[])[] | undefined;
  readonly least: number;
  readonly most: number;
}

/** Thrown with the reason why an expression is refused. */
class Refusal extends Error {}

/** Returns why the expressions of a path are refused; undefined where they are not. */
export function patternProblem(path: string): string | undefined {
  for (const source of expressionsIn(path)) {
    const problem = expressionProblem(source);
    if (problem !== undefined) {
      return `The expression {${source.slice(0, 50)}} ${problem}`;
    }
  }
}

/**
 * Returns why an expression, which has to match a whole text, is refused; undefined where it is not.
 *
 * @param anyRest true if `.` matches every character, so that `.*` at the end always matches. Default false
 */
export function expressionProblem(
  source: string,
  anyRest = false,
): string | undefined {
  try {
    if (source.length > MAX_LENGTH) {
      throw new Refusal(`has more than ${MAX_LENGTH} characters`);
    }
    const alternatives = new Reader(source).read();
    if (ways(alternatives) > MAX_WAYS) {
      throw new Refusal("can match in too many ways");
    }
    for (const parts of alternatives) {
      const last = parts.at(-1);
      const rest = anyRest && last?.source === "." && last.least === 0 &&
        last.most === Infinity;
      checkOrder(rest ? parts.slice(0, -1) : parts, undefined);
    }
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    return error.message;
  }
}

/** Returns the expressions in braces: a parameter is a whole segment, and the braces of an expression may be nested. */
function expressionsIn(path: string): string[] {
  const found: string[] = [];
  for (const start of path.matchAll(/\/:[^/{}]+\{/g)) {
    const from = start.index + start[0].length;
    let depth = 1;
    let at = from;
    for (; at < path.length && depth > 0; at++) {
      if (path[at] === "\\") at++;
      else if (path[at] === "{") depth++;
      else if (path[at] === "}") depth--;
    }
    found.push(path.slice(from, at - 1));
  }
  return found;
}

/** Reads an expression into its parts. */
class Reader {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  read(): Part[][] {
    const alternatives = this.#alternatives();
    if (this.#at < this.#text.length) throw new Refusal("has a stray )");
    return alternatives;
  }

  #alternatives(): Part[][] {
    const alternatives: Part[][] = [[]];
    while (this.#at < this.#text.length && this.#text[this.#at] !== ")") {
      if (this.#text[this.#at] === "|") {
        this.#at++;
        alternatives.push([]);
      } else alternatives[alternatives.length - 1].push(this.#part());
    }
    return alternatives;
  }

  #part(): Part {
    const from = this.#at;
    const group = this.#atom();
    const source = this.#text.slice(from, this.#at);
    const quantifier = /^(?:([*+?])|\{(\d+)(,?)(\d*)\})\??/.exec(
      this.#text.slice(this.#at),
    );
    if (quantifier === null) return { source, group, least: 1, most: 1 };
    this.#at += quantifier[0].length;
    const [, sign, least, comma, most] = quantifier;
    if (sign !== undefined) {
      return {
        source,
        group,
        least: sign === "+" ? 1 : 0,
        most: sign === "?" ? 1 : Infinity,
      };
    }
    return {
      source,
      group,
      least: Number(least),
      most: comma === ""
        ? Number(least)
        : most === ""
        ? Infinity
        : Number(most),
    };
  }

  /** Passes over a character, an escape, a class or a group; returns the alternatives of a group. */
  #atom(): Part[][] | undefined {
    const character = this.#text[this.#at++];
    if (character === "\\") {
      const escaped = this.#text[this.#at++] ?? "";
      if (/[1-9k]/.test(escaped)) throw new Refusal("refers back to a group");
      if (escaped === "u" || escaped === "x") {
        this.#at += escaped === "u" ? 4 : 2;
      }
    } else if (character === "[") {
      for (; this.#at < this.#text.length; this.#at++) {
        if (this.#text[this.#at] === "\\") this.#at++;
        else if (this.#text[this.#at] === "]") break;
      }
      this.#at++;
    } else if (character === "(") {
      if (this.#text[this.#at] === "?") {
        if (this.#text[this.#at + 1] !== ":") {
          throw new Refusal("looks ahead or behind, or names a group");
        }
        this.#at += 2;
      }
      const alternatives = this.#alternatives();
      this.#at++;
      return alternatives;
    }
  }
}

/** Returns in how many ways the parts of bounded length can match; refuses groups that are repeated without a bound. */
function ways(alternatives: readonly (readonly Part[])[]): number {
  let sum = 0;
  for (const parts of alternatives) {
    let product = 1;
    for (const { group, least, most } of parts) {
      if (group === undefined) {
        product *= most === Infinity ? 1 : most - least + 1;
        continue;
      }
      const inner = ways(group);
      if (most > 1 && (most === Infinity || group.flat().some(isUnbounded))) {
        throw new Refusal("repeats a group that can match in several ways");
      }
      product *= (most - least + 1) * inner ** most;
    }
    sum += product;
  }
  return sum;
}

function isUnbounded({ group, most }: Part): boolean {
  return most === Infinity || group?.flat().some(isUnbounded) === true;
}

/**
 * Checks that each part of unbounded length ends where the next part begins: at a character that it cannot match itself. One that
 * does not must be the last of its kind.
 *
 * @param after what follows all parts; undefined for the end of the expression
 */
function checkOrder(
  parts: readonly Part[],
  after: readonly Part[] | undefined,
): void {
  const rest = [...parts, ...after ?? []];
  for (const [index, part] of parts.entries()) {
    const following = rest.slice(index + 1);
    if (part.group !== undefined) {
      for (const inner of part.group) checkOrder(inner, following);
    }
    if (part.most !== Infinity || !following.some(isUnbounded)) continue;
    const [next] = following;
    const clear = next.group === undefined && next.least > 0 &&
      !overlap(part.source, next.source);
    if (!clear) {
      throw new Refusal(
        `has ${part.source}+ or ${part.source}* before a part that it can match too, and another of unbounded length later`,
      );
    }
  }
}

/** Returns true if a character may match both. */
function overlap(a: string, b: string): boolean {
  const [first, second] = [matcherOf(a), matcherOf(b)];
  for (let code = 0; code < 128; code++) {
    const character = String.fromCharCode(code);
    if (first.test(character) && second.test(character)) return true;
  }
  return isWide(a) && isWide(b);
}

function matcherOf(source: string): RegExp {
  try {
    return new RegExp(`^(?:${source})$`, "s");
  } catch {
    throw new Refusal("is no regular expression");
  }
}

/** Returns true if a part may match characters beyond ASCII. */
function isWide(source: string): boolean {
  return source === "." || /\P{ASCII}|^\[\^|\\[DSWupPx]/u.test(source);
}
