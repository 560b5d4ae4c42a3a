/**
 * Parsers of the configuration's two syntaxes: JSON, with comments and trailing commas where they are allowed, and
 * YAML 1.2. Both report all syntax errors with line and column, and find the place of a value by its path.
 *
 * @module
 */
import {
  type Node as JsonNode,
  type ParseError,
  parseTree,
  printParseErrorCode,
} from "jsonc-parser";
import {
  type Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  type Node as YamlNode,
  parseDocument,
  visit,
} from "yaml";
import { sentence } from "./words.ts";

/** A place in a text. */
export interface Position {
  /** Line, from 1. */
  readonly line: number;
  /** Column, from 1, in UTF-16 code units. */
  readonly column: number;
}

/** A syntax error. */
export interface SyntaxIssue extends Position {
  /** Description in lower case, to follow the place. */
  readonly message: string;
}

/** Result of parsing a text: its value, or all its syntax errors. */
export type ParsedText =
  | {
    /** The value, as JSON.parse would return it. */
    readonly value: unknown;
    /** Returns where the key of a value, or an entry of a list, begins; undefined where the path leads nowhere. */
    position(segments: readonly string[]): Position | undefined;
    readonly issues?: undefined;
  }
  | { readonly issues: readonly SyntaxIssue[] };

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
 */
export function parseJsonText(text: string, relaxed: boolean): ParsedText {
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
    const issues: SyntaxIssue[] = [...found].toSorted(([a], [b]) => a - b)
      .map(([offset, message]) => ({ ...positionAt(text, offset), message }));
    return { issues };
  }
  return {
    value: jsonValueOf(tree),
    position: (segments) => {
      const offset = jsonOffset(tree, segments);
      return offset === undefined ? undefined : positionAt(text, offset);
    },
  };
}

/** Returns the line and column of an offset in a text. */
function positionAt(text: string, offset: number): Position {
  const before = text.slice(0, offset);
  const start = before.lastIndexOf("\n") + 1;
  return {
    line: before.split("\n").length,
    column: offset - start + 1,
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

function jsonValueOf(node: JsonNode): unknown {
  if (node.type === "array") return childrenOf(node).map(jsonValueOf);
  if (node.type !== "object") return node.value;
  return Object.fromEntries(
    childrenOf(node).map((property) => {
      const [key, value] = childrenOf(property);
      return [key.value, jsonValueOf(value)];
    }),
  );
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

/** Messages that replace those of the YAML parser. */
const YAML_MESSAGES: Readonly<Record<string, string>> = {
  DUPLICATE_KEY: "the key is written twice",
  MULTIPLE_DOCS: "a second document begins, only one is allowed",
  TAB_AS_INDENT: "a tab indents this line, spaces are needed",
};

/**
 * Parses one YAML document. A key that occurs twice, an unknown tag, and a key other than a string, number or boolean
 * are errors.
 */
export function parseYamlText(text: string): ParsedText {
  const lines = new LineCounter();
  const document = parseDocument(text, {
    lineCounter: lines,
    logLevel: "error",
    prettyErrors: false,
  });
  const at = (offset: number): Position => {
    const { line, col } = lines.linePos(offset);
    return { line, column: col };
  };
  const issues: SyntaxIssue[] = [
    ...[...document.errors, ...document.warnings]
      .map(({ code, message, pos: [offset] }) => ({
        ...at(offset),
        message: YAML_MESSAGES[code] ?? lowerFirst(sentence(message)),
      })),
    ...[...keysUnknownToJson(document)].map((offset) => ({
      ...at(offset),
      message: "a key must be a string, a number or a boolean",
    })),
  ].toSorted((a, b) => a.line - b.line || a.column - b.column);
  if (issues.length > 0) return { issues };
  try {
    return {
      value: document.toJS(),
      position: (segments) => {
        const offset = yamlOffset(document, segments);
        return offset === undefined ? undefined : at(offset);
      },
    };
  } catch (error) {
    // toJS() resolves aliases: it throws for unknown ones, and for those that expand without limit.
    if (!(error instanceof ReferenceError)) throw error;
    const message = lowerFirst(sentence(error.message));
    return { issues: [{ line: 1, column: 1, message }] };
  }
}

function lowerFirst(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1);
}

/** Returns the offsets of keys that JSON cannot express. */
function keysUnknownToJson(document: Document): Set<number> {
  const found = new Set<number>();
  visit(document, {
    Pair(_, { key }) {
      const fits = isScalar(key) &&
        ["string", "number", "boolean"].includes(typeof key.value);
      if (!fits) found.add(startOf(key) ?? 0);
    },
  });
  return found;
}

function startOf(node: unknown): number | undefined {
  return (node as YamlNode | null)?.range?.[0];
}

function yamlOffset(
  document: Document,
  segments: readonly string[],
): number | undefined {
  let value: unknown = document.contents;
  let place: unknown = value;
  for (const segment of segments) {
    if (isAlias(value)) value = value.resolve(document);
    if (isMap(value)) {
      const pair = value.items.find(({ key }) =>
        isScalar(key) && String(key.value) === segment
      );
      place = pair?.key;
      value = pair?.value;
    } else {
      place = isSeq(value) ? value.items[Number(segment)] : undefined;
      value = place;
    }
    if (place === undefined) return undefined;
  }
  return startOf(place);
}
