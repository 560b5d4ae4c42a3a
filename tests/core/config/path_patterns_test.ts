import { equal, match, ok } from "node:assert/strict";
import fc from "fast-check";
import {
  expressionProblem,
  patternProblem,
} from "../../../core/config/_path_patterns.ts";

Deno.test("patternProblem() accepts expressions that match in a time in proportion to the path's length", () => {
  for (
    const path of [
      "/a/:id",
      "/a/:id{[0-9]+}",
      "/:name{.+}",
      "/:file{.+\\.png}",
      "/:file{.+\\.(png|jpe?g)}",
      "/:slug{[a-z]+-[0-9]+}",
      "/:date{[0-9]{4}-[0-9]{2}}",
      "/:uuid{[0-9a-f]{8}-[0-9a-f]{4}}",
      "/:a{\\d+}/:b{\\w+}?",
      "/:lang{(?:en|de)}",
      "/:hex{(?:[0-9a-f]{2}){4}}",
      "/:a{(x+|y)z+}",
      "/:é{[^/]+}",
      "/:file{[^/]+\\.[a-z]+}",
      "/:mail{[^@]+@[^@]+\\.[a-z]+}",
      "/:tenant{[a-z]+}/files/:path{.+}",
      "/:path{.+\\.png}/:version",
      "/:path{.+}/versions/:version{[0-9]+}/*",
      "/:project{.+}/-/blob/:path{[^]+}",
      "/:a{^[a-z]+$}",
    ]
  ) equal(patternProblem(path), undefined, path);
});

Deno.test("patternProblem() refuses expressions that take a time beyond that, and names the reason", () => {
  const repeated = /repeats a group that can match in several ways$/;
  const unclear = /before a part that it can match too/;
  const many = /can match in too many ways$/;
  for (
    const [expression, reason] of [
      ["(a+)+b", repeated],
      ["(a|a)*b", repeated],
      ["(a*)*", repeated],
      ["([a-z]+-?)*q", repeated],
      ["((a+)){2,9}", repeated],
      [".*.*x", unclear],
      ["a*a*b", unclear],
      [".+\\b.+\\b.+", unclear],
      [".+\\B[^/]+\\B.+x", unclear],
      ["\\x.*\\x.*\\x.*z", unclear],
      ["\\u.*ab\\u.*ab\\u.*z", unclear],
      ["\\s+\\u00a0\\s+\\u00a0\\s+z", unclear],
      ["[\\200-\\377]+[\\300][\\200-\\377]+z", unclear],
      ["\\012+\\n\\012+\\n\\012+z", unclear],
      ["[a-z]+.?[0-9]+x[a-z]+", unclear],
      ["a{1001}", /more than 1000 times$/],
      [".{0,40}.{0,40}[a-z]*x", many],
      ["a+(?:b?)a+", unclear],
      [`${"a?".repeat(20)}b`, many],
      ["(a{1,9}){9}", many],
      ["(.)\\1", /refers back to a group$/],
      ["(?=x)y", /looks ahead or behind/],
      ["(?<n>x)", /looks ahead or behind/],
      ["a)b", /has a stray \)$/],
      ["x".repeat(201), /more than 200 characters$/],
    ] as const
  ) {
    match(
      patternProblem(`/:a{${expression}}`) ?? "accepted",
      reason,
      expression,
    );
  }
});

Deno.test("patternProblem() judges the expressions of a path together, since a router makes one of them", () => {
  for (
    const path of [
      "/:a{.+}/:b{.+}/:c{.+}/end",
      "/:a{.+}/:b{[^]+}/end",
      "/:a{.+}/:b{.+}",
      "/:a{.+}/x/:b{[a-z/]+}/y",
    ]
  ) {
    match(patternProblem(path) ?? "accepted", /^The path has .* unbounded/);
  }
  match(
    patternProblem("/:a{.{0,40}}/:b{.{0,40}}/:c") ?? "accepted",
    /^The path can match in too many ways$/,
  );
});

/** Part of an expression: what is repeated, and how often. */
interface Piece {
  /** A character, a class or a condition on a place; or the alternatives of a group. */
  readonly of: string | readonly (readonly Piece[])[];
  readonly quantifier: string;
}

const ATOMS = "a|b|/|.|[ab]|[^a]|[^/]|\\s|\\u00a0|[\\200-\\377]|\\b|\\B|$"
  .split("|");

const TIMES: Readonly<Record<string, readonly [least: number, most: number]>> =
  {
    "": [1, 1],
    "+": [1, Infinity],
    "*": [0, Infinity],
    "?": [0, 1],
    "{0,2}": [0, 2],
    "{2}": [2, 2],
  };

const PLACES = ["\\b", "\\B", "$"];

const { sequence } = fc.letrec<{
  piece: Piece;
  sequence: readonly Piece[];
}>((tie) => ({
  piece: fc.record({
    of: fc.oneof(
      { weight: 8, arbitrary: fc.constantFrom(...ATOMS) },
      {
        weight: 1,
        arbitrary: fc.array(tie("sequence"), { minLength: 1, maxLength: 2 }),
      },
    ),
    quantifier: fc.constantFrom("", "", "+", "*", "?", "{0,2}", "{2}"),
  }),
  sequence: fc.array(tie("piece"), { maxLength: 6, depthIdentifier: "group" }),
}));

function written(pieces: readonly Piece[]): string {
  return pieces.map(({ of, quantifier }) =>
    typeof of !== "string"
      ? `(?:${of.map(written).join("|")})${quantifier}`
      : PLACES.includes(of)
      ? of
      : of + quantifier
  ).join("");
}

/** Counts the characters that a backtracking engine looks at until it knows whether a whole text matches. */
class Counter {
  count = 0;

  constructor(readonly text: string) {}

  matches(
    pieces: readonly Piece[],
    at: number,
    then: (at: number) => boolean,
  ): boolean {
    const [first, ...rest] = pieces;
    if (first === undefined) return then(at);
    return this.#repeat(
      first,
      TIMES[first.quantifier],
      at,
      (at) => this.matches(rest, at, then),
    );
  }

  #repeat(
    piece: Piece,
    [least, most]: readonly [number, number],
    at: number,
    then: (at: number) => boolean,
  ): boolean {
    const { of } = piece;
    if (typeof of === "string" && PLACES.includes(of)) {
      this.count++;
      return this.#holds(of, at) && then(at);
    }
    const more = (after: number) =>
      this.#repeat(piece, [Math.max(0, least - 1), most - 1], after, then);
    if (
      most > 0 &&
      (typeof of === "string"
        ? this.#takes(of, at) && more(at + 1)
        : of.some((one) => this.matches(one, at, more)))
    ) return true;
    return least === 0 && then(at);
  }

  #takes(source: string, at: number): boolean {
    this.count++;
    return at < this.text.length && test(source, this.text[at]);
  }

  #holds(place: string, at: number): boolean {
    if (place === "$") return at === this.text.length;
    const isWord = (index: number) => /\w/.test(this.text[index] ?? " ");
    return (isWord(at - 1) !== isWord(at)) === (place === "\\b");
  }
}

const tests = new Map<string, RegExp>();

function test(source: string, character: string): boolean {
  let expression = tests.get(source);
  if (expression === undefined) {
    tests.set(source, expression = new RegExp(`^${source}$`, "s"));
  }
  return expression.test(character);
}

Deno.test("expressionProblem() accepts nothing whose steps grow faster than the text", () => {
  let accepted = 0;
  let refused = 0;
  fc.assert(
    fc.property(
      sequence,
      fc.string({
        unit: fc.constantFrom("a", "b", "/", "\u00a0", " "),
        minLength: 1,
        maxLength: 4,
      }),
      (pieces, word) => {
        if (expressionProblem(written(pieces), true) !== undefined) {
          refused++;
          return;
        }
        accepted++;
        const steps = (length: number) => {
          const counter = new Counter(
            `${word.repeat(length / word.length)}!`,
          );
          counter.matches(pieces, 0, (at) => at === counter.text.length);
          return counter.count;
        };
        const [short, long] = [steps(120), steps(240)];
        ok(
          long <= 3 * short + 500,
          `${written(pieces)} on ${JSON.stringify(word)}: ${short}, ${long}`,
        );
      },
    ),
    { numRuns: 5000, seed: 1 },
  );
  ok(accepted > 1000 && refused > 300, `${accepted}, ${refused}`);
});

Deno.test("Expressions that are accepted match a long path at once", () => {
  const long = "a".repeat(60_000);
  for (const source of [".+x[0-9]{1,9}", "[a-z]+-[a-z]+", "(a+|b)c+", "a+"]) {
    equal(patternProblem(`/:a{${source}}`), undefined, source);
    const start = performance.now();
    new RegExp(`^${source}$`).test(`${long}!`);
    equal(performance.now() - start < 1000, true, source);
  }
});
