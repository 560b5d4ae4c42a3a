/**
 * JSON, with comments and trailing commas where they are allowed.
 *
 * @module
 */
import {
  type Node,
  type ParseError,
  parseTree,
  printParseErrorCode,
} from "jsonc-parser";
import { type ParsedText, positionAt, type SyntaxFault } from "./_text_file.ts";

/** The parser's error codes in words. */
const WORDS: Readonly<Record<string, string>> = {
  CloseBraceExpected: 'a "}" is missing',
  CloseBracketExpected: 'a "]" is missing',
  ColonExpected: "a colon is missing",
  CommaExpected: "a comma is missing",
  EndOfFileExpected: "nothing more is expected",
  InvalidCharacter: "this character has to be escaped",
  InvalidCommentToken: "comments are not allowed here, only in .jsonc",
  InvalidEscapeCharacter: "this escape does not exist",
  InvalidNumberFormat: "this is no number",
  InvalidSymbol: "this is no value, texts are in double quotes",
  InvalidUnicode: "this escape has to have four hexadecimal digits",
  PropertyNameExpected: "a key in double quotes is missing",
  UnexpectedEndOfComment: "the comment does not end",
  UnexpectedEndOfNumber: "the number does not end",
  UnexpectedEndOfString: "the text does not end",
  ValueExpected: "a value is missing",
};

/**
 * Reads JSON. A key that is written twice in one object is a fault.
 *
 * @param relaxed whether comments and trailing commas are allowed
 */
export function parseJsonText(text: string, relaxed: boolean): ParsedText {
  const errors: ParseError[] = [];
  const tree = parseTree(text, errors, {
    disallowComments: !relaxed,
    allowTrailingComma: relaxed,
  });
  const found = new Map<number, string>();
  for (const { error, offset } of errors) {
    // One slip sets off several errors at one place: the first says it.
    if (found.has(offset)) continue;
    const code = printParseErrorCode(error);
    found.set(offset, WORDS[code] ?? code);
  }
  if (tree !== undefined) {
    for (const [key, offset] of duplicates(tree)) {
      found.set(offset, `the key ${JSON.stringify(key)} is written twice`);
    }
  }
  if (found.size > 0 || tree === undefined) {
    const faults: SyntaxFault[] = [...found].toSorted(([a], [b]) => a - b)
      .map(([offset, message]) => ({ ...positionAt(text, offset), message }));
    return { faults };
  }
  return {
    value: valueOf(tree),
    position: (segments) => {
      const offset = offsetOf(tree, segments);
      return offset === undefined ? undefined : positionAt(text, offset);
    },
  };
}

function partsOf(node: Node): readonly Node[] {
  return node.children ?? [];
}

function* duplicates(node: Node): Iterable<readonly [string, number]> {
  const keys = new Set<string>();
  for (const part of partsOf(node)) {
    if (node.type === "object") {
      const [key] = partsOf(part);
      if (keys.has(key.value)) yield [key.value, key.offset];
      keys.add(key.value);
    }
    yield* duplicates(part);
  }
}

function valueOf(node: Node): unknown {
  if (node.type === "array") return partsOf(node).map(valueOf);
  if (node.type !== "object") return node.value;
  return Object.fromEntries(
    partsOf(node).map((property) => {
      const [key, value] = partsOf(property);
      return [key.value, valueOf(value)];
    }),
  );
}

function offsetOf(
  tree: Node,
  segments: readonly string[],
): number | undefined {
  let value: Node | undefined = tree;
  let place: Node = tree;
  for (const segment of segments) {
    if (value === undefined) return undefined;
    const found: Node | undefined = value.type === "object"
      ? partsOf(value).find((part) => partsOf(part)[0].value === segment)
      : partsOf(value)[Number(segment)];
    if (found === undefined) return undefined;
    place = found;
    value = found.type === "property" ? partsOf(found)[1] : found;
  }
  return place.offset;
}
