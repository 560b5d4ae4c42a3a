/**
 * YAML 1.2, one document.
 *
 * @module
 */
import {
  type Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  parseDocument,
  visit,
} from "yaml";
import type { ParsedText, Position, SyntaxFault } from "./_text_file.ts";
import { sentence } from "./words.ts";

/** The parser's errors that can be said better. */
const WORDS: Readonly<Record<string, string>> = {
  DUPLICATE_KEY: "the key is written twice",
  MULTIPLE_DOCS: "a second document begins, only one is allowed",
  TAB_AS_INDENT: "a tab indents this line, spaces are needed",
};

/**
 * Reads YAML. A key that is written twice, an unknown tag, and a key that is no text, number or boolean are faults.
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
  const faults: SyntaxFault[] = [
    ...[...document.errors, ...document.warnings]
      .map(({ code, message, pos: [offset] }) => ({
        ...at(offset),
        message: WORDS[code] ?? lowerFirst(sentence(message)),
      })),
    ...[...oddKeys(document)].map((offset) => ({
      ...at(offset),
      message: "a key has to be a text, a number or a boolean",
    })),
  ].toSorted((a, b) => a.line - b.line || a.column - b.column);
  if (faults.length > 0) return { faults };
  try {
    return {
      value: document.toJS(),
      position: (segments) => {
        const offset = offsetOf(document, segments);
        return offset === undefined ? undefined : at(offset);
      },
    };
  } catch (error) {
    // Aliases are resolved late: unknown ones, and those that multiply without end.
    if (!(error instanceof ReferenceError)) throw error;
    const message = lowerFirst(sentence(error.message));
    return { faults: [{ line: 1, column: 1, message }] };
  }
}

function lowerFirst(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1);
}

/** The offsets of keys that JSON could not have. */
function oddKeys(document: Document): Set<number> {
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
  return (node as Node | null)?.range?.[0];
}

function offsetOf(
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
