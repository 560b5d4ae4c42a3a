/**
 * Parser of JSON, with comments and trailing commas where they are allowed.
 *
 * @module
 */
import {
  createScanner,
  type Node as JsonNode,
  type ParseError,
  parseTree,
  printParseErrorCode,
} from "jsonc-parser";
import { numberOf } from "../lib/written_number.ts";
import { MAX_DEPTH } from "./depth.ts";
import { type Filling, Placeholders } from "./_placeholders.ts";
import {
  listed,
  type ParsedText,
  type Position,
  readingOf,
  TOO_DEEP,
  unset,
} from "./_syntax.ts";

/** Messages for the error codes of the JSON parser. */
const JSON_MESSAGES: Readonly<Record<string, string>> = {
  CloseBraceExpected: 'a "}" is missing',
  CloseBracketExpected: 'a "]" is missing',
  ColonExpected: "a colon is missing",
  CommaExpected: "a comma is missing",
  EndOfFileExpected: "the end of the file is expected here",
  InvalidCharacter: "this character must be escaped",
  InvalidCommentToken: "comments are not allowed here, only in .jsonc",
  InvalidEscapeCharacter: "this escape does not exist",
  InvalidNumberFormat: "this is not a number",
  InvalidSymbol: "this is not a value, strings need double quotes",
  InvalidUnicode: "this escape needs four hexadecimal digits",
  PropertyNameExpected: "a key in double quotes is missing",
  UnexpectedEndOfComment: "the comment does not end",
  UnexpectedEndOfNumber: "the number does not end",
  UnexpectedEndOfString: "the string does not end",
  ValueExpected: "a value is missing",
};

/**
 * Parses JSON. A key that occurs twice in one object is an error.
 *
 * @param relaxed true to allow comments and trailing commas
 * @param filling what placeholders are replaced by
 */
export function parseJsonText(
  text: string,
  relaxed: boolean,
  { variables, key }: Filling = {},
): ParsedText {
  const deep = deepInJson(text);
  if (deep !== undefined) {
    return { issues: [{ ...positionsIn(text)(deep), message: TOO_DEEP }] };
  }
  const errors: ParseError[] = [];
  const tree = parseTree(text, errors, {
    disallowComments: !relaxed,
    allowTrailingComma: relaxed,
  });
  const found = new Map<number, string>();
  for (const { error, offset } of errors) {
    // One mistake causes several errors at one place: the first describes it.
    if (found.has(offset)) continue;
    const code = printParseErrorCode(error);
    found.set(offset, JSON_MESSAGES[code] ?? code);
  }
  if (tree !== undefined) {
    for (const [key, offset] of duplicateKeys(tree)) {
      found.set(offset, `the key ${JSON.stringify(key)} is written twice`);
    }
  }
  if (found.size > 0 || tree === undefined) {
    const at = positionsIn(text);
    return {
      issues: listed(
        [...found].toSorted(([a], [b]) => a - b),
        ([offset, message]) => ({ ...at(offset), message }),
      ),
    };
  }
  const at = positionsIn(text);
  const placeholders = new Placeholders(variables);
  const scope = key === undefined ? tree : valueNode(tree, key);
  const [from, to] = scope === undefined
    ? [0, 0]
    : [scope.offset, scope.offset + scope.length];
  const value = jsonValueOf(
    tree,
    ({ value, offset }) =>
      offset >= from && offset < to ? placeholders.fill(value, offset) : value,
    text,
  );
  if (placeholders.missing.length > 0) {
    return {
      issues: listed(
        unset(placeholders),
        ({ offset, message }) => ({ ...at(offset), message }),
      ),
    };
  }
  return readingOf(
    { value, placeholders },
    at,
    (segments) => jsonOffset(tree, segments),
  );
}

/** Kinds of tokens of the JSON scanner, whose names exist at compile time only. */
const OPENING: ReadonlySet<number> = new Set([1, 3]);
const CLOSING: ReadonlySet<number> = new Set([2, 4]);
const END = 17;

/** Returns the offset at which JSON is nested too deep. The parser recurses, so that it cannot find out. */
function deepInJson(text: string): number | undefined {
  const scanner = createScanner(text, true);
  let depth = 0;
  for (;;) {
    const kind: number = scanner.scan();
    if (kind === END) return undefined;
    if (CLOSING.has(kind)) depth--;
    else if (OPENING.has(kind) && ++depth > MAX_DEPTH) {
      return scanner.getTokenOffset();
    }
  }
}

/** Returns a function that finds the line and column of an offset. */
function positionsIn(text: string): (offset: number) => Position {
  const starts = [0];
  for (
    let end = text.indexOf("\n");
    end >= 0;
    end = text.indexOf("\n", end + 1)
  ) starts.push(end + 1);
  return (offset) => {
    let [low, high] = [0, starts.length];
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if (starts[middle] <= offset) low = middle;
      else high = middle;
    }
    return { line: low + 1, column: offset - starts[low] + 1 };
  };
}

function childrenOf(node: JsonNode): readonly JsonNode[] {
  return node.children ?? [];
}

function* duplicateKeys(node: JsonNode): Iterable<readonly [string, number]> {
  const keys = new Set<string>();
  for (const part of childrenOf(node)) {
    if (node.type === "object") {
      const [key] = childrenOf(part);
      if (keys.has(key.value)) yield [key.value, key.offset];
      keys.add(key.value);
    }
    yield* duplicateKeys(part);
  }
}

function jsonValueOf(
  node: JsonNode,
  textOf: (node: JsonNode) => unknown,
  source: string,
): unknown {
  if (node.type === "array") {
    return childrenOf(node).map((item) => jsonValueOf(item, textOf, source));
  }
  if (node.type === "string") return textOf(node);
  if (node.type === "number") {
    return numberOf(source.slice(node.offset, node.offset + node.length));
  }
  if (node.type !== "object") return node.value;
  return Object.fromEntries(
    childrenOf(node).map((property) => {
      const [key, value] = childrenOf(property);
      return [key.value, jsonValueOf(value, textOf, source)];
    }),
  );
}

/** Returns the node of a key's value in an object. */
function valueNode(object: JsonNode, key: string): JsonNode | undefined {
  const property = childrenOf(object).find((part) =>
    childrenOf(part)[0]?.value === key
  );
  return property === undefined ? undefined : childrenOf(property)[1];
}

function jsonOffset(
  tree: JsonNode,
  segments: readonly string[],
): number | undefined {
  let value: JsonNode | undefined = tree;
  let place: JsonNode = tree;
  for (const segment of segments) {
    if (value === undefined) return undefined;
    const found: JsonNode | undefined = value.type === "object"
      ? childrenOf(value).find((part) => childrenOf(part)[0].value === segment)
      : childrenOf(value)[Number(segment)];
    if (found === undefined) return undefined;
    place = found;
    value = found.type === "property" ? childrenOf(found)[1] : found;
  }
  return place.offset;
}
