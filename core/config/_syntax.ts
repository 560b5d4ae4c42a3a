/**
 * Parsers of the configuration's two syntaxes: JSON, with comments and trailing commas where they are allowed, and
 * YAML 1.2. Both report all syntax errors with line and column, and find the place of a value by its path.
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
import {
  Composer,
  type CST,
  type Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  type Node as YamlNode,
  Parser,
  visit,
} from "yaml";
import { MAX_DEPTH } from "./depth.ts";
import { sentence } from "./words.ts";

/** Greatest number of syntax errors that are reported one by one. */
export const REPORTED = 20;

/** Greatest length of a text in which all aliases are replaced by what they stand for, as a factor of its own length. */
export const GROWTH = 10;

/** Length up to which a text may grow in any case, in characters. */
export const SMALL = 65_536;

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

/** Syntax of a text; `jsonc` is JSON with comments and trailing commas. */
export type Syntax = "json" | "jsonc" | "yaml";

/** Parses a text. */
export function parseText(text: string, syntax: Syntax): ParsedText {
  return syntax === "yaml"
    ? parseYamlText(text)
    : parseJsonText(text, syntax === "jsonc");
}

/** Returns the place of a value; of the closest value around it where the path leads nowhere. */
export function placeIn(
  parsed: ParsedText,
  path: readonly string[],
): Position {
  for (let length = path.length; length >= 0; length--) {
    if (parsed.issues !== undefined) break;
    const place = parsed.position(path.slice(0, length));
    if (place !== undefined) return place;
  }
  return { line: 1, column: 1 };
}

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
function parseJsonText(text: string, relaxed: boolean): ParsedText {
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
  return {
    value: jsonValueOf(tree),
    position: (segments) => {
      const offset = jsonOffset(tree, segments);
      return offset === undefined ? undefined : positionsIn(text)(offset);
    },
  };
}

const TOO_DEEP = `lists and objects are nested more than ${MAX_DEPTH} deep`;

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

/** Describes the first errors one by one, and says how many more there are. */
function listed<T>(
  errors: readonly T[],
  describe: (error: T) => SyntaxIssue,
): SyntaxIssue[] {
  const issues = errors.slice(0, REPORTED).map(describe);
  const further = errors.length - REPORTED;
  if (further <= 0) return issues;
  const message = `there are ${further} more errors from here on`;
  return [...issues, { ...describe(errors[REPORTED]), message }];
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
function parseYamlText(text: string): ParsedText {
  const lines = new LineCounter();
  const at = (offset: number): Position => {
    const { line, col } = lines.linePos(offset);
    return { line, column: col };
  };
  const one = (offset: number, message: string): ParsedText => ({
    issues: [{ ...at(offset), message }],
  });
  const tokens = [...new Parser(lines.addNewLine).parse(text)];
  // The composer recurses: nesting is limited before it runs.
  const deep = deepInYaml(tokens);
  if (deep !== undefined) return one(deep, TOO_DEEP);
  // The parser itself compares each key with all keys before it, which takes a time that grows with their square.
  const composer = new Composer({ uniqueKeys: false });
  const [document, second] = composer.compose(tokens, true, text.length);
  const { anchors, aliases, repeated, unresolved, duplicate, unknown } =
    surveyed(document);
  const found = [
    ...[...document.errors, ...document.warnings].map(
      ({ code, message, pos: [offset] }) =>
        [
          offset,
          YAML_MESSAGES[code] ?? lowerFirst(sentence(message)),
        ] as const,
    ),
    ...duplicate.map((offset) =>
      [offset, YAML_MESSAGES.DUPLICATE_KEY] as const
    ),
    ...repeated.map((offset) =>
      [offset, "the anchor is defined twice"] as const
    ),
    ...unresolved.map((offset) =>
      [offset, "no anchor of this name comes before the alias"] as const
    ),
    ...unknown.map((offset) =>
      [offset, "a key must be a string, a number or a boolean"] as const
    ),
    ...second === undefined
      ? []
      : [[second.range[0], YAML_MESSAGES.MULTIPLE_DOCS] as const],
  ].toSorted(([a], [b]) => a - b);
  if (found.length > 0) {
    return {
      issues: listed(
        found,
        ([offset, message]) => ({ ...at(offset), message }),
      ),
    };
  }
  const limit = Math.max(SMALL, GROWTH * text.length);
  if (aliases && expandedLength(document, anchors, limit) > limit) {
    return one(
      0,
      `aliases make the text more than ${GROWTH} times as long as it is written`,
    );
  }
  return {
    value: yamlValueOf(document.contents, anchors, new Map()),
    position: (segments) => {
      const offset = yamlOffset(document, segments);
      return offset === undefined ? undefined : at(offset);
    },
  };
}

/** Returns the value of a node as JSON.parse would. The library searches the document for each alias. */
function yamlValueOf(
  node: unknown,
  anchors: ReadonlyMap<string, YamlNode>,
  known: Map<YamlNode, unknown>,
): unknown {
  if (isScalar(node)) return node.value;
  if (isAlias(node)) {
    const anchored = anchors.get(node.source);
    if (anchored === undefined) return undefined;
    if (!known.has(anchored)) {
      known.set(anchored, yamlValueOf(anchored, anchors, known));
    }
    return known.get(anchored);
  }
  if (isSeq(node)) {
    return node.items.map((item) => yamlValueOf(item, anchors, known));
  }
  if (!isMap(node)) return null;
  return Object.fromEntries(
    node.items.map(({ key, value }) => [
      String((key as { readonly value?: unknown }).value),
      yamlValueOf(value, anchors, known),
    ]),
  );
}

/** Returns the offset at which YAML is nested too deep. */
function deepInYaml(tokens: readonly CST.Token[]): number | undefined {
  const pending: [depth: number, token: CST.Token][] = tokens.map((token) => [
    0,
    token,
  ]);
  for (let next; (next = pending.pop()) !== undefined;) {
    const [depth, token] = next;
    if (depth >= MAX_DEPTH && "items" in token) return token.offset;
    if (token.type === "document") {
      if (token.value !== undefined) pending.push([depth, token.value]);
    } else if ("items" in token) {
      for (const { key, value } of token.items) {
        if (key) pending.push([depth + 1, key]);
        if (value) pending.push([depth + 1, value]);
      }
    }
  }
}

/** Finds the anchors of a document, the offsets of keys that occur twice, and of those that JSON cannot express. */
function surveyed(document: Document) {
  const anchors = new Map<string, YamlNode>();
  const repeated: number[] = [];
  const duplicate: number[] = [];
  const unknown: number[] = [];
  const unresolved: number[] = [];
  let aliases = false;
  const anchored = (node: YamlNode & { readonly anchor?: string }): void => {
    if (node.anchor === undefined) return;
    if (anchors.has(node.anchor)) repeated.push(startOf(node) ?? 0);
    anchors.set(node.anchor, node);
  };
  visit(document, {
    Alias(_, node) {
      aliases = true;
      if (!anchors.has(node.source)) unresolved.push(startOf(node) ?? 0);
    },
    Scalar: (_, node) => anchored(node),
    Seq: (_, node) => anchored(node),
    Map(_, node) {
      anchored(node);
      const { items } = node;
      const keys = new Set<string>();
      for (const { key } of items) {
        const fits = isScalar(key) &&
          ["string", "number", "boolean"].includes(typeof key.value);
        const offset = startOf(key) ?? 0;
        if (!fits) unknown.push(offset);
        else if (keys.has(String(key.value))) duplicate.push(offset);
        else keys.add(String(key.value));
      }
    },
  });
  return { anchors, aliases, repeated, unresolved, duplicate, unknown };
}

/**
 * Returns about the number of characters of a document in which every alias is replaced by what it stands for. An alias within
 * its own anchor has no end.
 */
function expandedLength(
  document: Document,
  anchors: ReadonlyMap<string, YamlNode>,
  limit: number,
): number {
  const lengths = new Map<YamlNode, number>();
  const lengthOf = (node: unknown): number => {
    if (isAlias(node)) {
      const anchored = anchors.get(node.source);
      if (anchored === undefined) return 0;
      const known = lengths.get(anchored);
      if (known !== undefined) return known;
      lengths.set(anchored, Infinity);
      const length = lengthOf(anchored);
      lengths.set(anchored, length);
      return length;
    }
    if (isScalar(node)) return String(node.value).length + 1;
    let length = 2;
    if (isMap(node)) {
      for (const { key, value } of node.items) {
        length += lengthOf(key) + lengthOf(value);
        if (length > limit) break;
      }
    } else if (isSeq(node)) {
      for (const item of node.items) {
        length += lengthOf(item);
        if (length > limit) break;
      }
    }
    return length;
  };
  return lengthOf(document.contents);
}

function lowerFirst(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1);
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
