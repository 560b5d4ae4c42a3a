/**
 * Check of the regular expressions in paths, such as `:id{[0-9]+}`, and in conditions. The engine that matches them backtracks: some expressions take
 * a time that grows with a power of the path's length, or doubles with each character. Allowed are those whose time is in
 * proportion to the length. All expressions of a path are one expression to the router, so that they are judged together, too.
 *
 * @module
 */

/** Greatest length of one expression, in characters. */
export const MAX_LENGTH = 200;

/** Greatest number of ways in which the parts of bounded length can match. */
const MAX_WAYS = 10_000;

/** The same beside a part of unbounded length, which multiplies them by the length of the text. */
const MAX_WAYS_OF_LONG = 1000;

/** Greatest number of times that a part may be repeated where it has a bound. */
const MAX_TIMES = 1000;

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
  const placed = expressionsIn(path);
  for (const { source } of placed) {
    const problem = expressionProblem(source);
    if (problem !== undefined) {
      return `The expression {${source.slice(0, 50)}} ${problem}`;
    }
  }
  if (placed.length === 0) return undefined;
  const problem = refusalOf(() => check([partsOfPath(path, placed)], false));
  return problem === undefined ? undefined : `The path ${problem}`;
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
  return refusalOf(() => {
    if (source.length > MAX_LENGTH) {
      throw new Refusal(`has more than ${MAX_LENGTH} characters`);
    }
    check(new Reader(source).read(), anyRest);
  });
}

function refusalOf(judge: () => void): string | undefined {
  try {
    judge();
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    return error.message;
  }
}

function check(
  alternatives: readonly (readonly Part[])[],
  anyRest: boolean,
): void {
  const most = alternatives.flat().some(isUnbounded)
    ? MAX_WAYS_OF_LONG
    : MAX_WAYS;
  if (ways(alternatives) > most) {
    throw new Refusal("can match in too many ways");
  }
  for (const parts of alternatives) {
    const last = parts.at(-1);
    // A part that matches any rest never makes another one give way.
    const rest = last !== undefined && last.group === undefined &&
      last.least <= 1 && last.most === Infinity &&
      (last.source === "[^]" || anyRest && last.source === ".");
    checkOrder(rest ? parts.slice(0, -1) : parts);
  }
}

/** An expression in a path. */
interface PlacedExpression {
  readonly source: string;
  /** Index of the slash before its parameter. */
  readonly from: number;
  /** Index after its closing brace. */
  readonly to: number;
}

/** Returns the expressions in braces: a parameter is a whole segment, and the braces of an expression may be nested. */
function expressionsIn(path: string): PlacedExpression[] {
  const found: PlacedExpression[] = [];
  for (const start of path.matchAll(/\/:[^/{}]+\{/g)) {
    const before = found.at(-1);
    if (before !== undefined && start.index < before.to) continue;
    const from = start.index + start[0].length;
    let depth = 1;
    let at = from;
    for (; at < path.length && depth > 0; at++) {
      if (path[at] === "\\") at++;
      else if (path[at] === "{") depth++;
      else if (path[at] === "}") depth--;
    }
    found.push({ source: path.slice(from, at - 1), from: start.index, to: at });
  }
  return found;
}

const SLASH: Part = { source: "/", group: undefined, least: 1, most: 1 };

const SEGMENT: Part = {
  source: "[^/]",
  group: undefined,
  least: 1,
  most: Infinity,
};

/** Parts of the one expression that a router makes of a path. */
function partsOfPath(
  path: string,
  placed: readonly PlacedExpression[],
): Part[] {
  const parts: Part[] = [];
  let end = 0;
  for (const { source, from, to } of placed) {
    const group = new Reader(source).read();
    parts.push(
      ...partsOfText(path.slice(end, from)),
      SLASH,
      ...group.length === 1 ? group[0] : [{ source, group, least: 1, most: 1 }],
    );
    end = to;
  }
  // A star at the end stands for any rest.
  return [...parts, ...partsOfText(path.slice(end).replace(/\/?\*$/, ""))];
}

/** Parts of the segments of a path between expressions: plain text, parameters, and stars. */
function partsOfText(text: string): Part[] {
  return (text.match(/\/:[^/?]+|\/\*(?=\/|$)|[^]/g) ?? []).flatMap((piece) =>
    piece.length > 1
      ? [SLASH, SEGMENT]
      : [{ ...SLASH, source: `\\u${hexOf(piece)}` }]
  );
}

function hexOf(character: string): string {
  return character.charCodeAt(0).toString(16).padStart(4, "0");
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
      } else {
        const part = this.#part();
        if (part !== undefined) {
          alternatives[alternatives.length - 1].push(part);
        }
      }
    }
    return alternatives;
  }

  /** Reads a part; undefined for a condition on a place, such as ^ or \b, which takes no character. */
  #part(): Part | undefined {
    const place = /^(?:[$^]|\\[bB])/.exec(this.#text.slice(this.#at));
    if (place !== null) {
      this.#at += place[0].length;
      return undefined;
    }
    const from = this.#at;
    const group = this.#atom();
    const source = this.#text.slice(from, this.#at);
    const quantifier = /^(?:([*+?])|\{(\d+)(,?)(\d*)\})\??/.exec(
      this.#text.slice(this.#at),
    );
    if (quantifier === null) return { source, group, least: 1, most: 1 };
    this.#at += quantifier[0].length;
    const [, sign, least, comma, most] = quantifier;
    if (Math.max(Number(least ?? 0), Number(most ?? 0)) > MAX_TIMES) {
      throw new Refusal(`repeats a part more than ${MAX_TIMES} times`);
    }
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
      // An escape that is not complete stands for its first letter.
      const [escaped] =
        /^(?:u[\da-fA-F]{4}|x[\da-fA-F]{2}|c[a-zA-Z]|0[0-7]{0,2}|[^]?)/.exec(
          this.#text.slice(this.#at),
        ) ?? [""];
      if (/^[1-9k]/.test(escaped)) throw new Refusal("refers back to a group");
      this.#at += escaped.length;
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
 * Checks that each part of unbounded length ends where the next part begins: at a character that it cannot match itself. Otherwise it
 * has to be tried at each length. That is in proportion to the text only if what follows ends at a character that must come before
 * it, or has a bounded length.
 *
 * @param after what follows all parts. Default the end of the expression
 */
function checkOrder(
  parts: readonly Part[],
  after: readonly Part[] = [],
): void {
  const rest = [...parts, ...after];
  for (const [index, part] of parts.entries()) {
    const following = rest.slice(index + 1);
    if (part.group !== undefined) {
      for (const inner of part.group) checkOrder(inner, following);
    }
    if (part.most !== Infinity || part.group !== undefined) continue;
    const later = following.flatMap(unboundedIn);
    if (later.length === 0) continue;
    const [next] = following;
    if (isRequired(next) && isApart(part.source, next.source)) continue;
    const between = following.slice(0, following.findIndex(isUnbounded));
    const ended = between.some((one) =>
      isRequired(one) && later.every((source) => isApart(one.source, source))
    );
    if (!ended) {
      throw new Refusal(
        `has ${part.source}+ or ${part.source}* before a part that it can match too, and another of unbounded length later`,
      );
    }
  }
}

/** Returns the sources of the characters and classes in a part that may be repeated without a bound. */
function unboundedIn({ source, group, most }: Part): string[] {
  return group === undefined
    ? most === Infinity ? [source] : []
    : group.flat().flatMap(unboundedIn);
}

/** Returns true for a character or a class that must occur. */
function isRequired({ group, least }: Part): boolean {
  return group === undefined && least > 0;
}

/** Maximum number of pairs that are remembered: configurations of many routes have the same ones again and again. */
const REMEMBERED = 1000;

const apart = new Map<string, boolean>();

/** Returns true if no character matches both of two characters or classes, and each matches some. */
function isApart(a: string, b: string): boolean {
  const pair = `${a}\0${b}`;
  let known = apart.get(pair);
  if (known === undefined) {
    known = !occurs(`(?=${a})${b}`) && occurs(a) && occurs(b);
    if (apart.size >= REMEMBERED) apart.clear();
    apart.set(pair, known);
  }
  return known;
}

/** All characters, as the regular expressions of routes see them. */
let characters: string | undefined;

/** Returns true if some character matches. */
function occurs(source: string): boolean {
  characters ??= Array.from(
    { length: 0x10000 },
    (_, code) => String.fromCharCode(code),
  ).join("");
  try {
    return new RegExp(source, "s").test(characters);
  } catch {
    throw new Refusal("is no regular expression");
  }
}
