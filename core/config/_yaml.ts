/**
 * Parser of YAML 1.2, with merge keys (`<<`). It reports all syntax errors with line and column, and finds the place of a value by
 * its path.
 *
 * @module
 */
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
  type YAMLMap,
} from "yaml";
import {
  isJsonNumber,
  numberOf,
  WrittenNumber,
} from "../lib/written_number.ts";
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
import { type Found, yamlErrors } from "./_yaml_errors.ts";

/** Greatest length of a text in which all aliases are replaced by what they stand for, as a factor of its own length. */
export const GROWTH = 10;

/** Length up to which a text may grow in any case, in characters. */
export const SMALL = 65_536;

/**
 * Parses one YAML document. A key that occurs twice, an unknown tag, and a key other than a string, number or boolean
 * are errors.
 *
 * @param filling what placeholders are replaced by
 */
export function parseYamlText(
  text: string,
  { variables }: Filling = {},
): ParsedText {
  const lines = new LineCounter();
  const at = (offset: number): Position => {
    const { line, col } = lines.linePos(offset);
    return { line, column: col };
  };
  const refused = (found: readonly Found[]): ParsedText => ({
    issues: listed(
      found.toSorted((a, b) => a.offset - b.offset),
      ({ offset, message }) => ({ ...at(offset), message }),
    ),
  });
  const tokens = [...new Parser(lines.addNewLine).parse(text)];
  // The composer recurses: nesting is limited before it runs.
  const deep = deepInYaml(tokens);
  if (deep !== undefined) return refused([{ offset: deep, message: TOO_DEEP }]);
  // The parser itself compares each key with all keys before it, which takes a time that grows with their square.
  const composer = new Composer({ uniqueKeys: false });
  const [document, second] = composer.compose(tokens, true, text.length);
  const { anchors, aliases, found } = surveyed(document);
  if (second !== undefined) {
    found.push({
      offset: second.range[0],
      message: "a second document begins, only one is allowed",
    });
  }
  const errors = yamlErrors(
    text,
    [...document.errors, ...document.warnings],
    found,
  );
  if (errors.length > 0) return refused(errors);
  const limit = Math.max(SMALL, GROWTH * text.length);
  if (aliases && expandedLength(document, anchors, limit) > limit) {
    return refused([{
      offset: 0,
      message:
        `aliases make the text more than ${GROWTH} times as long as it is written`,
    }]);
  }
  const placeholders = new Placeholders(variables);
  const value = yamlValueOf(document.contents, {
    anchors,
    placeholders,
    known: new Map(),
  });
  if (placeholders.missing.length > 0) return refused(unset(placeholders));
  return readingOf(
    { value, placeholders },
    at,
    (segments) => yamlOffset(document, { text, anchors, segments }),
  );
}

/** Anchored nodes by name. */
type Anchors = ReadonlyMap<string, YamlNode>;

/** True for the key that merges other objects into its own, written without quotes. */
function isMergeKey(key: unknown): boolean {
  if (!isScalar(key)) return false;
  return typeof key.value === "symbol" ||
    key.type === "PLAIN" && key.value === "<<";
}

/** Returns the node that an alias stands for, and any other node as it is. */
function resolved(node: unknown, anchors: Anchors): unknown {
  return isAlias(node) ? anchors.get(node.source) : node;
}

/** Returns the objects that a merge key merges; undefined for a value that is no object. */
function mergedBy(value: unknown, anchors: Anchors): (YAMLMap | undefined)[] {
  const source = resolved(value, anchors);
  return (isSeq(source) ? source.items : [source])
    .map((item) => resolved(item, anchors))
    .map((item) => isMap(item) ? item : undefined);
}

interface Reading {
  readonly anchors: Anchors;
  readonly placeholders: Placeholders;
  /** Values of anchored nodes. */
  readonly known: Map<YamlNode, unknown>;
}

/** Returns the value of a node as JSON.parse would. The library searches the document for each alias. */
function yamlValueOf(node: unknown, reading: Reading): unknown {
  if (isScalar(node)) {
    const { value, source } = node;
    if (typeof value === "string") {
      return reading.placeholders.fill(value, startOf(node) ?? 0);
    }
    return typeof value === "number" && source !== undefined
      ? yamlNumberOf(value, source)
      : value;
  }
  if (isAlias(node)) {
    const { anchors, known } = reading;
    const anchored = anchors.get(node.source);
    if (anchored === undefined) return undefined;
    if (!known.has(anchored)) {
      known.set(anchored, yamlValueOf(anchored, reading));
    }
    return known.get(anchored);
  }
  if (isSeq(node)) {
    return node.items.map((item) => yamlValueOf(item, reading));
  }
  return isMap(node) ? objectOf(node, reading) : null;
}

/** YAML also has numbers that JSON has not, such as +1, .5, 0x1F and 0o17. */
function yamlNumberOf(value: number, source: string): number | WrittenNumber {
  const text = source.replace(/^\+/, "");
  if (isJsonNumber(text)) return numberOf(text);
  return Number.isSafeInteger(value) || !/^0[xo]/.test(text)
    ? value
    : new WrittenNumber(`${BigInt(text)}`);
}

/** Returns an object with the keys that are merged into it, over which its own take precedence. */
function objectOf({ items }: YAMLMap, reading: Reading): object {
  const entries = new Map<string, unknown>();
  for (const { key, value } of items) {
    if (!isMergeKey(key)) continue;
    for (const map of mergedBy(value, reading.anchors)) {
      for (const entry of Object.entries(map ? objectOf(map, reading) : {})) {
        if (!entries.has(entry[0])) entries.set(...entry);
      }
    }
  }
  for (const { key, value } of items) {
    if (isMergeKey(key)) continue;
    const name = String((key as { readonly value?: unknown }).value);
    entries.set(name, yamlValueOf(value, reading));
  }
  return Object.fromEntries(entries);
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

/** Finds the anchors of a document, and what is well-formed but not allowed. */
function surveyed(document: Document) {
  const anchors = new Map<string, YamlNode>();
  const found: Found[] = [];
  let aliases = false;
  const refuse = (node: unknown, message: string): void => {
    found.push({ offset: startOf(node) ?? 0, message });
  };
  const anchored = (node: YamlNode & { readonly anchor?: string }): void => {
    if (node.anchor === undefined) return;
    if (anchors.has(node.anchor)) refuse(node, "the anchor is defined twice");
    anchors.set(node.anchor, node);
  };
  visit(document, {
    Alias(_, node) {
      aliases = true;
      if (!anchors.has(node.source)) {
        refuse(node, "no anchor of this name comes before the alias");
      }
    },
    Scalar: (_, node) => anchored(node),
    Seq: (_, node) => anchored(node),
    Map(_, node) {
      anchored(node);
      if (isMisreadList(node)) {
        refuse(node.items[0].key, 'a space is missing after "-"');
        return;
      }
      const keys = new Set<string>();
      for (const { key, value } of node.items) {
        const merges = isMergeKey(key);
        if (merges && mergedBy(value, anchors).includes(undefined)) {
          refuse(
            value ?? key,
            "<< merges objects: an alias of one, or a list of aliases",
          );
        }
        const name = merges ? "<<" : isScalar(key) ? key.value : undefined;
        if (!["string", "number", "boolean"].includes(typeof name)) {
          refuse(key, "a key must be a string, a number or a boolean");
        } else if (keys.has(String(name))) {
          refuse(key, "the key is written twice");
        } else keys.add(String(name));
      }
    },
  });
  return { anchors, aliases, found };
}

/** True for lines that were meant to be entries of a list, but have no space after their "-". */
function isMisreadList({ flow, items }: YAMLMap): boolean {
  return flow !== true &&
    items.every(({ key }) =>
      isScalar(key) && key.type === "PLAIN" &&
      /^-[A-Za-z_]/.test(String(key.value))
    );
}

/**
 * Returns about the number of characters of a document in which every alias is replaced by what it stands for. An alias within
 * its own anchor has no end.
 */
function expandedLength(
  document: Document,
  anchors: Anchors,
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

function startOf(node: unknown): number | undefined {
  return (node as YamlNode | null)?.range?.[0];
}

/** Offset of a key or an entry; of its value where that is a scalar on a line of its own, since messages are about the value. */
function yamlOffset(
  document: Document,
  { text, anchors, segments }: {
    readonly text: string;
    readonly anchors: Anchors;
    readonly segments: readonly string[];
  },
): number | undefined {
  let value: unknown = document.contents;
  let place: unknown = value;
  for (const segment of segments) {
    value = resolved(value, anchors);
    if (isMap(value)) {
      const pair = pairOf(value, anchors, segment);
      place = pair?.key;
      value = pair?.value;
    } else {
      place = isSeq(value) ? value.items[Number(segment)] : undefined;
      value = place;
    }
    if (place === undefined) return undefined;
  }
  const [key, own] = [startOf(place), startOf(value)];
  const apart = isScalar(value) && key !== undefined && own !== undefined &&
    text.slice(key, own).includes("\n");
  return apart ? own : key;
}

/** Finds an entry of an object, its own or one that is merged into it. */
function pairOf(
  { items }: YAMLMap,
  anchors: Anchors,
  name: string,
): YAMLMap["items"][number] | undefined {
  const own = items.find(({ key }) =>
    !isMergeKey(key) && isScalar(key) && String(key.value) === name
  );
  if (own !== undefined) return own;
  for (const { key, value } of items) {
    if (!isMergeKey(key)) continue;
    for (const map of mergedBy(value, anchors)) {
      const pair = map && pairOf(map, anchors, name);
      if (pair !== undefined) return pair;
    }
  }
}
