/**
 * Writes a draft as YAML with comments: a configuration, and a load script.
 *
 * @module
 */
import {
  Document,
  isMap,
  isScalar,
  isSeq,
  type Node,
  Scalar,
  visit,
  YAMLMap,
  YAMLSeq,
} from "yaml";
import type { Draft, DraftRoute, DraftScenario } from "../mocks/draft.ts";

/** Longest line of a collection that is written on one line, in characters. */
const ONE_LINE = 100;

/** Longest line of a list of numbers, in characters. */
const WIDTH = 120;

/** Characters that only a text in double quotes keeps. */
// deno-lint-ignore no-control-regex
const LOST = /[\0-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\ufeff]/;

/** Greatest number of reasons that a comment lists. */
const MOST_REASONS = 40;

/**
 * Writes a configuration.
 *
 * @param routes routes in their order, each with an id
 * @param title first sentences of the file
 */
export function mockYaml(
  draft: Draft,
  routes: readonly DraftRoute[],
  title: readonly string[],
): string {
  const document = new Document();
  const root = new YAMLMap();
  if (draft.profiles.size > 0) {
    const profiles = new YAMLMap();
    for (const [name, { value, notes }] of draft.profiles) {
      const node = nodeOf(document, value);
      add(document, profiles, name, node, notes);
    }
    const distributions = new YAMLMap();
    add(document, distributions, "profiles", profiles);
    const plugins = new YAMLMap();
    add(document, plugins, "distributions", distributions);
    add(document, root, "plugins", plugins);
  }
  const list = new YAMLSeq();
  for (const route of routes) list.add(routeNode(document, route));
  add(document, root, "routes", list);
  document.contents = root;
  document.commentBefore = comment([...title, ...lostParts(draft)]);
  return finished(document);
}

/** Writes a load script. */
export function scriptYaml(
  draft: Draft,
  written: readonly DraftScenario[],
  { name, title }: { readonly name: string; readonly title: readonly string[] },
): string {
  const document = new Document();
  const root = new YAMLMap();
  add(document, root, "name", document.createNode(name));
  const scenarios = new YAMLMap();
  for (const { name, settings, notes = [] } of written) {
    add(document, scenarios, name, nodeOf(document, settings, true), notes);
  }
  add(document, root, "scenarios", scenarios);
  document.contents = root;
  document.commentBefore = comment([...title, ...lostParts(draft)]);
  return finished(document);
}

/** Writes a document. Long lists of numbers are broken: the package would give each number a line of its own. */
function finished(document: Document): string {
  const name = `list-${crypto.randomUUID()}`;
  const lists: string[] = [];
  visit(document, {
    Seq(_, { flow, items }) {
      const numbers = flow === true
        ? items.map((item) => isScalar(item) ? item.value : undefined)
        : [];
      const text = numbers.join(", ");
      if (
        text.length <= ONE_LINE ||
        !numbers.every((number) => typeof number === "number")
      ) return undefined;
      lists.push(text);
      return new Scalar(`${name}-${lists.length - 1}`);
    },
  });
  return document.toString({ lineWidth: 0, flowCollectionPadding: true })
    .replaceAll(
      new RegExp(`^(\\s*(?:- )?)(.*)${name}-(\\d+)`, "gm"),
      (_, indent: string, before: string, index: string) =>
        `${indent}${before}${broken(lists[Number(index)], indent.length + 2)}`,
    );
}

/** Lists in words what the source has and the file has not. */
function lostParts({ left, changed, notes }: Draft): string[] {
  return [
    ...notes,
    ...left.count === 0 ? [] : ["Left out:", ...listed(left.lines)],
    ...changed.count === 0
      ? []
      : ["Not as it was found:", ...listed(changed.lines)],
  ];
}

function listed(lines: readonly string[]): string[] {
  const rest = lines.length - MOST_REASONS;
  return [
    ...lines.slice(0, MOST_REASONS).map((line) => `- ${line}`),
    ...rest > 0 ? [`- and ${rest} further reasons`] : [],
  ];
}

function routeNode(document: Document, route: DraftRoute): Node {
  const { id, method, path, when, serviceTime, settings } = route;
  const node = new YAMLMap();
  const put = (key: string, value: unknown, notes?: readonly string[]) =>
    add(document, node, key, nodeOf(document, value), notes);
  put("id", id);
  if (method !== "GET") put("method", method);
  put("path", path);
  if (when !== undefined) put("when", when);
  const isTimed = serviceTime !== undefined;
  if (isTimed) put("serviceTime", serviceTime, route.timeNotes);
  for (const [key, value] of Object.entries(settings)) put(key, value);
  // Sentences that say why there is no time stand above the route.
  const notes = [
    ...route.notes ?? [],
    ...isTimed ? [] : route.timeNotes ?? [],
  ];
  if (notes.length > 0) node.commentBefore = comment(notes);
  return node;
}

/** Makes a node whose short collections are on one line. */
function nodeOf(document: Document, value: unknown, block = false): Node {
  const node = document.createNode(value, {
    aliasDuplicateObjects: false,
  }) as Node;
  visit(node, {
    Scalar(_, scalar) {
      // A block of text would lose carriage returns and other control characters.
      if (typeof scalar.value === "string" && LOST.test(scalar.value)) {
        scalar.type = Scalar.QUOTE_DOUBLE;
      }
    },
  });
  if (!block) inOneLine(node, value);
  else if (isMap(node)) {
    for (const { value: part } of node.items) {
      if (isMap(part) || isSeq(part)) inOneLine(part, part.toJSON());
    }
  }
  return node;
}

function inOneLine(node: unknown, value: unknown): void {
  if (!isMap(node) && !isSeq(node)) return;
  const isNumbers = Array.isArray(value) &&
    value.every((item) => typeof item === "number");
  if (isNumbers || isShort(value)) {
    node.flow = true;
    return;
  }
  for (const [index, item] of node.items.entries()) {
    const part = isMap(node)
      ? (item as { value: unknown }).value
      : node.items[index];
    if (isMap(part) || isSeq(part)) inOneLine(part, part.toJSON());
  }
}

function isShort(value: unknown): boolean {
  const text = JSON.stringify(value);
  return text.length <= ONE_LINE && !text.includes("\\n");
}

function add(
  document: Document,
  map: YAMLMap,
  key: string,
  value: Node,
  notes: readonly string[] = [],
): void {
  const name = document.createNode(key) as Node;
  if (notes.length > 0) name.commentBefore = comment(notes);
  map.set(name, value);
}

/** Makes the text of a comment: each sentence on lines of its own. Control characters could end it. */
function comment(sentences: readonly string[]): string {
  return sentences.flatMap((sentence) =>
    wrapped(sentence.replaceAll(/[\p{Cc}\u2028\u2029]+/gu, " "))
  ).map((line) => ` ${line}`).join("\n");
}

function wrapped(text: string): string[] {
  const lines: string[] = [];
  let line = "";
  // A number and its percent sign stay together.
  for (const word of text.split(/ (?!%)/)) {
    if (line !== "" && line.length + word.length >= WIDTH) {
      lines.push(line);
      line = text.startsWith("- ") ? "  " : "";
    }
    line = line === "" || line === "  " ? line + word : `${line} ${word}`;
  }
  return [...lines, line];
}

/** Writes a list of numbers on several lines. */
function broken(numbers: string, indent: number): string {
  const lines = ["["];
  let current = " ".repeat(indent);
  for (const number of numbers.split(", ")) {
    if (current.length + number.length + 2 > WIDTH) {
      lines.push(current.trimEnd());
      current = " ".repeat(indent);
    }
    current += `${number}, `;
  }
  lines.push(`${current.trimEnd().replace(/,$/, "")} ]`);
  return lines.join("\n");
}
