/**
 * Errors of the YAML parser in plain words, at the line where the mistake was made: the parser often notices it later.
 *
 * @module
 */

/** An error and its offset in the text. */
export interface Found {
  /** Offset, in UTF-16 code units. */
  readonly offset: number;
  /** Description in lower case. */
  readonly message: string;
}

/** An error as the parser reports it. */
interface ParserError {
  readonly code: string;
  readonly message: string;
  readonly pos: readonly [number, number];
}

/**
 * Describes the errors of a text.
 *
 * @param reported errors of the parser, which reports one mistake several times: the first of a line counts
 * @param own errors that perfmock finds itself
 */
export function yamlErrors(
  text: string,
  reported: readonly ParserError[],
  own: readonly Found[],
): Found[] {
  const lines = new Lines(text);
  const first = new Map<number, ParserError>();
  for (const error of reported) {
    const line = lines.indexOf(error.pos[0]);
    if (!first.has(line)) first.set(line, error);
  }
  const found = [...first.values()].map((error) => inWords(error, lines));
  const taken = new Set(found.map(({ offset }) => lines.indexOf(offset)));
  const independent = own
    .map((error) => lines.unquoted(error.offset) ?? error)
    .filter(({ offset }) => !taken.has(lines.indexOf(offset)));
  return unique([...found, ...independent]);
}

/** Leaves out errors that say the same of the same place. */
function unique(errors: readonly Found[]): Found[] {
  const seen = new Set<string>();
  return errors.filter(({ offset, message }) => {
    const key = `${offset} ${message}`;
    return !seen.has(key) && seen.add(key);
  });
}

/** Lines of a text. */
class Lines {
  readonly #text: string;
  readonly #starts: number[] = [0];

  constructor(text: string) {
    this.#text = text;
    for (
      let at = text.indexOf("\n");
      at >= 0;
      at = text.indexOf("\n", at + 1)
    ) {
      this.#starts.push(at + 1);
    }
  }

  /** Index of the line at an offset. */
  indexOf(offset: number): number {
    let [low, high] = [0, this.#starts.length];
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if (this.#starts[middle] <= offset) low = middle;
      else high = middle;
    }
    return low;
  }

  /** Offset of the first character of a line. */
  startOf(index: number): number {
    return this.#starts[index];
  }

  /** Text of a line, without its end; empty beyond the last one. */
  textOf(index: number): string {
    return this.#text.slice(
      this.#starts[index] ?? this.#text.length,
      this.#starts[index + 1] ?? this.#text.length,
    ).replace(/\r?\n$/, "");
  }

  /** Index of the first line after another one that is not blank; the other one if there is none. */
  after(index: number): number {
    for (let next = index + 1; next < this.#starts.length; next++) {
      if (this.textOf(next).trim() !== "") return next;
    }
    return index;
  }

  /** Offset of the end of the last line before an offset that is not blank. */
  endBefore(offset: number): number {
    return this.#text.slice(0, offset).trimEnd().length;
  }

  /** Offset of the quote that begins a text, whose end was missed at an offset. */
  openingQuote(quote: string, offset: number): number {
    let at = this.#text.lastIndexOf(quote, offset - 1);
    while (at > 0 && this.#text[at - 1] === "\\") {
      at = this.#text.lastIndexOf(quote, at - 1);
    }
    return Math.max(0, at);
  }

  /** Offset of the first character of a line that is no blank. */
  contentOf(index: number): number {
    return this.startOf(index) + this.textOf(index).search(/\S|$/);
  }

  /** The error of a placeholder without quotes on the line of an offset: braces begin an object in YAML. */
  unquoted(offset: number): Found | undefined {
    const index = this.indexOf(offset);
    const line = this.textOf(index);
    const match =
      /(?:^|[:,[{-]\s+|\s-\s+)(\{\{\s*[\w.-]+(?:\s+[\w.-]+)?\s*\}\})/
        .exec(line);
    if (match === null) return this.#bareVariable(index);
    const [whole, braces] = match;
    return {
      offset: this.startOf(index) + match.index + whole.length - braces.length,
      message: `a text that begins with {{ needs quotes: "${braces}"`,
    };
  }

  /** The error of an environment variable's placeholder without quotes where braces have a meaning, on a line. */
  #bareVariable(index: number): Found | undefined {
    const match = /[,:[{]\s*(\$\{[A-Z_][A-Z0-9_]*(?::-[^}]*)?\})/.exec(
      this.textOf(index),
    );
    if (match === null) return undefined;
    const [whole, placeholder] = match;
    return {
      offset: this.startOf(index) + match.index + whole.length -
        placeholder.length,
      message:
        `within brackets, a text with \${ needs quotes: "${placeholder}"`,
    };
  }

  /** The error of a key without a space after its colon, on a line. */
  unspaced(index: number): Found | undefined {
    const line = this.textOf(index);
    const match = /^(\s*(?:- +)*[A-Za-z_][\w-]*):(?!\/\/)(?=[^\s:])/.exec(line);
    if (match === null) return undefined;
    const [, key] = match;
    return {
      offset: this.startOf(index) + match[0].length - 1,
      message: `a space is missing after "${
        key.trim().replace(/^(- +)+/, "")
      }:"`,
    };
  }
}

const INDENTED =
  "this line is indented otherwise than the lines before it: keys of one object, and entries of one list, begin at the same column";

/** Messages by the beginning of the parser's own. */
const MESSAGES: readonly (readonly [start: string, message: string])[] = [
  ["Tabs are not", "a tab indents this line, spaces are needed"],
  ["All mapping items", INDENTED],
  ["All sequence items", INDENTED],
  ["A block sequence may not", INDENTED],
  [
    "Sequence item without",
    'this line is indented less than the entry before it, and a new entry begins with "- "',
  ],
  ["Missing space after :", "a space is missing after the colon"],
  ["Missing , or :", "a comma is missing"],
  ["Missing , between", "a comma is missing"],
  ["Comments must be", "a space is missing before the #"],
  [
    "Invalid escape",
    "this escape does not exist: in single quotes, a backslash is a character like any other",
  ],
  ["Alias cannot", "an alias needs a name after the *"],
  ["Anchor cannot", "an anchor needs a name after the &"],
];

function inWords(
  { code, message, pos: [offset] }: ParserError,
  lines: Lines,
): Found {
  const braces = lines.unquoted(offset);
  if (braces !== undefined) return braces;
  const index = lines.indexOf(offset);
  if (code === "MULTILINE_IMPLICIT_KEY" || /^Implicit map keys/.test(message)) {
    return keyWithoutValue(index, lines);
  }
  if (message.startsWith("Nested mappings")) {
    return lines.unspaced(index) ?? nested(offset, index, lines);
  }
  const [, start] =
    /^Plain value cannot start with (?:reserved character )?(.+)$/
      .exec(message) ?? [];
  if (start !== undefined) {
    return { offset, message: `a text that begins with ${start} needs quotes` };
  }
  const [, quote] = /^Missing closing (["'])/.exec(message) ?? [];
  if (quote !== undefined) {
    return {
      offset: lines.openingQuote(quote, offset),
      message: "the text in quotes does not end",
    };
  }
  if (/^Flow (map|sequence) .* end with/.test(message)) {
    return {
      offset: lines.endBefore(offset),
      message: `a "${
        message.startsWith("Flow map") ? "}" : "]"
      }" is missing, or the lines up to it are not indented`,
    };
  }
  const own = MESSAGES.find(([begin]) => message.startsWith(begin))?.[1];
  return own === INDENTED
    ? { offset: lines.contentOf(index), message: own }
    : { offset, message: own ?? lowerFirst(message.replace(/\.$/, "")) };
}

/** Describes a text with a colon in it, or a key that is deeper than the one before it, which has a value already. */
function nested(offset: number, index: number, lines: Lines): Found {
  if (/:\s.*:(\s|$)/.test(lines.textOf(index))) {
    return { offset, message: 'a text that contains ": " needs quotes' };
  }
  return {
    offset: lines.contentOf(lines.after(index)),
    message:
      "this line is indented deeper than the key before it, which already has a value",
  };
}

/** Describes a line that should be a key with its value. */
function keyWithoutValue(index: number, lines: Lines): Found {
  const unspaced = lines.unspaced(index);
  if (unspaced !== undefined) return unspaced;
  const [, word] = /^(?:- +)*(\S+)/.exec(lines.textOf(index).trim()) ?? [];
  return {
    offset: lines.contentOf(index),
    message: `a colon is missing after "${word}"`,
  };
}

function lowerFirst(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1);
}
